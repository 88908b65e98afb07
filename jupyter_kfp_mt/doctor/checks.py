"""The checks, in the order of the report: each turns the evidence into one row. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from msgspec.structs import replace

from ..context import Context
from ..errors import KfpError, kfp_error
from ..kube import Namespace
from ..models import Check
from ..service.details.cluster.access import missing_token_error
from ..tokens import warn_if_late
from .cures import lead_on
from .evidence import Evidence, EvidenceStep, ServerHealth, Unasked

_PLATFORMS = {
    "notebook": "Kubeflow Notebooks",
    "workspace": "Kubeflow Workspaces (beta)",
    "openshift": "OpenShift AI",
    "pod": "a pod without Kubeflow",
    "kubeconfig": "the API server of a kubeconfig",
    "embedded": "the embedded server of this machine",
}


class Row:
    """Creates the row of one check."""

    def __init__(self, name: str) -> None:
        self._name = name

    def ok(self, evidence: str) -> Check:
        """Return the row of a check that passed."""
        return Check(name=self._name, level="ok", evidence=evidence)

    def warning(self, evidence: str) -> Check:
        """Return the row of a problem that stops nothing."""
        return Check(name=self._name, level="warning", evidence=evidence)

    def error(self, error: KfpError, evidence: str = "") -> Check:
        """Return the row of a problem to fix."""
        text = evidence or error.why or error.message
        return Check(name=self._name, level="error", evidence=text, error=error.body)

    def skip(self, why: str) -> Check:
        """Return the row of a check that could not be made."""
        return Check(name=self._name, level="skipped", evidence=f"not checked; {why}")


def check_configuration(evidence: Evidence, row: Row) -> Check:
    """Show the settings that were changed."""
    if isinstance(evidence.place, KfpError) and evidence.place.code == "bad-input":
        return row.error(evidence.place, evidence.place.message)
    return row.ok(", ".join(evidence.chosen) or "nothing set, using detection")


def check_pod(evidence: Evidence, row: Row) -> Check:
    """Show which pod this is."""
    if evidence.pod is None:
        return row.ok("none; this Jupyter server is not in Kubernetes")
    name = f"{evidence.pod.namespace}/{evidence.pod.notebook.pod or 'unknown'}"
    if evidence.lost_variables:
        return row.warning(
            f"{name}; the Kubernetes variables are missing in this process."
            " Start JupyterLab from the image's own start script."
        )
    return row.ok(name)


def check_platform(evidence: Evidence, row: Row) -> Check:
    """Show which kind of platform this is."""
    if isinstance(evidence.place, Context) and evidence.place.kind == "openshift":
        return row.ok(_PLATFORMS["openshift"])
    if evidence.pod is not None:
        kind = (
            "workspace" if evidence.pod.notebook.workspace else "notebook" if evidence.pod.kubeflow else "pod"
        )
        return row.ok(_PLATFORMS[kind])
    kind = evidence.place.kind if isinstance(evidence.place, Context) else ""
    return row.ok(_PLATFORMS.get(kind, "this machine"))


def check_namespace(evidence: Evidence, row: Row) -> Check:
    """Check that a namespace is known, and show where it comes from."""
    place = evidence.place
    if isinstance(place, KfpError):
        return (
            row.ok(f"{evidence.pod.namespace} (service account)")
            if evidence.pod
            else row.skip("no KFP is known")
        )
    if evidence.pod is not None and evidence.pod.warnings:
        return row.warning(" ".join(warning.message for warning in evidence.pod.warnings))
    if place.namespace:
        return row.ok(f"{place.namespace}, {place.source.rstrip('.')}")
    if isinstance(evidence.server, ServerHealth) and evidence.server.multi_user:
        return row.error(kfp_error("namespace-missing"))
    return row.ok(
        "none; this KFP has no namespaces" if isinstance(evidence.server, ServerHealth) else "none is set"
    )


def check_profile(evidence: Evidence, row: Row) -> Check:
    """Check that the pod's namespace is a Kubeflow profile: only profiles get options and tokens."""
    namespace = evidence.profile
    if isinstance(namespace, Unasked):
        return row.ok("not needed here") if evidence.pod is None else row.skip("Kubernetes cannot be asked")
    if isinstance(namespace, KfpError):
        return row.skip(namespace.why.rstrip("."))
    if isinstance(namespace, Namespace) and namespace.is_profile:
        return row.ok(f"of {namespace.owner}" if namespace.owner else "yes; it names no owner")
    openshift = isinstance(evidence.place, Context) and evidence.place.kind == "openshift"
    if _single(evidence) or openshift or (evidence.pod is not None and not evidence.pod.kubeflow):
        return row.ok("not needed here")
    return row.error(kfp_error("not-a-profile", ns=evidence.pod.namespace if evidence.pod else ""))


def check_network(evidence: Evidence, row: Row) -> Check:
    """Check that KFP can be reached."""
    place, server = evidence.place, evidence.server
    if isinstance(place, KfpError):
        if place.code == "kfp-timeout":
            return row.error(place)  # while searching for it
        if place.code == "embedded-stopped":
            return row.error(place)
        if place.code != "no-kubeflow":
            return row.skip("no address is known")
        kfp = evidence.install_namespace
        here = kfp_error("kfp-dns", host=f"ml-pipeline.{kfp}:8888", kfp=kfp)
        return row.error(place if evidence.pod is None else here)
    if isinstance(server, ServerHealth):
        return row.ok(f"{place.endpoint} answers in {max(1, round(server.seconds * 1000))} ms")
    if isinstance(server, Unasked):
        return row.skip("nobody was asked")
    return row.error(_name_filter(evidence, server), f"{place.endpoint}: {server.message}")


def check_kfp(evidence: Evidence, row: Row) -> Check:
    """Show which KFP responds."""
    if not isinstance(evidence.server, ServerHealth):
        return row.skip("it needs the network")
    mode = "multi-user" if evidence.server.multi_user else "for one user"
    kind = ", the embedded server" if evidence.server.embedded else ""
    return row.ok(f"{evidence.server.version or 'of unknown version'}, {mode}{kind}")


def check_token(evidence: Evidence, row: Row) -> Check:
    """Check that there is a readable credential."""
    credential = evidence.credential
    if isinstance(credential, KfpError):
        if credential.code == "token-unreadable":
            return row.error(credential)
        return row.ok("there is one")  # a later row says what is wrong with it
    if location := evidence.credential_location:
        return row.ok(f"{location}{f', of {evidence.claims.subject}' if evidence.claims.subject else ''}")
    if _single(evidence) or (evidence.pod is None and evidence.log_in is True):
        return row.ok("none; this KFP asks for none")
    if isinstance(evidence.place, KfpError):
        return row.skip("no KFP is known")
    if isinstance(evidence.steps, KfpError):
        return row.error(evidence.steps, f"none, and the reason could not be found out: {evidence.steps.why}")
    return row.error(missing_token_error(evidence.place, evidence.steps))


def check_audience(evidence: Evidence, row: Row) -> Check:
    """Check that the token is for KFP."""
    if isinstance(evidence.credential, KfpError) and evidence.credential.code == "token-audience":
        return row.error(evidence.credential)
    return (
        row.ok(", ".join(evidence.claims.audiences))
        if evidence.claims.audiences
        else _skip_without_token(evidence, row)
    )


def check_expiry(evidence: Evidence, row: Row) -> Check:
    """Check that the token has not expired."""
    if isinstance(evidence.credential, KfpError) and evidence.credential.code == "token-expired":
        return row.error(evidence.credential)
    ends = evidence.claims.expires_at
    if ends is None:
        return _skip_without_token(evidence, row)
    late = warn_if_late(ends, evidence.now)
    return (
        row.warning(late[0].message)
        if late
        else row.ok(f"valid {_format_duration(ends - evidence.now)}, renewed by itself")
    )


def check_log_in(evidence: Evidence, row: Row) -> Check:
    """Check that KFP accepts the credential."""
    outcome = evidence.log_in
    if isinstance(outcome, Unasked):
        return row.skip("it needs the network")
    if not isinstance(outcome, KfpError):
        who = evidence.claims.subject or (
            evidence.place.credential.account if isinstance(evidence.place, Context) else ""
        )
        return row.ok(
            f"KFP knows you{f' as {who}' if who else ''}" if not _single(evidence) else "not needed"
        )
    if outcome.code in ("forbidden", "view-only"):
        return row.ok(outcome.why)
    if _is_token_to_blame(evidence, outcome):
        return row.skip("it needs the token")
    return row.error(_name_filter(evidence, outcome))


def _is_token_to_blame(evidence: Evidence, outcome: KfpError) -> bool:
    """Whether a row before the log-in says already why KFP does not know who asks."""
    if isinstance(evidence.credential, KfpError):
        return evidence.credential.code in ("token-unreadable", "token-audience", "token-expired")
    return outcome.code == "no-credential" and not evidence.credential_location and not _single(evidence)


def check_rights(evidence: Evidence, row: Row) -> Check:
    """Check what this account may do."""
    if isinstance(evidence.log_in, KfpError):
        refused = evidence.log_in.code in ("forbidden", "view-only")
        return (
            row.error(evidence.log_in, evidence.log_in.message)
            if refused
            else row.skip("it needs the log-in")
        )
    if isinstance(evidence.log_in, Unasked):
        return row.skip("it needs the network")
    if _single(evidence):
        return row.ok("all; this KFP asks nobody")
    if (
        isinstance(evidence.server, ServerHealth)
        and evidence.server.embedded
        and evidence.claims.account == "default-editor"
    ):
        return row.ok("may look, run and register pipelines")
    if not isinstance(evidence.rights, dict):
        return row.ok("may look; whether it may run is not known")
    missing = [name for name, allowed in evidence.rights.items() if not allowed]
    if not missing:
        return row.ok("may look, run and register pipelines")
    if "runs" not in missing:
        return row.warning(f"may look and run, but not create {' or '.join(missing)}")
    return row.error(_view_only_error(evidence))


def check_launch(evidence: Evidence, row: Row) -> Check:
    """Check that runs find the objects they need."""
    launcher, namespace = evidence.launcher, evidence.profile
    if _single(evidence) or evidence.pod is None:
        return row.ok("not needed here")
    if not isinstance(launcher, dict):
        why = launcher.why.rstrip(".") if isinstance(launcher, KfpError) else "Kubernetes cannot be asked"
        return row.skip(why)
    missing = [name for name, there in launcher.items() if not there]
    if not missing:
        return row.ok("kfp-launcher and mlpipeline-minio-artifact are there")
    if isinstance(namespace, Namespace) and namespace.is_prepared:
        return row.warning(f"{' and '.join(missing)} not there; runs use what the cluster gives them")
    return row.error(kfp_error("profile-not-ready", ns=evidence.pod.namespace, missing=missing[0]))


def check_saved_context(evidence: Evidence, row: Row) -> Check:
    """Check what the SDK remembers on this volume."""
    remembered, ours = evidence.saved.namespace, evidence.pod.namespace if evidence.pod else ""
    if evidence.saved.client_authentication_header_name:
        name = evidence.saved.client_authentication_header_name
        return row.warning(f"the SDK adds the header {name}; we do not. Remove it from context.json")
    if remembered and ours and remembered != ours:
        return row.warning(f"the SDK remembers namespace {remembered}; not used")
    return row.ok(f"namespace {remembered}" if remembered else "none")


CheckFunction = Callable[[Evidence, Row], Check]

CHECKS: tuple[tuple[str, CheckFunction, EvidenceStep], ...] = (  # with the progress at which each can be made
    ("Configuration", check_configuration, EvidenceStep.PLACE),
    ("Pod", check_pod, EvidenceStep.PLACE),
    ("Platform", check_platform, EvidenceStep.PLACE),
    ("Namespace", check_namespace, EvidenceStep.SERVER),
    ("Profile", check_profile, EvidenceStep.PROFILE),
    ("Network", check_network, EvidenceStep.FILTERS),
    ("KFP", check_kfp, EvidenceStep.SERVER),
    ("Token", check_token, EvidenceStep.LOG_IN),
    ("Audience", check_audience, EvidenceStep.LOG_IN),
    ("Expiry", check_expiry, EvidenceStep.LOG_IN),
    ("Log-in", check_log_in, EvidenceStep.LOG_IN),
    ("Rights", check_rights, EvidenceStep.RIGHTS),
    ("Launch set-up", check_launch, EvidenceStep.ALL),
    ("Saved context", check_saved_context, EvidenceStep.PLACE),
)


def run_checks(evidence: Evidence, done: int = 0) -> Iterator[Check]:
    """Yield the rows that can be made now, in order, after the first `done` ones."""
    for name, function, needs in CHECKS[done:]:
        if needs > evidence.until:
            return
        check = function(evidence, Row(name))
        yield check if check.error is None else replace(check, error=lead_on(check.error, evidence))


def who_can_fix(code: str, evidence: Evidence) -> str:
    """Return who can fix `code`: "you", "an admin" or an owner of the namespace."""
    if code in ("forbidden", "view-only"):
        place = evidence.place
        return f"an owner of {place.namespace if isinstance(place, Context) else 'the namespace'}"
    if code == "no-token-no-option":
        return "you" if evidence.may_create_option else "an admin"
    if code == "no-token-not-chosen":
        return "you" if evidence.may_restart else "an admin"
    if code == "token-not-seen":
        return "you or an admin"  # who took the credential away is not known
    return "you" if code in _YOURS else "an admin"


_YOURS = frozenset(
    {
        "bad-input",
        "embedded-stopped",
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


def _single(evidence: Evidence) -> bool:
    """Whether KFP is known to have a single user."""
    return isinstance(evidence.server, ServerHealth) and not evidence.server.multi_user


def _skip_without_token(evidence: Evidence, row: Row) -> Check:
    accepted = evidence.log_in is True and (evidence.pod is None or evidence.credential_location)
    if not isinstance(evidence.credential, KfpError) and (_single(evidence) or accepted):
        return row.ok("not needed")
    return row.skip("it needs the token")


def _name_filter(evidence: Evidence, error: KfpError) -> KfpError:
    """Return a refusal by the mesh as an error that names the EnvoyFilter which adds the header, if any."""
    if error.code != "istio-denied" or not evidence.filters:
        return error
    name, here = evidence.filters[0], evidence.pod.namespace if evidence.pod else ""
    cure = f"kubectl delete envoyfilter {name} -n {here}"
    return kfp_error("userid-header", source=f"EnvoyFilter {name}", cure=cure)


def _view_only_error(evidence: Evidence) -> KfpError:
    place = evidence.place
    target = place.namespace if isinstance(place, Context) else ""
    parts = evidence.claims.subject.split(":")
    source, account = (
        (parts[2], parts[3]) if len(parts) == 4 else (evidence.pod.namespace if evidence.pod else "", "")
    )
    return kfp_error(
        "view-only",
        ns=target,
        id=evidence.claims.subject or "This account",
        src=source,
        sa=account or "default-editor",
    )


def _format_duration(left: timedelta) -> str:
    minutes = max(0, int(left.total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
