"""The checks, in the order of their needs: evidence in, one row out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from ..auth import Credential
from ..context import Context
from ..errors import KfpError, kfp_error
from ..kube import Namespace
from ..models import Check
from ..service.details.cluster.access import missing_token_error
from ..tokens import warn_if_late
from .evidence import Evidence, Server, Step, Unasked

_PLATFORMS = {
    "notebook": "Kubeflow Notebooks",
    "workspace": "Kubeflow Workspaces (beta)",
    "openshift": "OpenShift AI",
    "pod": "a pod without Kubeflow",
    "kubeconfig": "the API server of a kubeconfig",
    "embedded": "the embedded server of this machine",
}


class Row:
    """Makes the rows of one check."""

    def __init__(self, name: str) -> None:
        self._name = name

    def ok(self, evidence: str) -> Check:
        """All is well."""
        return Check(name=self._name, level="ok", evidence=evidence)

    def warning(self, evidence: str) -> Check:
        """Something to know; nothing stops."""
        return Check(name=self._name, level="warning", evidence=evidence)

    def error(self, error: KfpError, evidence: str = "") -> Check:
        """Something that has to be mended."""
        told = evidence or error.why or error.message
        return Check(name=self._name, level="error", evidence=told, error=error.body)

    def skipped(self, why: str) -> Check:
        """It could not be looked at."""
        return Check(name=self._name, level="skipped", evidence=f"not checked; {why}")


def configuration(seen: Evidence, row: Row) -> Check:
    """What somebody set."""
    if isinstance(seen.place, KfpError) and seen.place.code == "bad-input":
        return row.error(seen.place, seen.place.message)
    return row.ok(", ".join(seen.chosen) or "nothing set, using detection")


def pod(seen: Evidence, row: Row) -> Check:
    """Which pod this is."""
    if seen.pod is None:
        return row.ok("none; this Jupyter server is not in Kubernetes")
    name = f"{seen.pod.namespace}/{seen.pod.notebook.pod or 'unknown'}"
    if seen.lost_variables:
        return row.warning(
            f"{name}; the Kubernetes variables are missing in this process."
            " Start JupyterLab from the image's own start script."
        )
    return row.ok(name)


def platform(seen: Evidence, row: Row) -> Check:
    """Which kind of place this is."""
    if isinstance(seen.place, Context) and seen.place.kind == "openshift":
        return row.ok(_PLATFORMS["openshift"])
    if seen.pod is not None:
        kind = "workspace" if seen.pod.notebook.workspace else "notebook" if seen.pod.kubeflow else "pod"
        return row.ok(_PLATFORMS[kind])
    kind = seen.place.kind if isinstance(seen.place, Context) else ""
    return row.ok(_PLATFORMS.get(kind, "this machine"))


def namespace(seen: Evidence, row: Row) -> Check:
    """Which namespace is worked in, and who says so."""
    place = seen.place
    if isinstance(place, KfpError):
        return (
            row.ok(f"{seen.pod.namespace} (service account)") if seen.pod else row.skipped("no KFP is known")
        )
    if seen.pod is not None and seen.pod.warnings:
        return row.warning(" ".join(warning.message for warning in seen.pod.warnings))
    if place.namespace:
        return row.ok(f"{place.namespace}, {place.source.rstrip('.')}")
    if isinstance(seen.server, Server) and seen.server.multi_user:
        return row.error(kfp_error("namespace-missing"))
    return row.ok("none; this KFP has no namespaces" if isinstance(seen.server, Server) else "none is set")


def profile(seen: Evidence, row: Row) -> Check:
    """Whether the pod's namespace is a Kubeflow profile: options and tokens are set up for those only."""
    found = seen.profile
    if isinstance(found, Unasked):
        return row.ok("not needed here") if seen.pod is None else row.skipped("Kubernetes cannot be asked")
    if isinstance(found, KfpError):
        return row.skipped(found.why.rstrip("."))
    if isinstance(found, Namespace) and found.is_profile:
        return row.ok(f"of {found.owner}" if found.owner else "yes; it names no owner")
    openshift = isinstance(seen.place, Context) and seen.place.kind == "openshift"
    if _single(seen) or openshift or (seen.pod is not None and not seen.pod.kubeflow):
        return row.ok("not needed here")
    return row.error(kfp_error("not-a-profile", ns=seen.pod.namespace if seen.pod else ""))


def network(seen: Evidence, row: Row) -> Check:
    """Whether KFP can be reached."""
    place, server = seen.place, seen.server
    if isinstance(place, KfpError):
        if place.code == "kfp-timeout":
            return row.error(place)  # of the search for it
        if place.code != "no-kubeflow":
            return row.skipped("no address is known")
        kfp = seen.install_namespace
        here = kfp_error("kfp-dns", host=f"ml-pipeline.{kfp}:8888", kfp=kfp)
        return row.error(place if seen.pod is None else here)
    if isinstance(server, Server):
        return row.ok(f"{place.endpoint} answers in {max(1, round(server.seconds * 1000))} ms")
    if isinstance(server, Unasked):
        return row.skipped("nobody was asked")
    return row.error(_culprit(seen, server), f"{place.endpoint}: {server.message}")


def kfp(seen: Evidence, row: Row) -> Check:
    """Which KFP answers."""
    if not isinstance(seen.server, Server):
        return row.skipped("it needs the network")
    mode = "multi-user" if seen.server.multi_user else "for one user"
    kind = ", the embedded server" if seen.server.embedded else ""
    return row.ok(f"{seen.server.version or 'of unknown version'}, {mode}{kind}")


def token(seen: Evidence, row: Row) -> Check:
    """Whether there is a credential that can be read."""
    found = seen.credential
    if isinstance(found, KfpError):
        if found.code == "token-unreadable":
            return row.error(found)
        return row.ok("there is one")  # what is wrong with it is told below
    if location := seen.credential_location:
        return row.ok(f"{location}{f', of {seen.claims.subject}' if seen.claims.subject else ''}")
    if _single(seen):
        return row.ok("none; this KFP asks for none")
    if isinstance(seen.place, KfpError):
        return row.skipped("no KFP is known")
    return row.error(missing_token_error(seen.place, seen.steps))


def audience(seen: Evidence, row: Row) -> Check:
    """Whom the token is for."""
    if isinstance(seen.credential, KfpError) and seen.credential.code == "token-audience":
        return row.error(seen.credential)
    return row.ok(", ".join(seen.claims.audiences)) if seen.claims.audiences else _no_token(seen, row)


def expiry(seen: Evidence, row: Row) -> Check:
    """How long the token is good."""
    if isinstance(seen.credential, KfpError) and seen.credential.code == "token-expired":
        return row.error(seen.credential)
    ends = seen.claims.expires_at
    if ends is None:
        return _no_token(seen, row)
    late = warn_if_late(ends, seen.now)
    return (
        row.warning(late[0].message)
        if late
        else row.ok(f"valid {_duration(ends - seen.now)}, renewed by itself")
    )


def log_in(seen: Evidence, row: Row) -> Check:
    """Whether KFP knows who asks."""
    found = seen.log_in
    if isinstance(found, Unasked):
        return row.skipped("it needs the network")
    if not isinstance(found, KfpError):
        who = seen.claims.subject or (
            seen.place.credential.account if isinstance(seen.place, Context) else ""
        )
        return row.ok(f"KFP knows you{f' as {who}' if who else ''}" if not _single(seen) else "not needed")
    if found.code in ("forbidden", "view-only"):
        return row.ok(found.why)
    if found.code == "no-credential" or isinstance(seen.credential, KfpError):
        return row.skipped("it needs the token")
    return row.error(_culprit(seen, found))


def rights(seen: Evidence, row: Row) -> Check:
    """What this account may do."""
    if isinstance(seen.log_in, KfpError):
        refused = seen.log_in.code in ("forbidden", "view-only")
        return row.error(seen.log_in, seen.log_in.message) if refused else row.skipped("it needs the log-in")
    if isinstance(seen.log_in, Unasked):
        return row.skipped("it needs the network")
    if _single(seen):
        return row.ok("all; this KFP asks nobody")
    if isinstance(seen.server, Server) and seen.server.embedded and seen.claims.account == "default-editor":
        return row.ok("may look, run and register pipelines")
    if not isinstance(seen.rights, dict):
        return row.ok("may look; whether it may run is not known")
    missing = [name for name, allowed in seen.rights.items() if not allowed]
    if not missing:
        return row.ok("may look, run and register pipelines")
    if "runs" not in missing:
        return row.warning(f"may look and run, but not create {' or '.join(missing)}")
    return row.error(_view_only(seen))


def launch(seen: Evidence, row: Row) -> Check:
    """Whether runs that start here find what they need."""
    found, here = seen.launcher, seen.profile
    if _single(seen) or seen.pod is None:
        return row.ok("not needed here")
    if not isinstance(found, dict):
        why = found.why.rstrip(".") if isinstance(found, KfpError) else "Kubernetes cannot be asked"
        return row.skipped(why)
    missing = [name for name, there in found.items() if not there]
    if not missing:
        return row.ok("kfp-launcher and mlpipeline-minio-artifact are there")
    if isinstance(here, Namespace) and here.is_prepared:
        return row.warning(f"{' and '.join(missing)} not there; runs use what the cluster gives them")
    return row.error(kfp_error("profile-not-ready", ns=seen.pod.namespace, missing=missing[0]))


def saved_context(seen: Evidence, row: Row) -> Check:
    """What the SDK remembers on this volume."""
    remembered, ours = seen.saved.namespace, seen.pod.namespace if seen.pod else ""
    if seen.saved.client_authentication_header_name:
        name = seen.saved.client_authentication_header_name
        return row.warning(f"the SDK adds the header {name}; we do not. Remove it from context.json")
    if remembered and ours and remembered != ours:
        return row.warning(f"the SDK remembers namespace {remembered}; not used")
    return row.ok(f"namespace {remembered}" if remembered else "none")


Looking = Callable[[Evidence, Row], Check]

CHECKS: tuple[tuple[str, Looking, Step], ...] = (  # with the last evidence that each looks at
    ("Configuration", configuration, Step.PLACE),
    ("Pod", pod, Step.PLACE),
    ("Platform", platform, Step.PLACE),
    ("Namespace", namespace, Step.SERVER),
    ("Profile", profile, Step.PROFILE),
    ("Network", network, Step.FILTERS),
    ("KFP", kfp, Step.SERVER),
    ("Token", token, Step.OPTION),
    ("Audience", audience, Step.SERVER),
    ("Expiry", expiry, Step.SERVER),
    ("Log-in", log_in, Step.LOG_IN),
    ("Rights", rights, Step.RIGHTS),
    ("Launch set-up", launch, Step.ALL),
    ("Saved context", saved_context, Step.PLACE),
)


def check(seen: Evidence, done: int = 0) -> Iterator[Check]:
    """Return the rows that can be told now, in their order, without the `done` that were told before."""
    for name, looking, needs in CHECKS[done:]:
        if needs > seen.until:
            return
        yield looking(seen, Row(name))


def who_can(code: str, seen: Evidence) -> str:
    """Return who can do the cure of `code`: "you", "an admin", or an owner of the namespace."""
    if code in ("forbidden", "view-only"):
        place = seen.place
        return f"an owner of {place.namespace if isinstance(place, Context) else 'the namespace'}"
    if code == "no-token-no-option":
        return "you" if seen.may_create_option else "an admin"
    if code == "no-token-not-chosen":
        return "you" if seen.may_restart else "an admin"
    return "you" if code in _YOURS else "an admin"


_YOURS = frozenset(
    {
        "bad-input",
        "gateway-jwt",
        "istio-denied",
        "kfp-dns",
        "kfp-path",
        "kfp-tls",
        "login-page",
        "namespace-missing",
        "no-credential",
        "no-kubeflow",
        "token-expired",
        "token-rejected",
        "token-unreadable",
        "userid-header",
    }
)


def _single(seen: Evidence) -> bool:
    """Whether KFP is known to be for one user."""
    return isinstance(seen.server, Server) and not seen.server.multi_user


def _no_token(seen: Evidence, row: Row) -> Check:
    if isinstance(seen.credential, Credential) and _single(seen):
        return row.ok("not needed")
    return row.skipped("it needs the token")


def _culprit(seen: Evidence, error: KfpError) -> KfpError:
    """The refusal of the mesh with the name of what adds the header, where there is one."""
    if error.code != "istio-denied" or not seen.filters:
        return error
    name, here = seen.filters[0], seen.pod.namespace if seen.pod else ""
    cure = f"kubectl delete envoyfilter {name} -n {here}"
    return kfp_error("userid-header", source=f"EnvoyFilter {name}", cure=cure)


def _view_only(seen: Evidence) -> KfpError:
    place = seen.place
    target = place.namespace if isinstance(place, Context) else ""
    parts = seen.claims.subject.split(":")
    source, account = (
        (parts[2], parts[3]) if len(parts) == 4 else (seen.pod.namespace if seen.pod else "", "")
    )
    return kfp_error(
        "view-only",
        ns=target,
        id=seen.claims.subject or "This account",
        src=source,
        sa=account or "default-editor",
    )


def _duration(left: timedelta) -> str:
    minutes = max(0, int(left.total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
