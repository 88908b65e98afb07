"""What the parts of KFP and Argo around a task say: pip, driver, launcher, and Argo's helpers in the pod."""

from __future__ import annotations

import re

from .facts import Cause, Facts, to_clause
from .python import find_exception

_NO_NEWS = re.compile(r"(?:\w+: )?Error \(exit code|child '|No more retries left|It ended with exit code")
_CHANNEL = "pipelinechannel--"  # what the SDK puts before the names of inputs of loops and conditions
_NO_INPUTS = ("did not start", "its inputs could not be fetched")
_NO_RESULTS = ("ran, but its results could not be stored", "")
_STORE_CURE = "Check the artifact store of this namespace, or ask an admin."
_RETRY = "Retry; if it stays, show an admin."


def upstream(facts: Facts) -> Cause | None:
    """The task did not start because an earlier one failed."""
    if not facts.upstream or facts.started:
        return None
    return Cause("did not start", f"{facts.upstream} failed", next=f"Look at {facts.upstream} first.")


def reported_reason(facts: Facts) -> Cause | None:
    """KFP or the engine reports a reason itself."""
    if not facts.message or _NO_NEWS.match(facts.message) or facts.exit_code not in (None, 0):
        return None
    text = to_clause(facts.message).replace(_CHANNEL, "")
    plain = text.startswith(("It ", "Its ", "The "))
    return Cause("stopped", f"{text[:1].lower()}{text[1:]}" if plain else text)


_PIP_WHY = (
    (re.compile(r"Failed (?:building|to build)"), "They have to be compiled, and that does not work there."),
    (
        re.compile(r"conflicting dependencies|ResolutionImpossible"),
        "They want other packages in versions that exclude each other.",
    ),
    (
        re.compile(r"Requires-Python|requires a different Python"),
        "They are not made for this version of Python.",
    ),
    (
        re.compile(r"OSError: \[Errno 13\]|EnvironmentError: \[Errno 13\]"),
        "There is no right to write where they would go; the image does not run as root.",
    ),
)
_PIP = re.compile(
    r"(?:No matching distribution found for|Could not find a version that satisfies the requirement)"
    r" (?P<package>[^\s;(]+)"
)
_PIP_ENDED = re.compile(r"^\s*ERROR: ")
_PIP_CURE = "Check the names and versions in packages_to_install, or use an image that has them."
_INSTALL = re.compile(r"Packages could not be installed[.:]* ?(?P<why>.*)")
_MACHINE_CHANGE = re.compile(r"^(?P<command>\S+ \S+) changes this machine for everybody")
_PIP_NETWORK = re.compile(
    r"Failed to establish a new connection|Temporary failure in name resolution|ProxyError|SSLError"
    r"|(?:NewConnection|ConnectTimeout|ReadTimeout|NameResolution)Error"
)
_PIP_INDEX = re.compile(
    r"HTTPS?Connection(?:Pool)?\(host='(?P<host>[^']+)'"
    r"|(?:--index-url[ =]|Looking in indexes: )https?://(?:[^\s/@]*@)?(?P<index>[^\s/:,]+)"
)
_DRIVER = re.compile(r"(?:KFP driver: )?driver\.\w+\(.*?\) failed: (?P<why>.+)|KFP driver: (?P<other>.+)")
_LAUNCHER = re.compile(
    r"(?:[Ff]ailed to execute component|failed to (?:publish|initialize)): (?P<why>.+)"
    r"|\b[Ff]ailed to (?P<io>upload|download) .*?artifact"
)
_STORE = (
    (re.compile(r"AccessDenied|Access Denied"), "The store refuses the credentials of this namespace."),
    (re.compile(r"InvalidAccessKeyId|SignatureDoesNotMatch"), "The store does not know these credentials."),
    (re.compile(r"NoSuchBucket"), "The bucket is not there."),
    (re.compile(r"NoSuchKey|specified key does not exist"), "It is not in the store."),
    (re.compile(r"no such host|connection refused|i/o timeout"), "The store does not answer."),
    (re.compile(r"x509"), "The certificate of the store is not trusted."),
)
_UNKNOWN_FIELD = re.compile(
    r'unknown field "(?P<field>[^"]+)" in (?P<message>(?P<package>kfp_kubernetes|ml_pipelines)\.[\w.]+)'
)
_NO_VALUE = re.compile(r"parent DAG does not have input (?:parameter|artifact) (?P<name>[^\s:]+)")
_NO_METHOD = re.compile(
    r"code = Unimplemented desc = unknown (?:method (?P<method>\w+) for )?service (?P<service>[\w.]+)"
)
_RELEASE = re.compile(r"\d+\.\d+")
_COMPILERS = {"kfp_kubernetes": "kfp-kubernetes", "ml_pipelines": "kfp"}
_EXIT_STATUS = re.compile(r"exit status \d+$")
_METADATA = re.compile(
    r"rpc error: code = (?:Unavailable|DeadlineExceeded|Unimplemented|Internal|Unknown) desc = (?P<why>.+)"
)
_SAVE = re.compile(
    r"(?:Error \(exit code \d+\): )?"
    r"(?P<why>failed to (?P<what>save|put|load|get|stat|open|create|upload|download)"
    r" (?:outputs?|inputs?|artifacts?|file|object|logs?|s3|new minio|bucket)[^\n]*)"
)
_LOADING = ("load", "get", "download", "stat")


def packages(facts: Facts) -> Cause | None:
    """Its packages cannot be installed."""
    match, install = facts.find_line(_PIP) or facts.search(_PIP), facts.search(_INSTALL)
    failed = next((words for pattern, words in _PIP_WHY if facts.find_line(pattern)), "")
    if match is None and install is None:
        if not failed or facts.find_line(_PIP_ENDED) is None:
            return None
        return Cause("did not start", "packages cannot be installed", failed, _PIP_CURE)
    if facts.find_line(_PIP_NETWORK) is not None:
        index = facts.find_line(_PIP_INDEX) or facts.search(_PIP_INDEX)
        name = f" {index['host'] or index['index']}" if index is not None else ""
        why = f"The package index{name} does not answer from the task."
        return Cause("did not start", "packages cannot be installed", why, "Use an image that has them.")
    what = f" ({match['package']})" if match is not None else ""
    why = "The package index has no such version for its Python" if match is not None else ""
    why = why or (to_clause(install["why"]) if install is not None else "")
    return Cause(
        "did not start",
        f"packages cannot be installed{what}",
        f"{why}." if why else "",
        _PIP_CURE,
    )


def machine_change(facts: Facts) -> Cause | None:
    """It wanted to install on the machine of the embedded server."""
    match, raised = facts.find_line(_MACHINE_CHANGE), find_exception(facts.lines)
    if match is None or (raised is not None and raised.kind != "CalledProcessError"):
        return None
    cure = "Name Python packages in packages_to_install; ask an admin for the rest."
    return Cause(
        "stopped", f"it may not change this machine ({match['command']})", "All tasks would see that.", cure
    )


def driver(facts: Facts) -> Cause | None:
    """KFP's driver of the task failed."""
    if not facts.driver:
        return None
    match = facts.find_line(_DRIVER)
    why = match["why"] or match["other"] if match is not None else facts.message
    return Cause("was not started", "KFP could not prepare it", _end_of_reasons(why), _RETRY)


def unknown_field(facts: Facts) -> Cause | None:
    """It was compiled by a newer SDK than its KFP understands."""
    match = facts.find_line(_UNKNOWN_FIELD) or facts.search(_UNKNOWN_FIELD)
    if match is None:
        return None
    package = _COMPILERS[match["package"]]
    version = facts.kfp_version if _RELEASE.match(facts.kfp_version) else ""
    server = f"this KFP ({version})" if version else "this KFP"
    cure = f'pip install "{package}<={version}"' if version else f"Install an older {package}"
    return Cause(
        "was not started" if facts.driver else "stopped",
        f"{server} does not know the field “{match['field']}”",
        f"The pipeline was compiled with a newer {package}, which writes it ({match['message']}).",
        f"{cure}, then compile again.",
    )


def missing_value(facts: Facts) -> Cause | None:
    """An optional input that nobody gave, which its KFP cannot leave out."""
    match = facts.find_line(_NO_VALUE) if facts.driver else None
    if match is None:
        return None
    name = match["name"]
    why = "It is optional, but this KFP cannot leave it out."
    return Cause("was not started", f"nobody gave “{name}”", why, f"Give a value for {name}, or a default.")


def releases_differ(facts: Facts) -> Cause | None:
    """KFP's driver or launcher calls what its API server does not have."""
    line = facts.find_line(_DRIVER if facts.driver else _LAUNCHER)
    match = _NO_METHOD.search(line[0]) if line is not None else None
    if match is None:
        return None
    part = "driver" if facts.driver else "launcher"
    return Cause(
        "was not started" if facts.driver else "stopped",
        f"KFP's server and {part} are of different releases",
        f"The {part} asks for {match['method'] or match['service']}, which the server does not have.",
        "Show an admin: both images have to be of one release.",
    )


def metadata(facts: Facts) -> Cause | None:
    """KFP's metadata store does not answer the driver or the launcher."""
    line = facts.find_line(_DRIVER if facts.driver else _LAUNCHER)
    match = _METADATA.search(line[0]) if line is not None else None
    if match is None:
        return None
    return Cause(
        "was not started" if facts.driver else "stopped",
        "KFP's metadata store does not answer",
        _end_of_reasons(match["why"].rpartition("desc = ")[2].strip('"')),
        _RETRY,
    )


def results(facts: Facts) -> Cause | None:
    """Argo's containers in its pod could not fetch its inputs, or store its outputs and log."""
    match = facts.search(_SAVE)
    if match is None:
        return None
    why = _explain_store(match["why"]) or _end_of_reasons(match["why"])
    return Cause(*(_NO_INPUTS if match["what"] in _LOADING else _NO_RESULTS), why, _STORE_CURE)


def launcher(facts: Facts) -> Cause | None:
    """KFP's launcher could not fetch its inputs or store its outputs."""
    match = facts.find_line(_LAUNCHER)
    if match is None or (match["why"] and _EXIT_STATUS.search(match["why"])):
        return None
    line = match["why"] or match[0]
    io = match["io"] or ("upload" if "upload" in line else "download" if "download" in line else "")
    said = {"upload": _NO_RESULTS, "download": _NO_INPUTS}.get(io, ("stopped", "KFP's launcher failed"))
    store = _explain_store(line) or _explain_store(" ".join(facts.lines[-30:]))
    return Cause(*said, store or _end_of_reasons(line), _STORE_CURE if io or store else _RETRY)


def _explain_store(text: str) -> str:
    """Return what `text` says about the artifact store; empty if nothing."""
    return next((words for pattern, words in _STORE if pattern.search(text)), "")


def _end_of_reasons(text: str) -> str:
    """Return the end of a chain of reasons, which says most."""
    line = text.strip().split("\n", 1)[0].strip().rstrip(".")
    parts = line.split(": ")
    while len(parts) > 2 and len(": ".join(parts)) > 160:
        parts.pop(0)
    short = ": ".join(parts)
    return f"{short[:1].upper()}{short[1:300]}." if short else ""
