"""Gathers what the checks look at, all at the same time and within a time limit.

A refusal or a failure is evidence too.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, TimeoutError  # noqa: A004 - not the built-in one before 3.11
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, TypeVar

from ..auth import Credential
from ..client import AnyVersion, Api, HttpTransport, RetryPolicy
from ..client.experiments import list_experiments
from ..client.gateway_errors import timeout_error
from ..client.system import get_healthz
from ..context import Context, Environment, detect
from ..context.credentials import find_credential, without_credentials
from ..context.pod import ThisPod, find_pod
from ..context.saved import Saved, saved_context
from ..errors import KfpError, kfp_error
from ..kube import Access, Kubernetes, Timeouts, in_cluster
from ..kube.objects import Namespace
from ..service.details.cluster.access import (
    CREATE_OPTION,
    DELETE_SET,
    LABEL_NOTEBOOK,
    AccessSteps,
    read_access,
)
from ..settings import KfpSettings
from ..tokens import TokenClaims

T = TypeVar("T")

RESPONSE = 2 / 3  # of the doctor's patience, for one response of KFP
RIGHTS = (Access("create", "runs"), Access("create", "experiments"), Access("create", "pipelines"))
LAUNCHER = (("configmaps", "kfp-launcher"), ("secrets", "mlpipeline-minio-artifact"))
HEADER = "kubeflow-userid"
NOWHERE = Context("http://Kubeflow Pipelines")  # stands for an address that was not found in time


class Unasked:
    """Stands for the answer to a question that was not asked."""


UNASKED = Unasked()


class EvidenceStep(IntEnum):
    """How much evidence has arrived; each value includes those before it."""

    PLACE = 1
    SERVER = 2
    PROFILE = 3
    FILTERS = 4
    OPTION = 5
    LOG_IN = 6
    RIGHTS = 7
    ALL = 8


class ServerHealth(NamedTuple):
    """What KFP's healthz said, and how fast."""

    version: str
    multi_user: bool
    embedded: bool
    seconds: float


class Evidence(NamedTuple):
    """Everything that the checks decide on."""

    now: datetime
    chosen: tuple[str, ...]  # what somebody set, with values that are not secret
    place: Context | KfpError  # where KFP is, even if the credential is broken
    install_namespace: str = "kubeflow"
    pod: ThisPod | None = None
    lost_variables: bool = False  # the files of a pod without its variables
    credential: Credential | KfpError = Credential()
    claims: TokenClaims = TokenClaims()  # of the credential that is sent
    saved: Saved = Saved()
    server: ServerHealth | KfpError | Unasked = UNASKED
    log_in: bool | KfpError | Unasked = UNASKED
    profile: Namespace | KfpError | Unasked | None = UNASKED
    steps: AccessSteps | KfpError = AccessSteps()
    may_create_option: bool | None = None
    may_restart: bool | None = None
    rights: Mapping[str, bool] | KfpError | Unasked = UNASKED
    launcher: Mapping[str, bool] | KfpError | Unasked = UNASKED
    filters: tuple[str, ...] = ()  # EnvoyFilters that add the identity header
    until: EvidenceStep = EvidenceStep.ALL  # what comes later is not known yet

    @property
    def credential_location(self) -> str:
        """Where the credential is kept, as people write it; empty if there is none."""
        location = "" if isinstance(self.credential, KfpError) else self.credential.location
        return location or (self.place.credential.location if isinstance(self.place, Context) else "")


def gather(env: Environment, settings: KfpSettings, namespace: str = "") -> Iterator[Evidence]:
    """Look at everything once, within the environment's patience, and yield the evidence as it grows."""
    asking = _Round(env.patience)
    pod = find_pod(env)
    credential = _attempt(lambda: find_credential(env, settings, pod))
    finding = asking.start(
        lambda: _find_place(env, settings, credential, namespace), lambda: asking.late_error(NOWHERE)
    )
    waits = Timeouts(env.patience, env.patience)
    kubernetes = in_cluster(env, waits) if pod is not None else None
    asked = _Questions(asking, finding, kubernetes, pod)
    place = finding()
    known = Evidence(
        now=env.clock.now(),
        chosen=_list_chosen(env, settings),
        place=place,
        install_namespace=settings.kfp_namespace,
        pod=pod,
        lost_variables=pod is not None and not env.variable("KUBERNETES_SERVICE_HOST"),
        credential=credential,
        claims=place.credential.claims() if isinstance(place, Context) else TokenClaims(),
        saved=saved_context(env),
        until=EvidenceStep.PLACE,
    )
    yield from asked.after(known)


def _find_place(
    env: Environment, settings: KfpSettings, credential: Credential | KfpError, namespace: str
) -> Context | KfpError:
    usable = not isinstance(credential, KfpError)
    place = _attempt(lambda: detect(env, settings)) if usable else find_place(env, settings)
    return place.in_namespace(namespace) if namespace and isinstance(place, Context) else place


def find_place(env: Environment, settings: KfpSettings) -> Context | KfpError:
    """Return where KFP is, even if the credential is broken."""
    return _attempt(lambda: detect(*without_credentials(env, settings)))


def _list_chosen(env: Environment, settings: KfpSettings) -> tuple[str, ...]:
    traits = settings.traits(config=True)
    names = [
        name
        for name, trait in traits.items()
        if name != "data_dir" and getattr(settings, name) != trait.default_value
    ]
    shown = {name: str(getattr(settings, name)) for name in names}
    variable = "KF_PIPELINES_ENDPOINT"
    if env.variable(variable):
        shown[variable] = env.variable(variable)
    for name in ("endpoint", variable):
        if name in shown:  # a log-in leaves secrets after `?` or `#`, which we do not use
            shown[name] = re.split(r"[?#]", shown[name])[0]
    return tuple(f"{name} = {value}" for name, value in shown.items())


class _Questions:
    """All questions, asked at the same time; the answers come in the order in which the checks need them."""

    def __init__(
        self,
        asking: _Round,
        place: Callable[[], Context | KfpError],
        kubernetes: Kubernetes | None,
        pod: ThisPod | None,
    ) -> None:
        one = RESPONSE * asking.seconds
        self._server = asking.start(lambda: _ask_server(place(), one), lambda: asking.late_error(place()))
        self._log_in = asking.start(
            lambda: _ask_log_in(place(), self._server(), one), lambda: asking.late_error(place())
        )
        self._kubernetes: _KubernetesQuestions | None = None
        if kubernetes is not None and pod is not None:
            self._kubernetes = _KubernetesQuestions(asking, kubernetes, pod, place)

    def after(self, known: Evidence) -> Iterator[Evidence]:
        """Yield `known`, and again with each answer."""
        yield known
        known = known._replace(server=self._server(), until=EvidenceStep.SERVER)
        yield known
        asked = self._kubernetes
        if asked is not None:
            known = known._replace(profile=asked.profile(), until=EvidenceStep.PROFILE)
            yield known
            known = known._replace(filters=_value_or(asked.filters(), ()), until=EvidenceStep.FILTERS)
            yield known
            known = known._replace(
                steps=asked.steps(),
                may_create_option=_value_or(asked.create(), None),
                may_restart=_value_or(asked.restart(), None),
                until=EvidenceStep.OPTION,
            )
            yield known
        known = known._replace(log_in=self._log_in(), until=EvidenceStep.LOG_IN)
        yield known
        if asked is not None:
            known = known._replace(rights=asked.rights(), until=EvidenceStep.RIGHTS)
            yield known
            known = known._replace(launcher=asked.launcher())
        yield known._replace(until=EvidenceStep.ALL)


class _KubernetesQuestions:
    """The questions to Kubernetes."""

    def __init__(
        self,
        asking: _Round,
        kubernetes: Kubernetes,
        pod: ThisPod,
        place: Callable[[], Context | KfpError],
    ) -> None:
        here = pod.namespace

        def current() -> Context:
            context = place()
            return context if isinstance(context, Context) else Context("", notebook=pod.notebook)

        def rights() -> dict[str, bool]:
            target = current().namespace or here
            return {right.resource: kubernetes.may(right, target) for right in RIGHTS}

        def restart() -> bool:
            return kubernetes.may(LABEL_NOTEBOOK, here) and kubernetes.may(DELETE_SET, here)

        self.profile = asking.start(lambda: kubernetes.read_namespace(here))
        self.filters = asking.start(lambda: tuple(kubernetes.list_filters_with(HEADER, here)))
        self.steps = asking.start(lambda: read_access(kubernetes, current()))
        self.create = asking.start(lambda: kubernetes.may(CREATE_OPTION, here))
        self.restart = asking.start(restart)
        self.rights = asking.start(rights)
        self.launcher = asking.start(
            lambda: {name: kubernetes.exists(kind, name, here) for kind, name in LAUNCHER}
        )


class _Round:
    """Asks questions at the same time and waits for the answers until one deadline."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    def start(
        self, ask: Callable[[], T], late: Callable[[], KfpError] | None = None
    ) -> Callable[[], T | KfpError]:
        """Ask, and return a function that waits for the answer, or returns `late` if it takes too long."""
        future: Future[T | KfpError] = Future()
        # a daemon, unlike the threads of a pool: a program that ends must not wait for a dead server
        threading.Thread(target=_fill, args=(future, ask), name="kfp-doctor", daemon=True).start()

        def answer() -> T | KfpError:
            try:
                return future.result(timeout=max(0.0, self._until - time.monotonic()))
            except TimeoutError:
                if late is not None:
                    return late()
                return kfp_error("kubernetes-unavailable", host="Kubernetes", reason="No answer in time.")

        return answer

    def late_error(self, place: Context | KfpError) -> KfpError:
        """Return the error of a KFP at `place` that did not answer in time."""
        return timeout_error(
            (NOWHERE if isinstance(place, KfpError) else place)._replace(timeout=self.seconds)
        )


def _fill(future: Future[T | KfpError], ask: Callable[[], T]) -> None:
    try:
        future.set_result(_attempt(ask))
    except Exception as error:  # a bug; the waiting thread raises it
        future.set_exception(error)


def _value_or(answer: T | KfpError, otherwise: T) -> T:
    return otherwise if isinstance(answer, KfpError) else answer


def _ask_server(place: Context | KfpError, seconds: float) -> ServerHealth | Unasked:
    """Ask for KFP's healthz."""
    if isinstance(place, KfpError):
        return UNASKED
    with _open_api(place, seconds) as api:
        start = time.perf_counter()
        health = api.call(get_healthz())
        seconds = time.perf_counter() - start
    return ServerHealth(health.tag_name, health.multi_user, health.embedded, seconds)


def _ask_log_in(
    place: Context | KfpError, server: ServerHealth | KfpError | Unasked, seconds: float
) -> bool | Unasked:
    """Ask KFP for a list, which it refuses to an unknown user."""
    if isinstance(place, KfpError) or not isinstance(server, ServerHealth):
        return UNASKED
    if server.multi_user and not place.namespace:
        raise kfp_error("namespace-missing")
    with _open_api(place, seconds) as api:
        api.call(list_experiments(place.namespace if server.multi_user else "", page_size=1))
    return True


@contextmanager
def _open_api(context: Context, seconds: float) -> Iterator[Api]:
    patient = context._replace(timeout=min(context.timeout, seconds))
    transport = AnyVersion(HttpTransport(patient))
    try:
        yield Api(patient, transport, retry=RetryPolicy(attempts=1))
    finally:
        transport.close()


def _attempt(ask: Callable[[], T]) -> T | KfpError:
    try:
        return ask()
    except KfpError as error:
        return error
