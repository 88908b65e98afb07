"""Everything that can go wrong, once: one tree of exceptions, one catalogue of words.

```text
KfpError                     anything between us and Kubeflow Pipelines        exit code 3
├── KfpConnectionError       not reached, or no usable credential       424    exit code 3
├── KfpRefusedError          reached, but the right is missing          403    exit code 4
├── KfpNotFoundError         no such thing, or not yours to see         404    exit code 4
├── KfpConflictError         the thing is in another state              409    exit code 4
├── KfpInputError            what was given cannot be used   400, 413, 422    exit code 2
│   └── KfpUsageError        a command was written wrongly              400    exit code 2
├── RunFailed                `wait` saw the run end without success            exit code 1
└── RunTimeout               `wait` reached its time limit                     exit code 5
```

The REST body of an error is `ErrorBody`; the notebook shows `_render_traceback_`; both hold the same four
lines: what happened, why, the next step, and the command to copy.
"""

from __future__ import annotations

import string
from typing import Any, NamedTuple

import msgspec


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON body of every error of the extension's REST interface."""

    code: str
    message: str
    why: str = ""
    next: str = ""
    command: str = ""
    details: str = ""
    request_id: str = ""


class KfpError(Exception):
    """An error that a person can act on: a code of the catalogue and the words filled in for this case."""

    exit_code = 3
    unclear = False  # whether the request may have taken effect all the same

    def __init__(self, code: str, *, details: str = "", request_id: str = "", **values: object) -> None:
        entry = CATALOGUE[code]
        words = _Words(values)
        self.code = "bad-input" if code == "usage" else code
        self.status = entry.status
        self.message = words.format(entry.message)
        self.why = words.format(entry.why)
        self.next_step = words.format(entry.next)
        self.command = words.format(entry.command)
        self.details = details
        self.request_id = request_id
        super().__init__(self.message)

    @property
    def body(self) -> ErrorBody:
        """The error as the REST interface and `--json` write it."""
        return ErrorBody(
            code=self.code,
            message=self.message,
            why=self.why,
            next=self.next_step,
            command=self.command,
            details=self.details,
            request_id=self.request_id,
        )

    @classmethod
    def from_body(cls, body: ErrorBody) -> KfpError:
        """The error that `body` describes, in the class of its code."""
        error = kfp_error(body.code if body.code in CATALOGUE else "kfp-error")
        error.message, error.why, error.next_step = body.message, body.why, body.next
        error.command, error.details, error.request_id = body.command, body.details, body.request_id
        error.args = (body.message,)
        return error

    def lines(self) -> list[str]:
        """The error in at most four lines of text, the first with its code."""
        head = f"{type(self).__name__} [{self.code}]  {self.message}"
        rest = [f"  {word:<6}{text}" for word, text in (("Why", self.why), ("Next", self.next_step)) if text]
        return [head, *rest, *([f"  →     {self.command}"] if self.command else [])]

    def _render_traceback_(self) -> list[str]:
        """Shown by IPython in place of the stack."""
        return self.lines()


class KfpConnectionError(KfpError):
    """Kubeflow Pipelines was not reached, or there is no usable credential."""


class KfpRefusedError(KfpError):
    """Kubeflow Pipelines knows who asks, and says no."""

    exit_code = 4


class KfpNotFoundError(KfpError):
    """There is no such thing here, or it is not the caller's to see."""

    exit_code = 4


class KfpConflictError(KfpError):
    """The thing exists in a state that does not allow this."""

    exit_code = 4


class KfpInputError(KfpError):
    """Something that was given cannot be used."""

    exit_code = 2


class KfpUsageError(KfpInputError):
    """A command was written wrongly."""


class RunFailed(KfpError):  # noqa: N818 - the name of UX §13.2, read as a fact and not as a fault of ours
    """A run that was waited for ended without success."""

    exit_code = 1


class RunTimeout(KfpError):  # noqa: N818 - as above
    """A run that was waited for had not ended at the time limit."""

    exit_code = 5


class Entry(NamedTuple):
    """One row of the catalogue; the texts may hold `{values}`."""

    kind: type[KfpError]
    status: int
    message: str
    why: str = ""
    next: str = ""
    command: str = ""


def kfp_error(code: str, *, details: str = "", request_id: str = "", **values: object) -> KfpError:
    """Return the error of `code` in the class that fits it, its words filled in with `values`."""
    return CATALOGUE[code].kind(code, details=details, request_id=request_id, **values)


class _Words(string.Formatter):
    """Fills `{name}`; a value that is not known is left out rather than raised about."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def format(self, template: str, /, *args: Any, **kwargs: Any) -> str:
        return super().vformat(template, (), self._values)

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> object:
        return self._values.get(str(key), "")


_ALLOW = (
    "kubectl create rolebinding allow-{src}-kubeflow-edit -n {ns}"
    " --clusterrole=kubeflow-edit --serviceaccount={src}:{sa}"
)
_DOCTOR = "jupyter kfp doctor"

CATALOGUE: dict[str, Entry] = {
    # not reached, or not known
    "no-kubeflow": Entry(
        KfpConnectionError,
        424,
        "No Kubeflow Pipelines found.",
        "This Jupyter server is not in a Kubernetes cluster and no address is set.",
        "Start the embedded server, or set an address.",
        "jupyter kfp serve",
    ),
    "no-token-no-option": Entry(
        KfpConnectionError,
        424,
        "No token for Kubeflow Pipelines.",
        "Profile {ns} has no “Allow access to Kubeflow Pipelines” option yet.",
        "1. Create the option. 2. Restart this notebook with it.",
        "{poddefault}",
    ),
    "no-token-not-chosen": Entry(
        KfpConnectionError,
        424,
        "No token for Kubeflow Pipelines.",
        "This notebook was started without “Allow access to Kubeflow Pipelines”.",
        "Restart it with the option. A label alone is not enough. Kernels will stop, files stay.",
        "kubectl label notebook {nb} -n {ns} access-ml-pipeline=true --overwrite"
        " && kubectl delete statefulset {nb} -n {ns}",
    ),
    "no-token-not-applied": Entry(
        KfpConnectionError,
        424,
        "The access option was chosen but not applied.",
        "The cluster did not add the token when this notebook started.",
        "Ask an admin to check the PodDefault webhook, then restart.",
        "kubectl get ns {ns} --show-labels; kubectl get pods -n {kfp} | grep admission",
    ),
    "no-credential": Entry(
        KfpConnectionError,
        424,
        "No credential was sent.",
        "{host} wants to know who you are.",
        "Give a token or a cookie.",
        _DOCTOR,
    ),
    "token-unreadable": Entry(
        KfpConnectionError,
        424,
        "The token file cannot be used.",
        "{path} is {reason}.",
        "Restart the notebook. If it stays, show an admin.",
        _DOCTOR,
    ),
    "token-audience": Entry(
        KfpConnectionError,
        424,
        "The token is for something else.",
        "It is made for “{aud}”; Pipelines expects “pipelines.kubeflow.org”.",
        "Correct `audience` in the PodDefault, then restart this notebook.",
        "{poddefault}",
    ),
    "token-expired": Entry(
        KfpConnectionError,
        424,
        "The token has expired.",
        "It ended at {time} and the cluster has not renewed the file.",
        "Wait a minute; else restart the notebook.",
        "kubectl describe pod {pod} -n {ns}",
    ),
    "token-rejected": Entry(
        KfpConnectionError,
        424,
        "KFP does not accept this token.",
        "“{text}”",
        "Run the doctor.",
        _DOCTOR,
    ),
    "istio-denied": Entry(
        KfpConnectionError,
        424,
        "The service mesh refused the call.",
        "{host} takes no calls from notebooks. KFP was not asked.",
        "Use the API service.",
        "KF_PIPELINES_ENDPOINT=http://ml-pipeline.{kfp}.svc.cluster.local:8888",
    ),
    "userid-header": Entry(
        KfpConnectionError,
        424,
        "An extra identity header blocks the call.",
        "`kubeflow-userid` is added by {source}.",
        "Remove it.",
        "{cure}",
    ),
    "gateway-jwt": Entry(
        KfpConnectionError,
        424,
        "The gateway does not accept this token.",
        "“{text}”",
        "Inside the cluster use the API service; outside ask an admin to allow machine log-in.",
    ),
    "login-page": Entry(
        KfpConnectionError,
        424,
        "Not signed in.",
        "{host} answered with a web page, not with data.",
        "Check the address, renew the cookie or token.",
        _DOCTOR,
    ),
    "kfp-dns": Entry(
        KfpConnectionError,
        424,
        "No Kubeflow Pipelines at {host}.",
        "The name is not known here. KFP may be in another namespace than “{kfp}”.",
        "Find it and set `kfp_namespace`.",
        "kubectl get svc -A | grep ml-pipeline",
    ),
    "kfp-timeout": Entry(
        KfpConnectionError,
        424,
        "Kubeflow Pipelines does not answer.",
        "Nothing from {host} in {s} s. Often a network policy that leaves out {ns}.",
        "Show an admin.",
        "kubectl get networkpolicy -n {kfp} ml-pipeline -o yaml",
    ),
    "kfp-unavailable": Entry(
        KfpConnectionError,
        424,
        "Kubeflow Pipelines is down or starting.",
        "{host} refused the connection.",
        "We try again in {s} s.",
        "kubectl get pods -n {kfp} -l app=ml-pipeline",
    ),
    "kfp-path": Entry(
        KfpConnectionError,
        424,
        "Wrong address.",
        "Nothing serves the API under {url}.",
        "Behind a gateway the address ends in `/pipeline`.",
    ),
    "kfp-tls": Entry(
        KfpConnectionError,
        424,
        "The certificate of {host} is not trusted.",
        "{reason}",
        "Set the CA file.",
        'c.KfpSettings.ca_file = "…"',
    ),
    "kfp-error": Entry(
        KfpError,
        424,
        "KFP answered something unexpected.",
        "{status} {text}",
        "“Copy report” and show an admin.",
    ),
    "kubernetes-unavailable": Entry(
        KfpConnectionError,
        424,
        "Kubernetes cannot be asked.",
        "{host}: {reason}",
        "Pipelines work without it; logs and events of a cluster need it.",
        _DOCTOR,
    ),
    "embedded-failed": Entry(
        KfpConnectionError,
        424,
        "The embedded server did not start.",
        "{line}",
        "Look at the whole log.",
        "jupyter kfp serve",
    ),
    "packages-unavailable": Entry(
        KfpConnectionError,
        424,
        "Packages could not be installed.",
        "{list}: {reason}",
        "Check the network or the names.",
    ),
    "sdk-missing": Entry(
        KfpConnectionError,
        424,
        "The KFP SDK is not installed.",
        "Compiling Python needs it; all else works without.",
        "Install it.",
        'pip install "jupyter_kfp_mt[sdk]"',
    ),
    # known, but refused
    "forbidden": Entry(
        KfpRefusedError,
        403,
        "You may not {verb} {resource} in {ns}.",
        "KFP knows you as {id}; it has no such right there.",
        "Ask an owner of {ns} to run:",
        _ALLOW,
    ),
    "view-only": Entry(
        KfpRefusedError,
        403,
        "You can look but not run in {ns}.",
        "{id} has view rights.",
        "Ask an owner of {ns} to run:",
        _ALLOW,
    ),
    "not-a-profile": Entry(
        KfpRefusedError,
        403,
        "{ns} is not a Kubeflow profile.",
        "Access to pipelines is set up per profile.",
        "Ask an admin.",
        "kubectl get profile {ns}",
    ),
    "upload-refused": Entry(
        KfpRefusedError,
        403,
        "The upload was refused.",
        "{id} may not create pipelines in {where}.",
        "Upload as Private.",
    ),
    "logs-denied": Entry(
        KfpRefusedError,
        403,
        "No right to read logs in {ns}.",
        "{id} may not get pods/log.",
        "Ask an owner of {ns} to run:",
        _ALLOW,
    ),
    "kubernetes-denied": Entry(
        KfpRefusedError,
        403,
        "No right to {act} {what} in {ns}.",
        "{id} may not {verb} {resource}.",
        "Ask an owner of {ns} to run:",
        _ALLOW,
    ),
    # not there
    "not-found": Entry(
        KfpNotFoundError,
        404,
        "No such {thing}.",
        "“{ref}” does not exist in {ns} or is not yours to see.",
        "See what there is:",
        "%kfp {list}",
    ),
    "logs-gone": Entry(
        KfpNotFoundError,
        404,
        "The log is gone.",
        "The pod was removed and no archive has it.",
        "Ask an admin to keep logs.",
    ),
    # in another state
    "conflict": Entry(
        KfpConflictError,
        409,
        "The name “{name}” is taken.",
        "{holder} has it.",
        "Take another, or “{name}-2”.",
    ),
    "retry-refused": Entry(
        KfpConflictError, 409, "This run cannot be retried.", "{reason}", "Clone it.", "%kfp clone {ref}"
    ),
    "profile-not-ready": Entry(
        KfpConflictError,
        409,
        "{ns} is not prepared for runs.",
        "{missing} is not there.",
        "Ask an admin.",
        "kubectl label ns {ns} pipelines.kubeflow.org/enabled=true",
    ),
    # cannot be used as given
    "namespace-missing": Entry(
        KfpInputError,
        400,
        "Which namespace?",
        "This KFP has many and none is set.",
        "Choose one:",
        "%kfp use NAMESPACE",
    ),
    "ambiguous": Entry(KfpInputError, 400, "“{ref}” fits {n} {things}.", "", "Use more of the id: {list}"),
    "bad-input": Entry(KfpInputError, 400, "{field}: {problem}.", "{why}", "{next}", "{command}"),
    "usage": Entry(KfpUsageError, 400, "{problem}", "{why}", "%kfp help"),
    "too-large": Entry(
        KfpInputError, 413, "{thing} is too large.", "{size}; the limit is {limit}.", "{next}"
    ),
    "not-a-pipeline": Entry(
        KfpInputError,
        400,
        "This file is not a compiled pipeline.",
        "Line {n}: {reason}.",
        "Compile it first.",
        "kfp dsl compile --py FILE.py --output FILE.yaml",
    ),
    "compile-failed": Entry(
        KfpInputError,
        400,
        "The pipeline does not compile.",
        "{error}, {file} line {n}.",
        "Correct that line.",
    ),
    "cannot-run-here": Entry(
        KfpInputError,
        422,
        "{n} tasks cannot run on this machine.",
        "{task} needs {what}.",
        "Use a cluster, or a Python component.",
    ),
    "old-server": Entry(
        KfpInputError,
        422,
        "This KFP is too old for {feature}.",
        "It has version {v}; {feature} came with {w}.",
    ),
    # between the page and its own Jupyter server
    "jupyter-login": Entry(
        KfpError,
        403,
        "You are signed out of Jupyter.",
        "The Jupyter server does not know who asks.",
        "Reload the page and sign in.",
    ),
    "jupyter-denied": Entry(
        KfpRefusedError,
        403,
        "This Jupyter server does not allow that.",
        "{why}",
        "Ask who runs it.",
    ),
    "jupyter-error": Entry(
        KfpError,
        500,
        "Something unexpected happened in the Jupyter server.",
        "{why}",
        "“Copy report” and show an admin.",
    ),
    # how a wait ended
    "run-failed": Entry(
        RunFailed, 409, "{name} {ended}.", "{why}", "Look at its log.", "jupyter kfp logs {ref}"
    ),
    "run-timeout": Entry(
        RunTimeout,
        408,
        "{name} has not ended after {s} s.",
        "It is {state} and goes on.",
        "Wait again, or look at it.",
        "jupyter kfp show {ref}",
    ),
}
