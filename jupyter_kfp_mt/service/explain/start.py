"""Why a container does not start on its node: images, missing objects, users, the container runtime.

The messages are those of Kubernetes ≥ 1.24, containerd and Argo ≥ 3.3; each pattern has a case in the tests.
"""

from __future__ import annotations

import re
from shlex import quote

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
_PULL_RIGHTS = ("The registry refuses the account.", "The secret for its registry is not there.")
_IMAGES = "https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff"
_PRIVATE_IMAGES = "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/"
_SECRET = re.compile(
    r"""(?P<kind>secret|configmap|persistentvolumeclaim)s? \\?"(?P<name>[^"\\]+)\\?" not found""", re.I
)
_SECRET_KEY = re.compile(
    r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) [^/\s]+/(?P<name>[^\s,;]+)"
    r"|references non-existent (?P<what>secret|config) key: (?P<key2>[^\s,;]+)"
)
_KINDS = {"secret": "Secret", "configmap": "ConfigMap", "persistentvolumeclaim": "Volume claim"}
_CREATE = {
    "secret": "create secret generic {name} --from-literal=KEY=VALUE",
    "configmap": "create configmap {name} --from-literal=KEY=VALUE",
    "persistentvolumeclaim": "get persistentvolumeclaims",
}
_CONFIGURATION = "https://kubernetes.io/docs/concepts/configuration"
_OBJECTS = {
    "secret": f"{_CONFIGURATION}/secret/",
    "configmap": f"{_CONFIGURATION}/configmap/",
    "persistentvolumeclaim": "https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
}
_COMMAND = re.compile(
    r'exec: \\?"(?P<command>[^"\\]+)\\?": '
    r"(?:executable file not found|stat .*no such file|(?P<denied>permission denied))"
)
_LAUNCHED = re.compile(  # Go's os/exec, in the launcher and in Argo's emissary
    r"(?:failed to execute component|failed to find name in PATH): "
    r'(?:exec: "(?P<name>[^"]+)": '
    r"(?:executable file not found|stat .*no such file|(?P<denied>permission denied))"
    r"|fork/exec (?P<path>\S+): (?:no such file or directory|(?P<refused>permission denied)))"
)
_SHELL = re.compile(
    r"^(?:/\S*/)?(?:ba|da|z|a|k)?sh: (?:line )?(?:\d+: )?(?P<command>[^\s:]+): "
    r"(?:command not found|not found|No such file or directory|(?P<denied>Permission denied))$"
)
_PYTHON = re.compile(r"(?:.*/)?(?:python|pip)[\d.]*")


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
        docs=_PRIVATE_IMAGES if why in _PULL_RIGHTS else _IMAGES,
    )


def missing_object(facts: Facts) -> Cause | None:
    """A Secret, a ConfigMap, a key of one, or a volume claim does not exist."""
    key = facts.search(_SECRET_KEY)
    if key is not None:
        name = key["key"] or key["key2"]
        holder = f"{key['kind']} {key['name']}" if key["name"] else "its Secret or ConfigMap"
        kind = "configmap" if "onfig" in (key["kind"] or key["what"]) else "secret"
        return Cause(
            "did not start",
            f"{holder} has no key {name}",
            next="Add the key, or correct its name.",
            command=facts.kubectl(f"describe {kind} {quote(key['name'])}") if key["name"] else "",
            docs=_OBJECTS[kind],
        )
    match = facts.search(_SECRET)
    if match is None:
        return None
    kind = match["kind"].lower()
    return Cause(
        "did not start",
        f"{_KINDS[kind]} {match['name']} is not there",
        "It has to be in the namespace of the run.",
        "Create it, or correct its name.",
        facts.kubectl(_CREATE[kind].format(name=quote(match["name"]))),
        _OBJECTS[kind],
    )


def no_command(facts: Facts) -> Cause | None:
    """Its command is not in its image."""
    match = facts.search(_COMMAND)
    if match is not None:
        return _name_command("did not start", match["command"], denied=match["denied"] is not None)
    launched = facts.find_line(_LAUNCHED)
    if launched is not None:
        denied = launched["denied"] or launched["refused"]
        return _name_command("did not start", launched["name"] or launched["path"], denied=bool(denied))
    if facts.exit_code not in (126, 127):
        return None
    shell = _SHELL.match(facts.last_line)
    if shell is not None:
        return _name_command("stopped", shell["command"], denied=shell["denied"] is not None)
    why = f"Its last line: {facts.last_line}" if facts.last_line else ""
    return Cause("stopped", f"a command was not found (exit code {facts.exit_code})", why, _COMMAND_CURE)


_COMMAND_CURE = "Correct its name, or use an image that has it."


def _name_command(outcome: str, command: str, *, denied: bool) -> Cause:
    if denied:
        why = "It is there, but it may not be executed."
        return Cause(outcome, f"no right to run {command}", why, "Make it executable in the image: chmod +x.")
    if _PYTHON.fullmatch(command):
        cure = "Use an image with Python and pip: Python components need them."
        return Cause(outcome, f"the image has no {command}", "", cure)
    return Cause(outcome, f"the image has no {command}", "", _COMMAND_CURE)


_AS_ROOT = re.compile(r"runAsNonRoot and image (?:will run as root|has non-numeric user)")
_MACHINE = re.compile(r"exec (?:user process caused[^\n]*|\S+): \"?exec format error")
_RUNTIME = re.compile(
    r"(?:failed to create (?:containerd |shim )?task|OCI runtime create failed"
    r"|failed to create containerd container|failed to start container)[^\n]*"
)
_STATES = re.compile(
    r"^(?:CreateContainerError|RunContainerError|ContainerCannotRun|StartError): (?P<why>[^\n]+)",
    re.M,
)
_CONFIGURED = re.compile(r"^CreateContainerConfigError: (?P<why>[^\n]+)", re.M)
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
        docs="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
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


def not_configured(facts: Facts) -> Cause | None:
    """Its container cannot be made as its pod says, for a reason that no other rule knows."""
    match = facts.search(_CONFIGURED)
    if match is None:
        return None
    return Cause(
        "did not start",
        "its container cannot be made as the pipeline says",
        f"{end_of_chain(match['why'])}.",
        "Correct what it says of the task's environment, volumes or user, or show an admin.",
    )
