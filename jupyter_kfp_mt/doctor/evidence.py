"""What the doctor looks at, gathered at once and within a bound; a refusal or a failure is evidence too."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, TimeoutError  # noqa: A004 - not the built-in one before 3.11
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..auth import read_secret
from ..client import Api, HttpTransport, RetryPolicy
from ..client.experiments import list_experiments
from ..client.failures import timed_out
from ..client.system import healthz
from ..context import Context, Environment, Notebook, detect
from ..context.environment import SERVICE_ACCOUNT
from ..context.pod import Credential, Pod, find_credential, find_pod
from ..context.saved import Saved, saved_context
from ..context.tokens import TOKEN_PATH, Claims, claims_of
from ..errors import KfpError, kfp_error
from ..kube import Access, Kubernetes, in_cluster
from ..kube.objects import Namespace
from ..service.access import CREATE_OPTION, DELETE_SET, LABEL_NOTEBOOK, Steps, look
from ..settings import KfpSettings

T = TypeVar("T")

BUDGET = 4.5  # seconds for all that is asked over the network
ANSWER = 3.0  # seconds for one answer of KFP
RIGHTS = (Access("create", "runs"), Access("create", "experiments"), Access("create", "pipelines"))
LAUNCHER = (("configmaps", "kfp-launcher"), ("secrets", "mlpipeline-minio-artifact"))
HEADER = "kubeflow-userid"


class Unasked:
    """In place of an answer to a question that was not asked."""


UNASKED = Unasked()


class Server(NamedTuple):
    """What KFP answered to "are you there" and how fast."""

    version: str
    multi_user: bool
    embedded: bool
    seconds: float


class Evidence(NamedTuple):
    """All that the checks decide on."""

    now: datetime
    chosen: tuple[str, ...]  # what somebody set, with its value where that is no secret
    place: Context | KfpError  # where KFP is; its credential is a matter of its own
    install_namespace: str = "kubeflow"
    pod: Pod | None = None
    lost_variables: bool = False  # a pod's files without a pod's variables
    credential: Credential | KfpError = Credential()
    claims: Claims = Claims()
    saved: Saved = Saved()
    server: Server | KfpError | Unasked = UNASKED
    log_in: bool | KfpError | Unasked = UNASKED
    profile: Namespace | KfpError | Unasked | None = UNASKED
    steps: Steps = Steps()
    may_create_option: bool | None = None
    may_restart: bool | None = None
    rights: Mapping[str, bool] | KfpError | Unasked = UNASKED
    launcher: Mapping[str, bool] | KfpError | Unasked = UNASKED
    filters: tuple[str, ...] = ()  # EnvoyFilters that add the identity header


def gather(env: Environment, settings: KfpSettings, namespace: str = "", budget: float = BUDGET) -> Evidence:
    """Look at everything once, within `budget` seconds."""
    pod = find_pod(env)
    credential = _attempt(lambda: find_credential(env, settings, pod))
    usable = isinstance(credential, Credential)
    place = _attempt(lambda: detect(env, settings)) if usable else find_place(env, settings)
    if namespace and isinstance(place, Context):
        place = place.in_namespace(namespace)
    known = Evidence(
        now=env.clock.now(),
        chosen=_chosen(env, settings),
        place=place,
        install_namespace=settings.kfp_namespace,
        pod=pod,
        lost_variables=pod is not None and not env.variable("KUBERNETES_SERVICE_HOST"),
        credential=credential,
        claims=_claims(place),
        saved=saved_context(env),
    )
    return _ask(known, in_cluster(env) if pod is not None else None, budget)


def find_place(env: Environment, settings: KfpSettings) -> Context | KfpError:
    """Return where KFP is, whatever is the matter with the credential."""
    bare = KfpSettings(config=settings.config)
    for name in settings.trait_names(config=True):
        setattr(bare, name, "" if name in ("token_path", "cookie_path") else getattr(settings, name))
    hidden = {**env.variables, "KF_PIPELINES_SA_TOKEN_PATH": "/nowhere"}
    return _attempt(lambda: detect(env._replace(variables=hidden), bare))


def secrets_of(env: Environment, settings: KfpSettings, seen: Evidence) -> list[str]:
    """Return every credential that a report must not hold, whoever sent it back to us."""
    projected = env.variable("KF_PIPELINES_SA_TOKEN_PATH") or TOKEN_PATH
    paths = [env.path(f"{SERVICE_ACCOUNT}/token"), env.path(projected)]
    paths += [Path(path).expanduser() for path in (settings.token_path, settings.cookie_path) if path]
    if isinstance(seen.place, Context):
        paths += [Path(path) for path in (seen.place.token_path, *seen.place.tokens.values()) if path]
    found = [_attempt(partial(read_secret, path)) for path in paths]
    return [text for text in found if isinstance(text, str)]


def _chosen(env: Environment, settings: KfpSettings) -> tuple[str, ...]:
    traits = settings.traits(config=True)
    names = [
        name
        for name, trait in traits.items()
        if name != "data_dir" and getattr(settings, name) != trait.default_value
    ]
    found = [f"{name} = {getattr(settings, name)}" for name in names]
    variable = "KF_PIPELINES_ENDPOINT"
    return (*found, *([f"{variable} = {env.variable(variable)}"] if env.variable(variable) else []))


def _claims(context: Context | KfpError) -> Claims:
    if isinstance(context, KfpError) or not context.token_path:
        return Claims()
    token = _attempt(lambda: read_secret(Path(context.token_path)))
    return (claims_of(token) if isinstance(token, str) else None) or Claims()


def _ask(known: Evidence, kubernetes: Kubernetes | None, budget: float) -> Evidence:
    place, pod = known.place, known.pod
    asking = _Round(budget)
    server = asking.start(lambda: _server(place), _late(place)) if isinstance(place, Context) else None
    if kubernetes is not None and pod is not None:
        known = _ask_kubernetes(known, asking, kubernetes, pod.namespace)
    if server is not None:
        answer = server()
        said = answer if isinstance(answer, KfpError) else answer[0]
        known = known._replace(server=said, log_in=UNASKED if isinstance(answer, KfpError) else answer[1])
    asking.close()
    return known


def _ask_kubernetes(known: Evidence, asking: _Round, kubernetes: Kubernetes, here: str) -> Evidence:
    pod, place = known.pod, known.place
    seen = place if isinstance(place, Context) else Context("", notebook=pod.notebook if pod else Notebook())
    target = seen.namespace or here
    profile = asking.start(lambda: kubernetes.namespace(here))
    steps = asking.start(lambda: look(kubernetes, seen))
    create = asking.start(lambda: kubernetes.may(CREATE_OPTION, here))
    restart = asking.start(lambda: kubernetes.may(LABEL_NOTEBOOK, here) and kubernetes.may(DELETE_SET, here))
    rights = asking.start(lambda: {right.resource: kubernetes.may(right, target) for right in RIGHTS})
    launcher = asking.start(lambda: {name: kubernetes.exists(kind, name, here) for kind, name in LAUNCHER})
    filters = asking.start(lambda: tuple(kubernetes.filters_with(HEADER, here)))
    return known._replace(
        profile=profile(),
        steps=_or(steps(), Steps()),
        may_create_option=_or(create(), None),
        may_restart=_or(restart(), None),
        rights=rights(),
        launcher=launcher(),
        filters=_or(filters(), ()),
    )


class _Round:
    """Questions that are asked at once and waited for until one moment."""

    def __init__(self, budget: float) -> None:
        self._until = time.monotonic() + budget
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="kfp-doctor")

    def start(self, ask: Callable[[], T], late: KfpError | None = None) -> Callable[[], T | KfpError]:
        """Ask; what is returned waits for the answer, and is `late` when there is none in time."""
        future = self._pool.submit(_attempt, ask)

        def answer() -> T | KfpError:
            try:
                return future.result(timeout=max(0.0, self._until - time.monotonic()))
            except TimeoutError:
                return late or kfp_error(
                    "kubernetes-unavailable", host="Kubernetes", reason="No answer in time."
                )

        return answer

    def close(self) -> None:
        """Wait for nothing that is still asked."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _late(place: Context) -> KfpError:
    return timed_out(place._replace(timeout=BUDGET))


def _or(answer: T | KfpError, otherwise: T) -> T:
    return otherwise if isinstance(answer, KfpError) else answer


def _server(context: Context) -> tuple[Server | KfpError, bool | KfpError | Unasked]:
    """Ask KFP whether it is there, then, where it has users, whether it knows us."""
    patient = context._replace(timeout=min(context.timeout, ANSWER))
    transport = HttpTransport(patient)
    api = Api(patient, transport, retry=RetryPolicy(attempts=1))
    try:
        begun = time.perf_counter()
        health = _attempt(lambda: api.call(healthz()))
        seconds = time.perf_counter() - begun
        if isinstance(health, KfpError):
            return health, UNASKED
        server = Server(health.tag_name, health.multi_user, health.embedded, seconds)
        if health.multi_user and not context.namespace:
            return server, kfp_error("namespace-missing")
        namespace = context.namespace if health.multi_user else ""
        listed = _attempt(lambda: api.call(list_experiments(namespace, page_size=1)))
        return server, listed if isinstance(listed, KfpError) else True
    finally:
        transport.close()


def _attempt(ask: Callable[[], T]) -> T | KfpError:
    try:
        return ask()
    except KfpError as error:
        return error
