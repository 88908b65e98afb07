"""What Kubernetes, Argo and KFP say when they end a task or do not start it, in words."""

from __future__ import annotations

import re

from .facts import Cause, Facts, clause
from .python import SHARED, SHARED_CURE

_PULL = re.compile(r"ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName|Failed to pull image")
_IMAGE = re.compile(r"""(?:image reference|image|manifest for|for image)\s+\\?["“](?P<image>[^"”\\]+)""")
_PULL_WHY = (
    (
        r"unauthorized|authentication required|denied|403 Forbidden|no basic auth",
        "The registry refuses the account.",
    ),
    (r"Unable to retrieve some image pull secrets", "The secret for its registry is not there."),
    (
        r"no match(?:ing manifest)? for (?:platform|\S+/\S+) in",
        "It is not there for the processor of the node.",
    ),
    (r"no space left on device", "The disk of the node is full."),
    (r"x509|server gave HTTP response", "The registry is not trusted by the node."),
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
_OVER_DISK = re.compile(
    r"ephemeral local storage usage exceeds[^\n]*? (?P<limit>\d\S*?)\.?(?:\s|$)"
    r'|exceeded its local ephemeral storage limit \\?"(?P<own>[^"\\]+)'
    r'|Usage of EmptyDir volume \\?"[^"\\]+\\?" exceeds the limit \\?"(?P<folder>[^"\\]+)'
)
_PRESSURES = {"DiskPressure": "disk", "MemoryPressure": "memory", "PIDPressure": "process ids"}
_PREEMPTED = re.compile(r"Preempt(?:ed|ing|ionByScheduler)|higher priority pod")
_LOW = re.compile(r"low on resource: (?P<what>[\w-]+)|condition: \[(?P<condition>\w+)\]")
_LOST = re.compile(
    r"pod (?:deleted|termination)|NodeLost|node shutdown|NodeShutdown|node is (?:gone|lost)|DisruptionTarget"
    r"|DeletionByTaintManager|EvictionByEvictionAPI|DeletionByPodGC|TerminationByKubelet"
    r"|which was running pod .* is unresponsive|node not found",
    re.I,
)
_DEADLINE = re.compile(
    r"DeadlineExceeded|exceeded its deadline|longer than the specified deadline"
    r"|[Mm]ax duration limit exceeded"
    r"|time limit of (?P<limit>[\d.]+ ?s)"
)
_SHUTDOWN = re.compile(r"workflow shutdown with strategy|[Ss]topped with strategy")
_COMMAND = re.compile(
    r'exec: \\?"(?P<command>[^"\\]+)\\?": (?:executable file not found|stat .*no such file|permission denied)'
)
_ELSEWHERE = re.compile(
    r"^(?:panic: (?P<go>.+)|Error in (?P<r>.+)"
    r'|Exception in thread "[^"]*" (?P<java>.+))$'
)
_NO_NEWS = re.compile(r"(?:\w+: )?Error \(exit code|child '|No more retries left|It ended with exit code")
_SIGNALS = {
    135: "it crashed (bus error)",
    136: "it crashed (floating point error)",
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
    """Its node had to get rid of it."""
    full = facts.search(_OVER_DISK)
    if full is not None:
        limit = full["limit"] or full["own"] or full["folder"]
        return Cause(
            "stopped: it was evicted",
            f"It wrote more than {limit} to the disk of its node.",
            "Write to an output of the task or a volume, or ask for more: ephemeral-storage.",
        )
    if facts.search(_EVICTED) is not None:
        low = facts.search(_LOW)
        what = (low["what"] or low["condition"]) if low is not None else ""
        what = _PRESSURES.get(what, what)
        why = f"Its node ran low on {what or 'something'}."
        cure = "Say what it needs (task.set_memory_request(…)), then retry."
        return Cause("stopped: it was evicted", why, "Retry the run." if what == "disk" else cure)
    return None


def preempted(facts: Facts) -> Cause | None:
    """It gave way to something more important."""
    if facts.search(_PREEMPTED) is None:
        return None
    return Cause(
        "stopped: it gave way to something more important",
        "Pods of higher priority needed its place.",
        "Retry the run, or ask an admin for another priority.",
    )


def lost(facts: Facts) -> Cause | None:
    """Its node went away under it."""
    if facts.search(_LOST) is None:
        return None
    return Cause(
        "stopped: its pod is gone", "The node was drained, lost, or given to others.", "Retry the run."
    )


def terminated(facts: Facts) -> Cause | None:
    """Somebody stopped the run."""
    if facts.search(_SHUTDOWN) is None:
        return None
    return Cause("stopped: the run was terminated", "", "Retry goes on from here.")


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


def raised_elsewhere(facts: Facts) -> Cause | None:
    """An error of another language: Go, Java, R."""
    found = facts.find_line(_ELSEWHERE)
    if found is None or facts.exit_code == 0:
        return None
    text = next(filter(None, found.groups()))
    return Cause(f"stopped: {clause(text)}", "", "Look at its log.")


def ended_with(facts: Facts) -> Cause | None:
    """It ended by itself, with a code that is not 0."""
    code = facts.exit_code
    if code in (None, 0):
        return None
    code = 128 - code if code < 0 else code
    if code in _SIGNALS:
        if code == 135:
            return Cause(
                f"stopped: {_SIGNALS[code]}",
                f"Nearly always that is full shared memory. {SHARED}",
                SHARED_CURE,
            )
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
