"""The catalogue: one row for each code, with the words that people read.

A key is a code, or `code/variant` where the same code has other words in some case.
"""

from __future__ import annotations

import string
from typing import Any, NamedTuple

from .tree import (
    ErrorBody,
    KfpConflictError,
    KfpConnectionError,
    KfpError,
    KfpInputError,
    KfpNotFoundError,
    KfpNotStartedError,
    KfpRefusedError,
    KfpUsageError,
    RunFailed,
    RunTimeout,
)


class Entry(NamedTuple):
    """One row of the catalogue; the texts may hold `{values}`, and `%kfp` for the program's name."""

    kind: type[KfpError]
    status: int
    message: str
    why: str = ""
    next: str = ""
    command: str = ""


def kfp_error(key: str, *, details: str = "", request_id: str = "", **values: object) -> KfpError:
    """Return the error of the row `key` in the class that fits it, its words filled in with `values`."""
    entry = CATALOGUE[key]
    words = _Words(values)
    body = ErrorBody(
        code=key.partition("/")[0],
        message=words.format(entry.message),
        why=words.format(entry.why),
        next=words.format(entry.next),
        command=words.format(entry.command),
        details=details,
        request_id=request_id,
    )
    return entry.kind(body, status=entry.status)


def error_from_body(body: ErrorBody) -> KfpError:
    """Return the error that `body` describes, in the class of its code."""
    entry = CATALOGUE.get(body.code, CATALOGUE["kfp-error"])
    return entry.kind(body, status=entry.status)


class _Words(string.Formatter):
    """Fills `{name}`; leaves out an unknown value, since an error must not fail on its words."""

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
_API_SERVICE = "KF_PIPELINES_ENDPOINT=http://ml-pipeline.{kfp}.svc.cluster.local:8888"

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
    "embedded-stopped": Entry(
        KfpConnectionError,
        424,
        "The embedded server has stopped.",
        "It stops after 30 min without work, or was ended. History stays.",
        "Start it; the next submit starts it, too.",
        "%kfp serve",
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
        "kubectl label notebook {nb} -n {ns} {labels} --overwrite && kubectl delete statefulset {nb} -n {ns}",
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
    "token-not-seen": Entry(
        KfpConnectionError,
        424,
        "Your token did not reach KFP.",
        "It was sent, but {host} wants to know who you are:"
        " a gateway takes it away, or KFP is older than 1.7.",
        "Use the API service; if it says the same, ask an admin.",
        _API_SERVICE,
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
        _API_SERVICE,
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
    "gateway-refused": Entry(
        KfpConnectionError,
        424,
        "The call did not get through to KFP.",
        "{host} takes lists but refuses this call with a web page ({page}).",
        "A firewall or proxy before KFP does not let it pass. Show an admin.",
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
        "{host} {reason}.",
        "Try again.",
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
        "{id} may not create pipelines in {ns}.",
        "Ask an owner of {ns} to run:",
        _ALLOW,
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
        "“{ref}” does not exist in {ns} or is not yours to see.{hint}",
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
    "outputs-unread": Entry(
        KfpNotFoundError,
        404,
        "The outputs of {of} are not readable here.",
        "{reason}",
        "They are on the run's page of Kubeflow.",
    ),
    "artifact-unread": Entry(
        KfpNotFoundError,
        404,
        "The file of {name} cannot be read here.",
        "{why}",
        "Copy it where its store can be read:",
        "{command}",
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
    "cluster-refused": Entry(KfpInputError, 422, "The cluster refused the run.", "{text}", "Show an admin."),
    "old-server": Entry(
        KfpInputError,
        422,
        "This KFP is too old for {feature}.",
        "It has version {v}; {feature} came with {w}.",
    ),
    # of a submit it is known that no run came of it
    "not-started": Entry(
        KfpNotStartedError, 424, "{name} did not start.", "KFP has no record of it.", "Submit again."
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
    "run-failed": Entry(RunFailed, 409, "{name} {ended}.", "{why}", "Look at its log.", "%kfp logs {ref}"),
    "run-timeout": Entry(
        RunTimeout,
        408,
        "{name} has not ended after {s} s.",
        "It is {state} and goes on.",
        "Wait again, or look at it.",
        "%kfp show {ref}",
    ),
}


def _vary(code: str, **words: str) -> Entry:
    """Return the row of `code` with other words."""
    return CATALOGUE[code]._replace(**words)  # type: ignore[arg-type]  # the names are those of texts


CATALOGUE |= {
    "upload-refused/shared": _vary(
        "upload-refused",
        why="{id} may not create pipelines for everyone (create pipelines, in all namespaces).",
        next="Upload it as Private.",
        command="",
    ),
    # the embedded server: no cluster is there to look into, and no network policy in the way
    "no-kubeflow/stopped": _vary(
        "no-kubeflow",
        message="No embedded server is running.",
        why="Nothing serves {folder}.",
        next="Start it:",
        command="jupyter kfp serve{options}",
    ),
    "embedded-failed/off": _vary(
        "embedded-failed", why="It is switched off in the settings (`embedded`).", next="", command=""
    ),
    "embedded-failed/stop": _vary("embedded-failed", message="The embedded server did not stop."),
    "embedded-failed/backup": _vary(
        "embedded-failed", message="The store could not be copied.", next="", command=""
    ),
    "kfp-timeout/embedded": _vary(
        "kfp-timeout",
        why="Nothing from {host} in {s} s. This machine may be busy.",
        next="Wait, or stop it and start it again. History is kept.",
        command="jupyter kfp serve --stop; jupyter kfp serve --background",
    ),
    "kfp-unavailable/embedded": _vary(
        "kfp-unavailable", next="Start it again. History is kept.", command="jupyter kfp serve"
    ),
    "run-failed/no-log": _vary("run-failed", next="{next}", command="{command}"),
    "kfp-unavailable/sick": _vary(
        "kfp-unavailable",
        message="The embedded server runs no tasks at the moment.",
        why="{why}",
        next="Wait, or stop it and start it again. History is kept.",
        command="jupyter kfp serve --stop; jupyter kfp serve --background",
    ),
    "not-a-pipeline/other": _vary(
        "not-a-pipeline",
        message="This file is {what}, not a compiled pipeline.",
        why="Line {n}: this is {what}.",
        next="{next}",
        command="",
    ),
    "cannot-run-here/embedded": _vary("cannot-run-here", why="{why}"),
    **{
        f"{code}/embedded": _vary(code, message="{message}", why="", next="", command="")
        for code in ("bad-input", "not-found", "conflict", "forbidden", "kfp-error")
    },
    # clusters and gateways
    "no-kubeflow/cluster": _vary(
        "no-kubeflow",
        why="In this cluster none answers in namespace “{kfp}” or in this pod's own, and no address is set.",
    ),
    "no-credential/kubeconfig": _vary(
        "no-credential",
        why="This KFP has users, and the API server takes out who asks.",
        next="Forward a port instead, and set a token.",
        command="kubectl port-forward -n {kfp} svc/ml-pipeline 8888:8888",
    ),
    "token-not-seen/unread": _vary(
        "token-not-seen",
        why="It was sent, but {host} wants to know who you are:"
        " a mesh takes it away, or KFP is older than 1.7.",
        next="Ask an admin which release this is and who takes `Authorization` away.",
        command="kubectl get deployment ml-pipeline -n {kfp} -o wide",
    ),
    "token-not-seen/cookie": _vary(
        "token-not-seen",
        message="KFP does not read your cookie.",
        why="It was sent, but {host} wants to know who you are: cookies are for the gateway.",
        next="Use the address of the gateway, which ends in /pipeline, or a token (`token_path`).",
        command="",
    ),
    "token-unreadable/cookie": _vary(
        "token-unreadable",
        message="The cookie file cannot be used.",
        next="Write NAME=VALUE into it, as the browser sends it; several with a semicolon between them.",
        command="",
    ),
    # inside the doctor, where “Run the doctor” leads nowhere
    "no-credential/doctor": _vary(
        "no-credential",
        next="Give a token (`token_path`) or a cookie (`cookie_path`).",
        command="kubectl create token default-editor -n {ns} --audience pipelines.kubeflow.org > kfp-token"
        " && export JUPYTER_KFP_MT_TOKEN_PATH=$PWD/kfp-token",
    ),
    "token-rejected/doctor": _vary(
        "token-rejected",
        next="It is of another cluster or of a deleted account: restart the notebook."
        " If it stays, ask an admin whether KFP may review tokens.",
        command="kubectl auth can-i create tokenreviews --as=system:serviceaccount:{kfp}:ml-pipeline",
    ),
    "token-rejected/doctor-front": _vary(
        "token-rejected",
        next="Something in front of KFP refuses it. Renew it, or use the API service.",
        command=_API_SERVICE,
    ),
    "token-unreadable/doctor": _vary(
        "token-unreadable", next="Correct the file, or set another (`token_path`).", command=""
    ),
    "token-unreadable/doctor-pod": _vary("token-unreadable", command="kubectl describe pod {pod} -n {ns}"),
    "login-page/doctor": _vary(
        "login-page",
        next="Give the address that ends in /pipeline, and a cookie that is still valid (`cookie_path`).",
        command="export JUPYTER_KFP_MT_ENDPOINT={origin}/pipeline",
    ),
    "login-page/doctor-signed-out": _vary(
        "login-page",
        next="Sign in with a browser and write its cookie into the file of `cookie_path` again.",
        command="",
    ),
    "login-page/doctor-pod": _vary("login-page", next="Use the API service.", command=_API_SERVICE),
    "userid-header/doctor": _vary(
        "userid-header",
        next="Find what adds it, and remove it.",
        command="kubectl get envoyfilters -A -o yaml | grep -B 30 kubeflow-userid",
    ),
    "kubernetes-unavailable/doctor": _vary("kubernetes-unavailable", command=""),
    "kfp-error/doctor": _vary("kfp-error", next="Show an admin this report.", command=""),
    "kubernetes-denied/kubeconfig": _vary(
        "kubernetes-denied",
        next="Ask an admin for that right, or forward a port.",
        command="kubectl auth can-i get services/proxy -n {ns}",
    ),
    "forbidden/administrator": _vary(
        "forbidden",
        message="An administrator does this on a cluster.",
        why="{endpoint} is not the embedded server.",
        next="Ask one to run:",
        command="{command}",
    ),
    **{
        f"forbidden/{kind}": _vary(
            "forbidden",
            message=f"This is for the {things} of the embedded server.",
            why=f"{{endpoint}} is a cluster: its tasks read the {things} of Kubernetes.",
            next="Use kubectl there:",
            command="{command}",
        )
        for kind, things in (("secrets", "secrets"), ("configmaps", "config maps"))
    },
    **{
        f"{code}/embedded": _vary(
            code,
            next="The owner of the embedded server gives the right, if {ns} is a profile of it:",
            command="jupyter kfp profiles share {ns} {src} --role edit",
        )
        for code in ("forbidden", "view-only")
    },
    "kfp-unavailable/watched": _vary("kfp-unavailable", next="We try again in {s} s."),
    "kfp-unavailable/proxy": _vary(
        "kfp-unavailable",
        message="The proxy is in the way.",
        why="The proxy that the environment names for {host} does not pass the call on: {reason}.",
        next="Leave the address out of the proxy, or correct it.",
        command="export NO_PROXY=$NO_PROXY,{name}",
    ),
    # KFP was not reached, though we tried more than once
    "not-started/unreached": _vary("not-started", why="{why}", command="{command}"),
    "not-started/embedded": _vary(
        "not-started", why="{why}", next="Start the server again, then submit again.", command="{command}"
    ),
    # Kubernetes did not take the Workflow that KFP made of a run
    "cluster-refused/too-large": _vary(
        "cluster-refused",
        why="As a Workflow the pipeline is larger than the cluster takes, mostly 1.5 MiB: {text}",
        next="Put long code and constants into images or files, or make two pipelines of it.",
    ),
    "cluster-refused/forbidden": _vary(
        "cluster-refused",
        next="Ask an admin to give KFP that right.",
        command="kubectl auth can-i create workflows.argoproj.io -n {ns} --as={user}",
    ),
    "cluster-refused/policy": _vary("cluster-refused", next="Change what the policy names, or ask an admin."),
    "cluster-refused/webhook": _vary(
        "cluster-refused",
        why="A webhook that has to agree did not answer: {text}",
        next="Submit again later; if it stays, show an admin.",
    ),
    "cluster-refused/quota": _vary(
        "cluster-refused",
        next="Delete old runs, or ask an admin for more.",
        command="kubectl describe quota -n {ns}",
    ),
    "cluster-refused/namespace": _vary(
        "cluster-refused", next="Use another namespace.", command="%kfp namespaces"
    ),
    "cluster-refused/invalid": _vary(
        "cluster-refused", next="Correct the pipeline where it says so, and compile it again."
    ),
    # something else than KFP answers at the address
    "kfp-path/moved": _vary("kfp-path", why="It sends on to {target}.", next="Use that address."),
    "kfp-path/tls": _vary("kfp-path", why="It speaks TLS.", next="Write `https://` in the address."),
    "kfp-path/kubernetes": _vary(
        "kfp-path", why="A Kubernetes API server answers at {host}.", next="Name KFP's own."
    ),
    "kfp-path/not-http": _vary(
        "kfp-path",
        why="What listens at {host} does not speak HTTP.",
        next="Check the port; with TLS the address begins with `https://`.",
    ),
    "kfp-path/not-kfp": _vary(
        "kfp-path", why="Something answers at {host}, but it is no Kubeflow Pipelines."
    ),
    # TLS
    "kfp-tls/plain": _vary(
        "kfp-tls", why="It does not speak TLS.", next="Write `http://` in the address.", command=""
    ),
    "kfp-tls/expired": _vary("kfp-tls", next="Ask an admin to renew it.", command=""),
    "kfp-tls/early": _vary("kfp-tls", next="Check the clock of this machine.", command="date -u"),
    "kfp-tls/name": _vary("kfp-tls", next="Use an address that it is made for.", command=""),
    "kfp-tls/old": _vary(
        "kfp-tls",
        why="It speaks only versions of TLS that are no longer safe.",
        next="Ask an admin.",
        command="",
    ),
    "kfp-tls/mutual": _vary(
        "kfp-tls",
        why="It wants a certificate of yours.",
        next="Ask an admin for another way in.",
        command="",
    ),
    "kfp-tls/broken": _vary(
        "kfp-tls",
        why="It broke the handshake off.",
        next="Check the port; it may want a certificate of yours.",
        command="",
    ),
    "kfp-tls/ca-empty": _vary("kfp-tls", why="The CA file holds no certificate."),
    "kfp-tls/ca-unreadable": _vary("kfp-tls", why="The CA file holds no certificate that can be read."),
    "kfp-tls/ca-folder": _vary("kfp-tls", why="The CA file is a folder."),
    # not there
    "not-found/file": _vary(
        "not-found", why="“{ref}” is not in {folder}.", next="Check the path.", command=""
    ),
    "not-found/source": _vary(
        "not-found",
        message="No such file or function.",
        why="“{ref}” is neither in {folder} nor a function of this notebook.{hint}",
        next="Check its name.",
        command="",
    ),
    "not-found/pod": _vary("not-found", why="{why}"),
    "not-found/notebook": _vary(
        "not-found",
        message="There is no executed notebook.",
        why="{why}",
        next="Look at the log.",
        command="%kfp logs {ref}",
    ),
    "logs-gone/outside": _vary(
        "logs-gone",
        why="Outside of its cluster only KFP can be asked for a log, and it does not give this one.",
    ),
    "logs-gone/skipped": _vary(
        "logs-gone", message="There is no log.", why="The task was skipped, so nothing ran.", next=""
    ),
    "logs-gone/refused": _vary(
        "logs-gone", why="The pod was removed, and KFP gives no archived logs: {refusal}."
    ),
    # what was given, in a sentence of its own
    "bad-input/usage": Entry(KfpUsageError, 400, "{problem}", "{why}", "{next}"),
    "bad-input/cell": Entry(KfpInputError, 400, "{problem}", "{why}", "{next}"),
    # how a wait ended
    "run-timeout/stopped": _vary("run-timeout", message="Stopped waiting. The run goes on.", why=""),
}
