"""Calls the Kubernetes API, each time within one namespace."""

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
from ..names import LABEL_VALUE, OBJECT_NAME
from .objects import (
    MAIN,
    AccessReview,
    AccessReviewResponse,
    DataObject,
    EventList,
    KubernetesEvent,
    MetadataOnly,
    Namespace,
    Pod,
    PodDefault,
    PodDefaultList,
    PodList,
    PolicyRule,
    RawList,
    RoleBinding,
    RoleBindingList,
    RoleObject,
    RoleReference,
    StatusObject,
)
from .transport import KubernetesApi, KubernetesResponse, Timeouts, cluster_of

MAX_LOG = 4 * 1024 * 1024  # bytes of log read at once
_USER = re.compile(r'User "([^"]+)" cannot (\S+) resource "([^"]+)"')
_METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
_MERGE = {"Content-Type": "application/merge-patch+json"}
_T = TypeVar("_T")


class Access(msgspec.Struct, frozen=True):
    """A right to ask about: a verb on a resource, such as create on runs of pipelines.kubeflow.org."""

    verb: str
    resource: str
    group: str = AUDIENCE
    subresource: str = ""
    name: str = ""


class PodText(msgspec.Struct, frozen=True):
    """A part of the log of a container; `complete` is false if there was more than we read."""

    text: bytes
    complete: bool = True


def in_cluster(environment: Environment, timeouts: Timeouts = Timeouts()) -> Kubernetes | None:  # noqa: B008
    """Return a client for this environment's pod, or None outside a cluster; sends nothing yet."""
    cluster = cluster_of(environment)
    return Kubernetes(KubernetesApi(cluster, timeouts)) if cluster is not None else None


class Kubernetes:
    """Calls the Kubernetes API as this pod's service account; safe to share between threads."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api

    def __repr__(self) -> str:
        return f"Kubernetes({self._api!r})"

    def review(self, access: Access, namespace: str) -> AccessReview:
        """Return whether and why this account has a right in `namespace` (SelfSubjectAccessReview)."""
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
        return self._decode(response, AccessReviewResponse, "access reviews", namespace).status

    def may(self, access: Access, namespace: str) -> bool:
        """Whether this account has a right in `namespace`."""
        return self.review(access, namespace).allowed

    def read_namespace(self, namespace: str) -> Namespace | None:
        """Return the metadata of a namespace; accounts may read only their own."""
        return self._get(f"/api/v1/namespaces/{_name(namespace)}", Namespace, "the namespace", namespace)

    def read_pod(self, name: str, namespace: str) -> Pod | None:
        """Return one pod."""
        return self._get(_core(namespace, "pods", name), Pod, "pods", namespace)

    def read_pod_manifest(self, name: str, namespace: str) -> dict[str, object] | None:
        """Return one pod with all its fields."""
        return self._get(_core(namespace, "pods", name), dict[str, object], "pods", namespace)

    def list_pods_of_run(self, run_id: str, namespace: str) -> list[Pod]:
        """Return the pods of a run that still exist.

        KFP labels them (kubeflow/pipelines, backend/src/common/util/consts.go, LabelKeyWorkflowRunId).
        """
        query = [("labelSelector", f"pipeline/runid={_label(run_id)}")]
        return (
            self._get(_core(namespace, "pods"), PodList, "pods", namespace, query=query) or PodList()
        ).items or []

    def list_events_of_pod(self, pod: str, namespace: str) -> list[KubernetesEvent]:
        """Return the events of a pod, oldest first."""
        query = [("fieldSelector", f"involvedObject.name={_name(pod)}")]
        events = (
            self._get(_core(namespace, "events"), EventList, "events", namespace, query=query) or EventList()
        )
        return sorted(events.items or [], key=lambda event: event.order)

    def read_pod_log(
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
        """Return the log of a container: all of it, its last `tail` lines, or the lines since a time.

        Raises `logs-gone` if the pod does not exist and `logs-denied` without the right. A pod that has not
        started has an empty log.
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
            raise self._denied_error("logs-denied", response, "logs", namespace)
        if response.status >= 300:
            raise self._api.unavailable(f"It answered {response.status}.")
        return PodText(response.body, response.complete)

    def list_pod_defaults(self, namespace: str) -> list[PodDefault]:
        """Return the options of the spawner in a profile; none if the webhook is not installed."""
        path = _custom(namespace, "v1alpha1", "poddefaults")
        return (self._get(path, PodDefaultList, "poddefaults", namespace) or PodDefaultList()).items or []

    def create_option(self, namespace: str) -> None:
        """Create the option “Allow access to Kubeflow Pipelines” unless it exists."""
        path = _custom(namespace, "v1alpha1", "poddefaults")
        response = self._api.send("POST", path, body=make_poddefault(_name(namespace)))
        if response.status != 409:
            self._check(response, "create", "poddefaults", namespace)

    def read_notebook(self, name: str, namespace: str) -> MetadataOnly | None:
        """Return the metadata of a notebook."""
        return self._get(_custom(namespace, "v1", "notebooks", name), MetadataOnly, "notebooks", namespace)

    def choose_option(
        self, notebook: str, namespace: str, labels: Mapping[str, str] = {OPTION_LABEL: "true"}
    ) -> None:
        """Label a notebook, so that its next pod gets the option that selects `labels`."""
        body = {"metadata": {"labels": dict(labels)}}
        path = _custom(namespace, "v1", "notebooks", notebook)
        self._check(
            self._api.send("PATCH", path, body=body, headers=_MERGE), "change", "notebooks", namespace
        )

    def delete_stateful_set(self, name: str, namespace: str) -> None:
        """Delete a notebook's StatefulSet; the notebook controller creates it again with the current labels.

        The controller never copies a changed label into an existing StatefulSet (kubeflow/notebooks,
        components/notebook-controller/controllers/notebook_controller.go).
        """
        path = f"/apis/apps/v1/namespaces/{_name(namespace)}/statefulsets/{_name(name)}"
        response = self._api.send("DELETE", path)
        if response.status != 404:  # the controller is replacing it already
            self._check(response, "delete", "statefulsets", namespace)

    def exists(self, resource: str, name: str, namespace: str) -> bool:
        """Whether a `configmaps` or `secrets` object exists; reads only its metadata."""
        path = _core(namespace, resource, name)
        return self._get(path, MetadataOnly, resource, namespace, headers=_METADATA_ONLY) is not None

    def read_data(self, resource: str, name: str, namespace: str) -> dict[str, str] | None:
        """Return the data of one of `configmaps` or `secrets`; values of a Secret are base64."""
        holder = self._get(_core(namespace, resource, name), DataObject, resource, namespace)
        return None if holder is None else holder.data or {}

    def list_role_bindings(self, namespace: str) -> list[RoleBinding]:
        """Return who has which role in a namespace; few accounts may read that."""
        path = _rbac(namespace, "rolebindings")
        return (self._get(path, RoleBindingList, "rolebindings", namespace) or RoleBindingList()).items or []

    def read_rules(self, role: RoleReference, namespace: str) -> list[PolicyRule]:
        """Return the rules of a role; none of one that does not exist."""
        path = (
            _rbac(namespace, "roles", role.name)
            if role.kind == "Role"
            else f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{_name(role.name)}"
        )
        return (self._get(path, RoleObject, "roles", namespace) or RoleObject()).rules or []

    def list_filters_with(self, text: str, namespace: str) -> list[str]:
        """Return the names of the EnvoyFilters in a namespace that mention `text`, such as a header."""
        path = f"/apis/networking.istio.io/v1alpha3/namespaces/{_name(namespace)}/envoyfilters"
        filters = self._get(path, RawList, "envoyfilters", namespace) or RawList()
        hits = [raw for raw in filters.items or [] if text in bytes(raw).decode(errors="replace")]
        return [msgspec.json.decode(raw, type=MetadataOnly).metadata.name for raw in hits]

    def _get(
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
            raise self._denied_error("kubernetes-denied", response, what, namespace)
        if response.status >= 300 or not response.complete:
            raise self._api.unavailable(
                f"It answered {response.status}{'' if response.complete else ', too long'}."
            )
        try:
            return msgspec.json.decode(response.body, type=kind)
        except msgspec.MsgspecError:
            raise self._api.unavailable("It answered something that is not the object asked for.") from None

    def _check(self, response: KubernetesResponse, act: str, what: str, namespace: str) -> None:
        if response.status == 403:
            raise self._denied_error("kubernetes-denied", response, what, namespace, act)
        if response.status == 404:
            raise kfp_error("not-found", thing=what, ref=what, ns=namespace, list="doctor")
        if response.status >= 300:
            raise self._api.unavailable(
                f"It answered {response.status} {_message_of(response)}".strip() + "."
            )

    def _denied_error(
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
        return msgspec.json.decode(response.body, type=StatusObject).message
    except msgspec.MsgspecError:
        return ""


def _name(name: str) -> str:
    if not OBJECT_NAME.fullmatch(name):
        raise kfp_error("bad-input", field="name", problem="it is no Kubernetes name", why=repr(name[:80]))
    return quote(name, safe="")


def _label(value: str) -> str:
    if not LABEL_VALUE.fullmatch(value):
        raise kfp_error("bad-input", field="run", problem="it is no run id", why=repr(value[:80]))
    return value


def _core(namespace: str, resource: str, name: str | None = None) -> str:
    path = f"/api/v1/namespaces/{_name(namespace)}/{resource}"
    return path if name is None else f"{path}/{_name(name)}"


def _rbac(namespace: str, resource: str, name: str | None = None) -> str:
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{_name(namespace)}/{resource}"
    return path if name is None else f"{path}/{_name(name)}"


def _custom(namespace: str, version: str, resource: str, name: str | None = None) -> str:
    path = f"/apis/kubeflow.org/{version}/namespaces/{_name(namespace)}/{resource}"
    return path if name is None else f"{path}/{_name(name)}"
