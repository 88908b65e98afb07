"""Why a container does not start on its node: images, missing objects, users, the container runtime.

The messages are those of Kubernetes ≥ 1.24, containerd and Argo ≥ 3.3; each pattern has a case in the tests.
"""

from __future__ import annotations

import re

from .facts import ASK_ADMIN, Cause, Facts, end_of_chain, to_clause

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
_COMMAND = re.compile(
    r'exec: \\?"(?P<command>[^"\\]+)\\?": (?:executable file not found|stat .*no such file|permission denied)'
)


def image_pull(facts: Facts) -> Cause | None:
    """Its image cannot be pulled."""
    if facts.search(_PULL) is None:
        return None
    match = facts.search(_IMAGE)
    why = next((words for text, words in _PULL_WHY if facts.search(re.compile(text, re.IGNORECASE))), "")
    image = f" ({match['image']})" if match else ""
    return Cause(
        "did not start",
        f"its image cannot be pulled{image}",
        why,
        "Check the image's name, or ask an admin for access to its registry.",
    )


def missing_object(facts: Facts) -> Cause | None:
    """A Secret, a ConfigMap, a key of one, or a volume claim does not exist."""
    key = facts.search(_SECRET_KEY)
    if key is not None:
        name = key["key"] or key["key2"]
        holder = f"{key['kind']} {key['name']}" if key["name"] else "its Secret or ConfigMap"
        return Cause("did not start", f"{holder} has no key {name}", next="Add the key, or correct its name.")
    match = facts.search(_SECRET)
    if match is None:
        return None
    kind = _KINDS[match["kind"].lower()]
    return Cause(
        "did not start",
        f"{kind} {match['name']} is not there",
        "It has to be in the namespace of the run.",
        "Create it, or correct its name.",
    )


def no_command(facts: Facts) -> Cause | None:
    """Its command is not in its image."""
    match = facts.search(_COMMAND)
    if match is None and facts.exit_code not in (126, 127):
        return None
    command = f" ({match['command']})" if match else ""
    why = "" if match or not facts.last_line else f"Its last line: {facts.last_line}"
    return Cause(
        "did not start",
        f"its command is not in the image{command}",
        why,
        "Check the image and the command; Python components need Python and pip in their image.",
    )


_AS_ROOT = re.compile(r"runAsNonRoot and image (?:will run as root|has non-numeric user)")
_MACHINE = re.compile(r"exec (?:user process caused[^\n]*|\S+): \"?exec format error")
_RUNTIME = re.compile(
    r"(?:failed to create (?:containerd |shim )?task|OCI runtime create failed"
    r"|failed to create containerd container|failed to start container)[^\n]*"
)
_STATES = re.compile(
    r"^(?:CreateContainer(?:Config)?Error|RunContainerError|ContainerCannotRun|StartError): (?P<why>[^\n]+)",
    re.M,
)
_GPU_DRIVER = re.compile(r"nvidia-container-cli: (?P<why>[^\n]+?)(?::? ?unknown)?$", re.MULTILINE)
_RUNTIME_OOM = re.compile(r"init was OOM-killed|cannot allocate memory")


def runs_as_root(facts: Facts) -> Cause | None:
    """Its image runs as root, which this namespace forbids."""
    if facts.search(_AS_ROOT) is None:
        return None
    return Cause(
        "did not start",
        "its image runs as root",
        "This namespace runs no container as root.",
        "Use an image whose USER is a number other than 0.",
    )


def wrong_machine(facts: Facts) -> Cause | None:
    """Its image is for another processor architecture."""
    if facts.find_line(_MACHINE) is None and facts.search(_MACHINE) is None:
        return None
    return Cause(
        "did not start",
        "its image is for another kind of processor",
        "Such as an arm64 image on amd64 nodes.",
        "Build it for the nodes: docker build --platform linux/amd64 …",
    )


def runtime(facts: Facts) -> Cause | None:
    """The container runtime could not start it."""
    match = facts.search(_RUNTIME) or facts.search(_STATES)
    if match is None:
        return None
    if facts.search(_RUNTIME_OOM) is not None:
        return Cause(
            "did not start",
            "out of memory",
            "Its memory limit is too low even to begin.",
            "Ask for more: task.set_memory_limit(…).",
        )
    driver = facts.search(_GPU_DRIVER)
    if driver is not None:
        return Cause(
            "did not start",
            "the GPU of its node does not work",
            f"{to_clause(driver['why'])}.",
            "Retry the run; if it stays, show an admin.",
        )
    return Cause(
        "did not start", "its node could not start the container", f"{end_of_chain(match[0])}.", ASK_ADMIN
    )
