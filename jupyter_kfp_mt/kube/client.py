"""Calls of the Kubernetes API, each bounded to one namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import TypeVar
from urllib.parse import quote

import msgspec

from ..context import Environment
from ..context.poddefault import AUDIENCE, OPTION_LABEL, make_poddefault
from ..errors import KfpError, kfp_error
from .objects import (
    MAIN,
    Event,
    EventList,
    Marked,
    Namespace,
    Pod,
    PodDefault,
    PodDefaultList,
    PodList,
    RawList,
    Refusal,
    Review,
    Reviewed,
)
from .transport import KubernetesApi, KubernetesResponse, cluster_of

MAX_LOG = 4 * 1024 * 1024  # bytes of log read at once
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")  # RFC 1123 subdomain
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z")
_USER = re.compile(r'User "([^"]+)" cannot (\S+) resource "([^"]+)"')
_METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
_MERGE = {"Content-Type": "application/merge-patch+json"}
_T = TypeVar("_T")


class Access(msgspec.Struct, frozen=True):
    """A right to be asked about: a verb on a resource, such as create on runs of pipelines.kubeflow.org."""

    verb: str
    resource: str
    group: str = AUDIENCE
    subresource: str = ""
    name: str = ""


class PodText(msgspec.Struct, frozen=True):
    """A part of what a container wrote; `complete` is false when there was more than was read."""

    text: bytes
    complete: bool = True


def in_cluster(environment: Environment) -> Kubernetes | None:
    """Return what asks Kubernetes as this environment's pod, or None outside a cluster; asks nothing yet."""
    cluster = cluster_of(environment)
    return Kubernetes(KubernetesApi(cluster)) if cluster is not None else None


class Kubernetes:
    """Asks the Kubernetes API as this pod's service account. Safe to share between threads."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api

    def __repr__(self) -> str:
        return f"Kubernetes({self._api!r})"

    def review(self, access: Access, namespace: str) -> Review:
        """Return whether this account has a right in `namespace` (SelfSubjectAccessReview)."""
        attributes = {
            "namespace": namespace,
            "verb": access.verb,
            "group": access.group,
            "resource": access.resource,
            "subresource": access.subresource,
            "name": access.name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        response = self._api.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body)
        return self._decode(response, Reviewed, "access reviews", namespace).status

    def may(self, access: Access, namespace: str) -> bool:
        """Whether this account has a right in `namespace`."""
        return self.review(access, namespace).allowed

    def namespace(self, namespace: str) -> Namespace | None:
        """Return a namespace's marks; accounts may read their own only."""
        return self._find(f"/api/v1/namespaces/{_name(namespace)}", Namespace, "the namespace", namespace)

    def pod(self, name: str, namespace: str) -> Pod | None:
        """Return one pod."""
        return self._find(_core(namespace, "pods", name), Pod, "pods", namespace)

    def pod_manifest(self, name: str, namespace: str) -> dict[str, object] | None:
        """Return one pod with all its fields."""
        return self._find(_core(namespace, "pods", name), dict[str, object], "pods", namespace)

    def pods_of_run(self, run_id: str, namespace: str) -> list[Pod]:
        """Return the pods of a run that are still there, by the label KFP gives them (kfp-api §8)."""
        query = [("labelSelector", f"pipeline/runid={_label(run_id)}")]
        return (
            self._find(_core(namespace, "pods"), PodList, "pods", namespace, query=query) or PodList()
        ).items or []

    def events_of_pod(self, pod: str, namespace: str) -> list[Event]:
        """Return what happened to a pod, oldest first."""
        query = [("fieldSelector", f"involvedObject.name={_name(pod)}")]
        found = (
            self._find(_core(namespace, "events"), EventList, "events", namespace, query=query) or EventList()
        )
        start = datetime.min.replace(tzinfo=timezone.utc)
        return sorted(found.items or [], key=lambda event: event.at or start)

    def pod_log(
        self,
        pod: str,
        namespace: str,
        *,
        container: str = MAIN,
        tail: int = 0,
        since: datetime | None = None,
        timestamps: bool = False,
        limit: int = MAX_LOG,
    ) -> PodText:
        """Return what a container wrote: all of it, its last `tail` lines, or what is not older than `since`.

        Raises `logs-gone` when the pod is not there and `logs-denied` without the right. A pod that has not
        started has written nothing.
        """
        query = [("container", container)]
        query += [("tailLines", str(tail))] if tail else []
        query += (
            [("sinceTime", since.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))] if since else []
        )
        query += [("timestamps", "true")] if timestamps else []
        path = _core(namespace, "pods", pod) + "/log"
        response = self._api.send("GET", path, query=query, headers={"Accept": "*/*"}, limit=limit)
        if response.status == 404:
            raise kfp_error("logs-gone")
        if response.status == 400:  # "container "main" in pod … is waiting to start: ContainerCreating"
            return PodText(b"")
        if response.status == 403:
            raise self._denied("logs-denied", response, "logs", namespace)
        if response.status >= 300:
            raise self._api.unavailable(f"It answered {response.status}.")
        return PodText(response.body, response.complete)

    def pod_defaults(self, namespace: str) -> list[PodDefault]:
        """Return the options of the spawner in a profile; none where the webhook is not installed."""
        path = _custom(namespace, "v1alpha1", "poddefaults")
        return (self._find(path, PodDefaultList, "poddefaults", namespace) or PodDefaultList()).items or []

    def create_option(self, namespace: str) -> None:
        """Create the option “Allow access to Kubeflow Pipelines”; fine when it is there already."""
        path = _custom(namespace, "v1alpha1", "poddefaults")
        response = self._api.send("POST", path, body=make_poddefault(_name(namespace)))
        if response.status != 409:
            self._done(response, "create", "poddefaults", namespace)

    def notebook(self, name: str, namespace: str) -> Marked | None:
        """Return the marks of a notebook."""
        return self._find(_custom(namespace, "v1", "notebooks", name), Marked, "notebooks", namespace)

    def choose_option(
        self, notebook: str, namespace: str, labels: Mapping[str, str] = {OPTION_LABEL: "true"}
    ) -> None:
        """Label a notebook so that a new pod of it gets the option that asks for `labels`."""
        body = {"metadata": {"labels": dict(labels)}}
        path = _custom(namespace, "v1", "notebooks", notebook)
        self._done(self._api.send("PATCH", path, body=body, headers=_MERGE), "change", "notebooks", namespace)

    def delete_stateful_set(self, name: str, namespace: str) -> None:
        """Delete a notebook's StatefulSet: its controller builds it anew, with the labels of the notebook.

        Changing the label alone never reaches the pod (kubeflow-environment §2.4).
        """
        path = f"/apis/apps/v1/namespaces/{_name(namespace)}/statefulsets/{_name(name)}"
        response = self._api.send("DELETE", path)
        if response.status != 404:  # the controller is at it already
            self._done(response, "delete", "statefulsets", namespace)

    def exists(self, resource: str, name: str, namespace: str) -> bool:
        """Whether a `configmaps` or `secrets` object is there; asks for its metadata only."""
        path = _core(namespace, resource, name)
        return self._find(path, Marked, resource, namespace, headers=_METADATA_ONLY) is not None

    def filters_with(self, text: str, namespace: str) -> list[str]:
        """Return the names of the EnvoyFilters in a namespace that mention `text`, such as a header."""
        path = f"/apis/networking.istio.io/v1alpha3/namespaces/{_name(namespace)}/envoyfilters"
        found = self._find(path, RawList, "envoyfilters", namespace) or RawList()
        hits = [raw for raw in found.items or [] if text in bytes(raw).decode(errors="replace")]
        return [msgspec.json.decode(raw, type=Marked).metadata.name for raw in hits]

    def _find(
        self,
        path: str,
        kind: type[_T],
        what: str,
        namespace: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> _T | None:
        response = self._api.send("GET", path, query=query, headers=headers)
        return None if response.status == 404 else self._decode(response, kind, what, namespace)

    def _decode(self, response: KubernetesResponse, kind: type[_T], what: str, namespace: str) -> _T:
        if response.status == 403:
            raise self._denied("kubernetes-denied", response, what, namespace)
        if response.status >= 300 or not response.complete:
            raise self._api.unavailable(
                f"It answered {response.status}{'' if response.complete else ', too long'}."
            )
        try:
            return msgspec.json.decode(response.body, type=kind)
        except msgspec.MsgspecError:
            raise self._api.unavailable("It answered something that is not the object asked for.") from None

    def _done(self, response: KubernetesResponse, act: str, what: str, namespace: str) -> None:
        if response.status == 403:
            raise self._denied("kubernetes-denied", response, what, namespace, act)
        if response.status == 404:
            raise kfp_error("not-found", thing=what, ref=what, ns=namespace, list="doctor")
        if response.status >= 300:
            raise self._api.unavailable(
                f"It answered {response.status} {_message_of(response)}".strip() + "."
            )

    def _denied(
        self, code: str, response: KubernetesResponse, what: str, namespace: str, act: str = "read"
    ) -> KfpError:
        """The refusal in our words, with the account and the right that Kubernetes names in its own."""
        named = _USER.search(_message_of(response))
        user, verb, resource = named.groups() if named else ("this account", act, what)
        home, _, account = user.removeprefix("system:serviceaccount:").partition(":")
        return kfp_error(
            code,
            act=act,
            what=what,
            ns=namespace,
            id=user,
            verb=verb,
            resource=resource,
            src=home,
            sa=account,
        )


def _message_of(response: KubernetesResponse) -> str:
    try:
        return msgspec.json.decode(response.body, type=Refusal).message
    except msgspec.MsgspecError:
        return ""


def _name(name: str) -> str:
    if not _NAME.match(name):
        raise kfp_error("bad-input", field="name", problem="it is no Kubernetes name", why=repr(name[:80]))
    return quote(name, safe="")


def _label(value: str) -> str:
    if not _LABEL.match(value):
        raise kfp_error("bad-input", field="run", problem="it is no run id", why=repr(value[:80]))
    return value


def _core(namespace: str, resource: str, name: str | None = None) -> str:
    path = f"/api/v1/namespaces/{_name(namespace)}/{resource}"
    return path if name is None else f"{path}/{_name(name)}"


def _custom(namespace: str, version: str, resource: str, name: str | None = None) -> str:
    path = f"/apis/kubeflow.org/{version}/namespaces/{_name(namespace)}/{resource}"
    return path if name is None else f"{path}/{_name(name)}"
