"""Why no node runs a pod, or a node cannot set it up: resources, volumes, network, devices.

The messages are those of Kubernetes ≥ 1.24; each pattern has a case in the tests.
"""

from __future__ import annotations

import re

from .facts import Cause, Facts, end_of_chain, to_clause

NO_NODE = "no node takes it"
_NODES = re.compile(  # Kubernetes ≥ 1.34: `… . no new claims to deallocate, preemption: …`
    r"(?P<free>0/\d+ nodes)(?: are available)?: (?P<why>.+?)(?:\.[^.:]*\bpreemption:.*|\.?)$", re.S
)


def unschedulable(facts: Facts) -> Cause | None:
    """No node has room for it, or is allowed to run it."""
    match = facts.search(_NODES)
    if match is None:
        return None
    text = re.sub(r"\s+", " ", match["why"]).strip()
    short = re.sub(r"(?:^|(?<=, ))\d+ (?:node\(s\) )?", "", text)
    short = (short[:1].lower() + short[1:]).replace("Insufficient", "insufficient")
    for pattern, words, cure, page in _PLACES:
        if pattern.search(text):
            why = f"{words} ({match['free']}: {short})."
            return Cause("did not start", NO_NODE, why, cure, docs=f"{_CONCEPTS}/{page}/")
    return Cause("did not start", NO_NODE, f"{match['free']}: {short}.", "Ask an admin.")


_WAIT = "Ask for less, or wait."
_CONCEPTS = "https://kubernetes.io/docs/concepts"
_REQUESTS = "configuration/manage-resources-containers"
_VOLUMES = "storage/persistent-volumes"
_NODE_CHOICE = "scheduling-eviction/assign-pod-node"
_PLACES = (
    (re.compile(r"Insufficient \S*(?:gpu|GPU|tpu)"), "No node has a free GPU", _WAIT, _REQUESTS),
    (re.compile(r"Insufficient memory"), "No node has enough free memory", _WAIT, _REQUESTS),
    (re.compile(r"Insufficient cpu"), "No node has enough free CPU", _WAIT, _REQUESTS),
    (re.compile(r"Insufficient ephemeral-storage"), "No node has enough free disk", _WAIT, _REQUESTS),
    (re.compile(r"Insufficient (?P<other>\S+)"), "No node has enough of what it asks for", _WAIT, _REQUESTS),
    (
        re.compile(r"unbound immediate PersistentVolumeClaims|persistentvolumeclaim"),
        "Its volume is not ready",
        "Check the volume claim and its storage class.",
        _VOLUMES,
    ),
    (
        re.compile(r"volume node affinity conflict"),
        "Its volume is in another zone than the free nodes",
        "Ask an admin.",
        _VOLUMES,
    ),
    (
        re.compile(r"didn't match Pod's node affinity|node selector"),
        "No node has the labels it asks for",
        "Check the node selector of the task.",
        _NODE_CHOICE,
    ),
    (
        re.compile(r"untolerated taint|had taints? that the pod didn't tolerate"),
        "The free nodes are kept for others",
        "Add a toleration, or ask an admin.",
        "scheduling-eviction/taint-and-toleration",
    ),
)
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


def volume(facts: Facts) -> Cause | None:
    """A volume is in use on another node, or cannot be mounted."""
    match = facts.search(_ATTACHED)
    if match is not None:
        return Cause(
            "did not start",
            f"volume {match['name']} is in use on another node",
            "It can be attached to one node at a time.",
            "Wait for the other pod, or use a volume with ReadWriteMany.",
        )
    mount = facts.search(_MOUNT)
    if mount is None:
        return None
    listed = facts.search(_UNMOUNTED)
    name = mount["name"] or (listed["names"] if listed is not None else "")
    return Cause(
        "did not start",
        f"its volume cannot be mounted{f' ({name})' if name else ''}",
        f"{to_clause(mount[0])}.",
        "Check the volume claim, or ask an admin.",
        facts.kubectl("describe persistentvolumeclaims"),
        f"{_CONCEPTS}/{_VOLUMES}/",
    )


def sandbox(facts: Facts) -> Cause | None:
    """The node could not create its sandbox or network."""
    match = facts.search(_SANDBOX)
    if match is None:
        return None
    why = "The node has no address left." if facts.search(_NO_ADDRESS) else ""
    why = why or (f"{end_of_chain(match['why'])}." if match["why"] else "")
    return Cause(
        "did not start", "its node could not set it up", why, "Retry the run; if it stays, show an admin."
    )


def device(facts: Facts) -> Cause | None:
    """The resources it needs were taken when it reached its node."""
    match = facts.search(_DEVICE)
    if match is None:
        return None
    allocation = facts.search(_ALLOCATE)
    if allocation is not None:
        text = to_clause(allocation["why"]).removesuffix(", which is unexpected")
        why = f"{text[:1].upper()}{text[1:]}."
    else:
        why = f"The node has no {match['out'].removeprefix('OutOf')} left." if match["out"] else ""
    return Cause("did not start", "its node no longer had what it asks for", why, "Retry the run.")
