"""Why a pod was not let in, or could not be started: what admission, kubelet and runtime say, in words.

Messages are those of Kubernetes ≥ 1.24, containerd and Argo ≥ 3.3; each pattern has a case in the tests.
"""

from __future__ import annotations

import re

from .facts import Cause, Facts, clause

_ASK = "Show an admin what it says."
_SECURITY = re.compile(
    r'violates PodSecurity \\?"(?P<level>[^"\\\n]+)\\?": (?P<why>[^\n]+)'
    r"|unable to validate against any (?:security context constraint|pod security policy): (?P<scc>[^\n]+)"
)
_WEBHOOK = re.compile(
    r'admission webhook \\?"(?P<name>[^"\\\n]+)\\?" denied the request(?:: (?P<why>[^\n]+))?'
)
_WEBHOOK_DOWN = re.compile(
    r'failed calling webhook \\?"(?P<name>[^"\\\n]+)\\?"'
    r'|admission plugin \\?"(?P<plugin>[^"\\\n]+)\\?" failed'
)
_NO_ACCOUNT = re.compile(
    r'error looking up service account [^:]+: serviceaccount \\?"(?P<name>[^"\\\n]+)\\?" not'
)
_NO_RIGHT = re.compile(
    r'User \\?"system:serviceaccount:(?P<account>[^"\\\n]+)\\?" cannot (?P<verb>\S+) resource'
    r' \\?"(?P<what>[^"\\\n]+)\\?"'
    r"|verify serviceaccount (?P<verified>\S+) has necessary"
)
_TOO_LARGE = re.compile(
    r"argument list too long|etcdserver: request is too large|trying to send message larger than max"
    r"|received message larger than max|Request entity too large"
)
_TOO_LONG = re.compile(r"\bexec \S+: argument list too long")
_AS_ROOT = re.compile(r"runAsNonRoot and image (?:will run as root|has non-numeric user)")
_ATTACHED = re.compile(r'Multi-Attach error for volume \\?"(?P<name>[^"\\\n]+)')
_MOUNT = re.compile(
    r"(?:Unable to (?:attach or )?mount volumes|unmounted volumes=\[(?P<names>[^\]\n]*)\]"
    r'|MountVolume\.\w+ failed for volume \\?"(?P<name>[^"\\\n]+)\\?"|AttachVolume\.Attach failed)[^\n]*'
)
_UNMOUNTED = re.compile(r"unmounted volumes=\[(?P<names>[^\]\n]*)\]")
_SANDBOX = re.compile(r"[Ff]ailed to create pod (?:network )?sandbox: (?P<why>[^\n]+)|FailedCreatePodSandBox")
_NO_ADDRESS = re.compile(r"assign an IP address|no IP addresses available|range is full")
_DEVICE = re.compile(
    r"UnexpectedAdmissionError"
    r"|(?P<out>OutOf(?:cpu|memory|pods|ephemeral-storage|nvidia\.com/gpu))\b|NodeAffinity: Pod was rejected"
)
_ALLOCATE = re.compile(r"Allocate failed due to (?P<why>[^\n]+)")
_MACHINE = re.compile(r"exec (?:user process caused[^\n]*|\S+): \"?exec format error")
_RUNTIME = re.compile(
    r"(?:failed to create (?:containerd |shim )?task|OCI runtime create failed"
    r"|failed to create containerd container|failed to start container)[^\n]*"
)
_STATES = re.compile(
    r"^(?:CreateContainer(?:Config)?Error|RunContainerError|ContainerCannotRun|StartError): (?P<why>[^\n]+)",
    re.M,
)
_NOT_ACCEPTED = re.compile(
    r'(?:[Pp]ods? \\?"[^"\\\n]+\\?" is (?:forbidden|invalid)|Pod was rejected): (?P<why>[^\n]+)'
)
_GPU_DRIVER = re.compile(r"nvidia-container-cli: (?P<why>[^\n]+?)(?::? ?unknown)?$", re.MULTILINE)
_RUNTIME_OOM = re.compile(r"init was OOM-killed|cannot allocate memory")


def refused(facts: Facts) -> Cause | None:
    """A rule of the cluster does not let its pod in."""
    found = facts.search(_SECURITY)
    if found is not None:
        why = clause(found["why"] or found["scc"])
        level = f" (PodSecurity “{found['level']}”)" if found["level"] else ""
        return Cause(
            "did not start: the cluster's security rules forbid its pod",
            f"{why}{level}.",
            "Ask an admin to relax the rules of this namespace for runs.",
        )
    found = facts.search(_WEBHOOK)
    if found is None:
        return None
    why = f"{clause(found['why'])}." if found["why"] else ""
    return Cause(f"did not start: a rule of the cluster forbids it ({found['name']})", why, _ASK)


def webhook_down(facts: Facts) -> Cause | None:
    """What checks pods before they come in does not answer."""
    found = facts.search(_WEBHOOK_DOWN)
    if found is None:
        return None
    return Cause(
        "did not start: the cluster could not check its pod",
        f"{found['name'] or found['plugin']} does not answer.",
        "Retry the run; if it stays, show an admin.",
    )


def account(facts: Facts) -> Cause | None:
    """The account that the run works as is not there, or lacks a right that each step needs."""
    found = facts.search(_NO_ACCOUNT)
    if found is not None:
        return Cause(
            f"did not start: service account {found['name']} is not there",
            "Runs of this namespace work as it.",
            "Choose another service account for the run, or ask an admin to create it.",
        )
    denied = facts.search(_NO_RIGHT)
    if denied is None:
        return None
    name = (denied["account"] or denied["verified"]).rpartition(":")[2]
    right = f"{denied['verb']} {denied['what']}" if denied["what"] else "report its results"
    return Cause(
        f"stopped: service account {name} may not {right}",
        "It lacks a right that steps of a run need.",
        "Choose another service account for the run, or ask an admin for the right.",
    )


def too_large(facts: Facts) -> Cause | None:
    """What is handed to it, or the whole run, is larger than the cluster takes."""
    if facts.search(_TOO_LARGE) is None and facts.find_line(_TOO_LONG) is None:
        return None
    return Cause(
        "did not start: what it is given is too large",
        "Parameters travel in the pod itself; a few hundred KiB are the limit.",
        "Hand large values over as artifacts, or split the pipeline.",
    )


def runs_as_root(facts: Facts) -> Cause | None:
    """Its image wants to be root, and this namespace has none."""
    if facts.search(_AS_ROOT) is None:
        return None
    return Cause(
        "did not start: its image runs as root",
        "This namespace runs no container as root.",
        "Use an image whose USER is a number other than 0.",
    )


def volume(facts: Facts) -> Cause | None:
    """A volume of it is in use elsewhere, or does not come."""
    found = facts.search(_ATTACHED)
    if found is not None:
        return Cause(
            f"did not start: volume {found['name']} is in use on another node",
            "It can be attached to one node at a time.",
            "Wait for the other pod, or use a volume with ReadWriteMany.",
        )
    mount = facts.search(_MOUNT)
    if mount is None:
        return None
    listed = facts.search(_UNMOUNTED)
    name = mount["name"] or (listed["names"] if listed is not None else "")
    return Cause(
        f"did not start: its volume cannot be mounted{f' ({name})' if name else ''}",
        f"{clause(mount[0])}.",
        "Check the volume claim, or ask an admin.",
    )


def sandbox(facts: Facts) -> Cause | None:
    """The node could not give it a place and a network."""
    found = facts.search(_SANDBOX)
    if found is None:
        return None
    why = "The node has no address left." if facts.search(_NO_ADDRESS) else ""
    why = why or (f"{_last(found['why'])}." if found["why"] else "")
    return Cause(
        "did not start: its node could not set it up", why, "Retry the run; if it stays, show an admin."
    )


def device(facts: Facts) -> Cause | None:
    """The node it was sent to had given away what it needs."""
    found = facts.search(_DEVICE)
    if found is None:
        return None
    told = facts.search(_ALLOCATE)
    if told is not None:
        text = clause(told["why"]).removesuffix(", which is unexpected")
        why = f"{text[:1].upper()}{text[1:]}."
    else:
        why = f"The node has no {found['out'].removeprefix('OutOf')} left." if found["out"] else ""
    return Cause("did not start: its node no longer had what it asks for", why, "Retry the run.")


def wrong_machine(facts: Facts) -> Cause | None:
    """Its image is for another kind of processor."""
    if facts.find_line(_MACHINE) is None and facts.search(_MACHINE) is None:
        return None
    return Cause(
        "did not start: its image is for another kind of processor",
        "Such as an arm64 image on amd64 nodes.",
        "Build it for the nodes: docker build --platform linux/amd64 …",
    )


def runtime(facts: Facts) -> Cause | None:
    """The container runtime of its node could not start it."""
    found = facts.search(_RUNTIME) or facts.search(_STATES)
    if found is None:
        return None
    if facts.search(_RUNTIME_OOM) is not None:
        return Cause(
            "did not start: out of memory",
            "Its memory limit is too low even to begin.",
            "Ask for more: task.set_memory_limit(…).",
        )
    driver = facts.search(_GPU_DRIVER)
    if driver is not None:
        return Cause(
            "did not start: the GPU of its node does not work",
            f"{clause(driver['why'])}.",
            "Retry the run; if it stays, show an admin.",
        )
    return Cause("did not start: its node could not start the container", f"{_last(found[0])}.", _ASK)


def not_accepted(facts: Facts) -> Cause | None:
    """The cluster does not take its pod, for a reason that has no words of ours."""
    found = facts.search(_NOT_ACCEPTED)
    if found is None:
        return None
    why = clause(found["why"])
    return Cause("did not start: the cluster does not take its pod", f"{why[:1].upper()}{why[1:]}.", _ASK)


def _last(text: str) -> str:
    """The end of a chain of reasons."""
    parts = [part.strip() for part in clause(text).split(": ") if part.strip() not in ("", "unknown")]
    end = ": ".join(parts[-2:])
    return f"{end[:1].upper()}{end[1:]}"
