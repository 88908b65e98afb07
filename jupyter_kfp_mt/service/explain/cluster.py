"""What Kubernetes, Argo and KFP say when they end a task or do not start it, in words."""

from __future__ import annotations

import re

from .facts import Cause, Facts, clause

_PULL = re.compile(r"ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName|Failed to pull image")
_IMAGE = re.compile(r"""(?:image|manifest for|for image)\s+\\?["“](?P<image>[^"”\\]+)""")
_PULL_WHY = (
    (
        r"unauthorized|authentication required|denied|403 Forbidden|no basic auth",
        "The registry refuses the account.",
    ),
    (r"toomanyrequests|rate limit", "The registry allows no more pulls for now."),
    (r"InvalidImageName|invalid reference format", "That is no image name."),
    (r"no such host|i/o timeout|dial tcp|connection refused", "The registry does not answer."),
    (r"not found|manifest unknown|does not exist", "The registry does not have it."),
)
_SECRET = re.compile(
    r"""(?P<kind>secret|configmap|persistentvolumeclaim)s? \\?"(?P<name>[^"\\]+)\\?" not found""", re.I
)
_SECRET_KEY = re.compile(
    r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) [^/\s]+/(?P<name>[^\s,;]+)"
    r"|references non-existent (?P<what>secret|config) key: (?P<key2>[^\s,;]+)"
)
_KINDS = {"secret": "Secret", "configmap": "ConfigMap", "persistentvolumeclaim": "Volume claim"}
_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,]+), requested: (?P<asked>.+?), used: (?P<used>.+?),"
    r" limited: (?P<limit>[^\n\"]+)"
)
_MUST = re.compile(r"failed quota: (?P<quota>[^:]+): must specify (?P<what>[^\n\"]+)")
_RANGE = re.compile(
    r"(?P<what>maximum|minimum) (?P<resource>\S+) usage per (?:Container|Pod) is (?P<bound>[^,]+?)[,.]?"
    r" (?:but|No) "
)
_NODES = re.compile(r"(?P<free>0/\d+ nodes)(?: are available)?: (?P<why>.+?)(?:\. preemption:.*|\.?)$", re.S)
_OOM = re.compile(r"OOMKilled")
_EVICTED = re.compile(r"Evicted|The node (?:was low|had condition)[^.]*")
_LOW = re.compile(r"low on resource: (?P<what>[\w-]+)|condition: \[(?P<condition>\w+)\]")
_LOST = re.compile(r"pod deleted|NodeLost|NodeShutdown|Preempt|node is (?:gone|lost)|DisruptionTarget", re.I)
_DEADLINE = re.compile(
    r"DeadlineExceeded|exceeded its deadline|longer than the specified deadline"
    r"|[Mm]ax duration limit exceeded"
    r"|time limit of (?P<limit>[\d.]+ ?s)"
)
_COMMAND = re.compile(
    r'exec: \\?"(?P<command>[^"\\]+)\\?": (?:executable file not found|stat .*no such file|permission denied)'
)
_PIP = re.compile(
    r"(?:No matching distribution found for|Could not find a version that satisfies the requirement)"
    r" (?P<package>[^\s;(]+)"
)
_INSTALL = re.compile(r"Packages could not be installed[.:]* ?(?P<told>.*)")
_PIP_NETWORK = re.compile(
    r"Failed to establish a new connection|Temporary failure in name resolution|ProxyError|SSLError"
)
_DRIVER = re.compile(r"(?:KFP driver: )?driver\.\w+\(.*?\) failed: (?P<why>.+)|KFP driver: (?P<other>.+)")
_LAUNCHER = re.compile(
    r"failed to (?:execute component|publish|initialize): (?P<why>.+)"
    r"|\b[Ff]ailed to (?P<io>upload|download) .*?artifact"
)
_STORE = re.compile(
    r"NoSuchBucket|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|no such host|connection refused|x509"
)
_NO_NEWS = re.compile(r"(?:\w+: )?Error \(exit code|child '|No more retries left|It ended with exit code")
_EXIT_STATUS = re.compile(r"exit status \d+$")
_SIGNALS = {
    139: "it crashed (segmentation fault)",
    134: "it crashed (abort)",
    132: "it crashed (illegal instruction)",
}


def upstream(facts: Facts) -> Cause | None:
    """It never started, because something before it failed."""
    if not facts.upstream or facts.began:
        return None
    return Cause(f"did not start: {facts.upstream} failed", next=f"Look at {facts.upstream} first.")


def image_pull(facts: Facts) -> Cause | None:
    """Its image cannot be had."""
    if facts.search(_PULL) is None:
        return None
    found = facts.search(_IMAGE)
    why = next((words for text, words in _PULL_WHY if facts.search(re.compile(text, re.IGNORECASE))), "")
    image = f" ({found['image']})" if found else ""
    return Cause(
        f"did not start: its image cannot be pulled{image}",
        why,
        "Check the image's name, or ask an admin for access to its registry.",
    )


def missing_object(facts: Facts) -> Cause | None:
    """A Secret, a ConfigMap, a key of one, or a volume claim is not there."""
    key = facts.search(_SECRET_KEY)
    if key is not None:
        name = key["key"] or key["key2"]
        holder = f"{key['kind']} {key['name']}" if key["name"] else "its Secret or ConfigMap"
        return Cause(f"did not start: {holder} has no key {name}", next="Add the key, or correct its name.")
    found = facts.search(_SECRET)
    if found is None:
        return None
    kind = _KINDS[found["kind"].lower()]
    return Cause(
        f"did not start: {kind} {found['name']} is not there",
        "It has to be in the namespace of the run.",
        "Create it, or correct its name.",
    )


def quota(facts: Facts) -> Cause | None:
    """The namespace may use no more, or its limits ask for something."""
    found, must, bounds = facts.search(_QUOTA), facts.search(_MUST), facts.search(_RANGE)
    if found is not None:
        why = f"Asked for {found['asked']}; used {found['used']} of {found['limit']}."
        return Cause(
            f"did not start: quota {found['quota']} is used up",
            why,
            "Wait for other tasks, ask for less, or ask an admin.",
        )
    if must is not None:
        what = must["what"].strip()
        return Cause(
            f"did not start: quota {must['quota']} wants {what}",
            "This namespace takes only tasks that say what they need.",
            "Set them: task.set_cpu_limit(…), task.set_memory_limit(…).",
        )
    if bounds is not None:
        why = f"The {bounds['what']} {bounds['resource']} here is {bounds['bound'].rstrip('.,')}."
        return Cause("did not start: it asks for what this namespace does not give", why, "Ask for less.")
    return None


def unschedulable(facts: Facts) -> Cause | None:
    """No node takes it."""
    found = facts.search(_NODES)
    if found is None:
        return None
    text = re.sub(r"\s+", " ", found["why"]).strip()
    short = re.sub(r"(?:^|(?<=, ))\d+ (?:node\(s\) )?", "", text)
    short = (short[:1].lower() + short[1:]).replace("Insufficient", "insufficient")
    for pattern, words, cure in _PLACES:
        if pattern.search(text):
            return Cause("did not start: no node takes it", f"{words} ({found['free']}: {short}).", cure)
    return Cause("did not start: no node takes it", f"{found['free']}: {short}.", "Ask an admin.")


_WAIT = "Ask for less, or wait."
_PLACES = (
    (re.compile(r"Insufficient \S*(?:gpu|GPU|tpu)"), "No node has a free GPU", _WAIT),
    (re.compile(r"Insufficient memory"), "No node has enough free memory", _WAIT),
    (re.compile(r"Insufficient cpu"), "No node has enough free CPU", _WAIT),
    (re.compile(r"Insufficient ephemeral-storage"), "No node has enough free disk", _WAIT),
    (re.compile(r"Insufficient (?P<other>\S+)"), "No node has enough of what it asks for", _WAIT),
    (
        re.compile(r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim"),
        "Its volume is not ready",
        "Check the volume claim and its storage class.",
    ),
    (
        re.compile(r"volume node affinity conflict"),
        "Its volume is in another zone than the free nodes",
        "Ask an admin.",
    ),
    (
        re.compile(r"didn't match Pod's node affinity|node selector"),
        "No node has the labels it asks for",
        "Check the node selector of the task.",
    ),
    (
        re.compile(r"untolerated taint|had taints? that the pod didn't tolerate"),
        "The free nodes are kept for others",
        "Add a toleration, or ask an admin.",
    ),
)


def out_of_memory(facts: Facts) -> Cause | None:
    """The kernel ended it at its memory limit, or something did with signal 9."""
    cure = "Ask for more: task.set_memory_limit(…)."
    if facts.search(_OOM) is not None:
        return Cause(
            "stopped: out of memory", "It reached its memory limit and was ended (exit code 137).", cure
        )
    if facts.exit_code in (137, -9) and not facts.driver:
        return Cause("stopped: it was killed", "Nearly always that is the memory (exit code 137).", cure)
    return None


def evicted(facts: Facts) -> Cause | None:
    """Its node had to get rid of it, or went away."""
    if facts.search(_EVICTED) is not None:
        low = facts.search(_LOW)
        what = (low["what"] or low["condition"]) if low is not None else ""
        why = f"Its node ran low on {what}." if what else "Its node ran low on something."
        return Cause(
            "stopped: it was evicted", why, "Say what it needs (task.set_memory_request(…)), then retry."
        )
    if facts.search(_LOST) is not None:
        return Cause(
            "stopped: its pod is gone", "The node was drained, lost, or given to others.", "Retry the run."
        )
    return None


def time_limit(facts: Facts) -> Cause | None:
    """It ran longer than allowed."""
    found = facts.search(_DEADLINE)
    if found is None:
        return None
    why = f"Its limit is {found['limit']}." if found["limit"] else ""
    return Cause("stopped: its time limit was over", why, "Give it more time, or less to do.")


def no_command(facts: Facts) -> Cause | None:
    """What it should run is not in its image."""
    found = facts.search(_COMMAND)
    if found is None and facts.exit_code not in (126, 127):
        return None
    command = f" ({found['command']})" if found else ""
    why = "" if found or not facts.last_line else f"Its last line: {facts.last_line}"
    return Cause(
        f"did not start: its command is not in the image{command}",
        why,
        "Check the image and the command; Python components need Python and pip in their image.",
    )


def packages(facts: Facts) -> Cause | None:
    """Packages that it asks for cannot be installed."""
    found, told = facts.find_line(_PIP) or facts.search(_PIP), facts.search(_INSTALL)
    if found is None and told is None:
        return None
    if facts.find_line(_PIP_NETWORK) is not None:
        why = "The package index does not answer from the task."
        return Cause("did not start: packages cannot be installed", why, "Use an image that has them.")
    what = f" ({found['package']})" if found is not None else ""
    why = "The package index has no such version for its Python" if found is not None else ""
    why = why or (clause(told["told"]) if told is not None else "")
    return Cause(
        f"did not start: packages cannot be installed{what}",
        f"{why}." if why else "",
        "Check the names and versions in packages_to_install, or use an image that has them.",
    )


def driver(facts: Facts) -> Cause | None:
    """KFP's preparation of the task failed."""
    if not facts.driver:
        return None
    found = facts.find_line(_DRIVER)
    why = found["why"] or found["other"] if found is not None else facts.message
    return Cause(
        "was not started: KFP could not prepare it", _tail(why), "Retry; if it stays, show an admin."
    )


def launcher(facts: Facts) -> Cause | None:
    """The task's own code is not to blame: KFP could not fetch its inputs or store its outputs."""
    found = facts.find_line(_LAUNCHER)
    if found is None or (found["why"] and _EXIT_STATUS.search(found["why"])):
        return None
    line = found["why"] or found[0]
    io = found["io"] or ("upload" if "upload" in line else "download" if "download" in line else "")
    said = {
        "upload": "ran, but its results could not be stored",
        "download": "did not start: its inputs could not be fetched",
    }.get(io, "stopped: KFP's launcher failed")
    cure = "Check the artifact store of this namespace, or ask an admin."
    store = _STORE.search(" ".join(facts.lines[-30:]))
    return Cause(said, _tail(line), cure if io or store else "Retry; if it stays, show an admin.")


def ended_with(facts: Facts) -> Cause | None:
    """It ended by itself, with a code that is not 0."""
    code = facts.exit_code
    if code in (None, 0):
        return None
    code = 128 - code if code < 0 else code
    if code in _SIGNALS:
        return Cause(
            f"stopped: {_SIGNALS[code]}",
            "Compiled code of a package went wrong.",
            "Try another version of it.",
        )
    if code == 143:
        return Cause(
            "stopped: it was asked to end", "Something sent it SIGTERM (exit code 143).", "Retry the run."
        )
    last = facts.last_line
    return Cause(
        f"stopped: exit code {code}",
        f"Its last line: {last}" if last else "It wrote nothing.",
        "Look at its log.",
    )


def told(facts: Facts) -> Cause | None:
    """KFP or the engine says it in words of its own."""
    if not facts.message or _NO_NEWS.match(facts.message) or facts.exit_code not in (None, 0):
        return None
    text = clause(facts.message)
    plain = text.startswith(("It ", "Its ", "The "))
    return Cause(f"stopped: {text[:1].lower()}{text[1:]}" if plain else f"stopped: {text}")


def _tail(text: str) -> str:
    """The end of a chain of reasons, which says most."""
    line = text.strip().split("\n", 1)[0].strip().rstrip(".")
    parts = line.split(": ")
    while len(parts) > 2 and len(": ".join(parts)) > 160:
        parts.pop(0)
    short = ": ".join(parts)
    return f"{short[:1].upper()}{short[1:300]}." if short else ""
