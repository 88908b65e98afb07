"""Python exceptions in a log: which one, where, and what it means for a task."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .facts import Cause, Facts, to_clause
from .packages import find_package

_HEAD = re.compile(r"(?:Exception Group )?Traceback \(most recent call last\):$")
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_RAISED = re.compile(r"(?:[\w.<>]+\.)?(?P<kind>[A-Za-z_]\w*)(?:: ?(?P<text>.*))?$")
_GROUP = re.compile(r"\s*[|+] ?")
_FOREIGN = re.compile(r"/(?:site|dist)-packages/|/lib/python\d|^<")
_PATH = re.compile(r"""\[Errno \d+\] [^:]+: b?['"](?P<path>.+?)['"]$""")
_MODULE = re.compile(r"No module named '(?P<name>[^']+)'")
_WRITING = re.compile(
    r"""["'][wax]b?\+?["']|\.to_(?:csv|parquet|json|pickle|excel)\(|\.write_(?:text|bytes)\(|\bmkdir\("""
)
SHARED = "A container has 64 MiB of shared memory (/dev/shm)."
SHARED_CURE = "Use fewer workers (num_workers=0), or mount memory at /dev/shm."
_AFTER = 40  # lines that may follow the traceback that ended the task


class Frame(NamedTuple):
    """One frame of a traceback."""

    file: str
    line: int
    function: str
    code: str

    @property
    def text(self) -> str:
        """The frame as a sentence."""
        name = self.file.rpartition("/")[2]
        where = f"line {self.line} of {name}"
        where = (
            f"In {self.function}, {where}" if self.function not in ("", "<module>") else where.capitalize()
        )
        return f"{where}: {self.code}" if self.code else f"{where}."


class Raised(NamedTuple):
    """The exception that ended a task."""

    kind: str
    text: str
    place: str

    @property
    def line(self) -> str:
        """The exception as Python writes it."""
        return f"{self.kind}: {self.text}" if self.text else self.kind


def find_exception(lines: Sequence[str]) -> Raised | None:
    """Return the exception that a log ends with, None if it ends with something else.

    Only the last traceback counts. The first line after its frames that is not indented is the exception; if
    many lines follow, the program caught it and went on.
    """
    plain = list(lines)
    if any("Exception Group Traceback" in line for line in plain):
        plain = [_GROUP.sub("", line, count=1) for line in plain]
    heads = [index + 1 for index, line in enumerate(plain) if _HEAD.search(line)]
    if not heads:  # it may be cut off: begin with the first frame
        heads = [index for index, line in enumerate(plain) if _FRAME.match(line)][:1]
    if not heads:
        return None
    frames: list[Frame] = []
    for index in range(heads[-1], len(plain)):
        line = plain[index]
        frame = _FRAME.match(line)
        if frame is not None:
            code = plain[index + 1].strip() if index + 1 < len(plain) else ""
            code = "" if _FRAME.match(f"  {code}") or not plain[index + 1 :][:1] else code
            frames.append(Frame(frame["file"], int(frame["line"]), frame["function"] or "", code[:120]))
        elif not line.startswith((" ", "\t")):
            raised = _RAISED.match(line)
            if raised is None or len(plain) - index > _AFTER:
                return None
            return Raised(raised["kind"], raised["text"] or "", _locate(frames))
    return None


def _locate(frames: Sequence[Frame]) -> str:
    """Return the innermost frame in the user's own code."""
    own = [frame for frame in frames if not _FOREIGN.search(frame.file)]
    known = own or [frame for frame in frames if "/kfp/dsl/" not in frame.file and frame.file[:1] != "<"]
    return known[-1].text if known else ""


def python_error(facts: Facts) -> Cause | None:
    """It raised a Python exception."""
    raised = find_exception(facts.lines)
    if raised is None:
        return None
    return cause_of(raised)


def cause_of(raised: Raised) -> Cause:
    """Return what an exception means for a task."""
    word = _WORDS.get(raised.kind)
    return (word(raised) if word else None) or Cause("stopped", to_clause(raised.line), raised.place)


def _file(raised: Raised) -> Cause:
    match = _PATH.search(raised.text)
    if match and _WRITING.search(raised.place):
        folder = match["path"].rpartition("/")[0] or "/"
        cure = "Make it first, or write to an output of the task."
        return Cause("stopped", f"the folder {folder} is not there", raised.place, cure)
    what = f"file not found ({match['path']})" if match else "file not found"
    return Cause(
        "stopped",
        what,
        "Files of this notebook are not in the task.",
        "Send it with the run, or read it from a store.",
    )


def _folder(raised: Raised) -> Cause:
    match = _PATH.search(raised.text)
    what = f" ({match['path']})" if match else ""
    return Cause("stopped", f"a folder is where a file was expected{what}", raised.place)


def _permission(raised: Raised) -> Cause:
    match = _PATH.search(raised.text)
    what = match["path"] if match else "a file"
    return Cause(
        "stopped",
        f"no right to use {what}",
        raised.place,
        "Write below /tmp or to an output of the task; images often run without root.",
    )


def _module(raised: Raised) -> Cause | None:
    match = _MODULE.search(raised.text)
    if match is None:
        return None  # an import of a name that the module does not have: its own words say it
    module = match["name"]
    package = find_package(module)
    cure = (
        "If it is yours, put it into the function or an image; else add its package to packages_to_install."
    )
    return Cause(
        "stopped",
        f"the module {module} is not there",
        "A task has only the packages of its image and of its component.",
        f'Add it: @dsl.component(packages_to_install=["{package}"]).' if package else cure,
    )


def _memory(raised: Raised) -> Cause:
    return Cause(
        "stopped",
        "out of memory",
        raised.place,
        "Work on smaller parts, or ask for more: task.set_memory_limit(…).",
    )


def _key(raised: Raised) -> Cause:
    name = raised.text.strip("'\"")
    return Cause(
        "stopped",
        f"“{name}” is not there" if name else "a key is not there",
        raised.place,
        "Check the names of columns, keys and parameters.",
    )


def _name(raised: Raised) -> Cause:
    return Cause(
        "stopped",
        to_clause(raised.text),
        raised.place,
        "A task sees only its own function: imports and helpers belong inside.",
    )


def _assertion(raised: Raised) -> Cause:
    said = to_clause(raised.line) if raised.text else "an assertion does not hold"
    return Cause("stopped", said, raised.place)


def _syntax(raised: Raised) -> Cause:
    return Cause("did not start", f"its code is not Python ({to_clause(raised.text)})", raised.place)


def _disk(raised: Raised) -> Cause | None:
    path = _PATH.search(raised.text)
    if "Errno 30" in raised.text and path is not None:
        cure = "Write below /tmp or to an output of the task."
        if _FOREIGN.search(path["path"]):
            cure = "Name packages in packages_to_install: a task cannot change those of the server."
        return Cause("stopped", f"{path['path']} can only be read", raised.place, cure)
    if "Errno 28" not in raised.text:
        return None
    return Cause(
        "stopped", "no space left on its disk", raised.place, "Write less, or mount a larger volume."
    )


def _network(raised: Raised) -> Cause:
    return Cause(
        "stopped",
        f"no connection ({to_clause(raised.text) or raised.kind})",
        raised.place,
        "Check the address; tasks may not reach everything this notebook reaches.",
    )


def _gpu(raised: Raised) -> Cause | None:
    if re.search(r"out of memory|OOM when allocating", raised.text) is None:
        return _no_gpu(raised)
    return Cause(
        "stopped",
        "out of GPU memory",
        raised.place or to_clause(raised.text),
        "Use smaller batches or a smaller model, or ask for a larger GPU.",
    )


def _no_gpu(raised: Raised) -> Cause | None:
    if re.search(r"DataLoader worker .* (?:Bus error|shared memory)", raised.text):
        return Cause(
            "stopped",
            "out of shared memory",
            SHARED,
            SHARED_CURE,
        )
    if re.search(r"No CUDA GPUs are available|Found no NVIDIA driver", raised.text) is None:
        return None
    return Cause(
        "stopped",
        "it has no GPU",
        raised.place,
        "Ask for one: task.set_accelerator_type(…).set_accelerator_limit(1).",
    )


def _no_credentials(raised: Raised) -> Cause:
    return Cause(
        "stopped",
        "it has no credentials for its store",
        raised.place,
        "Give it a secret: kubernetes.use_secret_as_env(task, …).",
    )


def _access_error(raised: Raised) -> Cause | None:
    """A store, a web service or Kubernetes denied access."""
    if re.search(r"AccessDenied|Forbidden|\b403\b|InvalidAccessKeyId|SignatureDoesNotMatch", raised.text):
        cure = "Check the rights of the credentials that it has, or of its service account."
        return Cause("stopped", f"access was denied ({to_clause(raised.text)})", raised.place, cure)
    if re.search(r"Unauthorized|\b401\b", raised.text):
        return Cause(
            "stopped",
            f"it is not signed in ({to_clause(raised.text)})",
            raised.place,
            "Check its credentials.",
        )
    return None


_WORDS: dict[str, Callable[[Raised], Cause | None]] = {
    "FileNotFoundError": _file,
    "IsADirectoryError": _folder,
    "PermissionError": _permission,
    "ModuleNotFoundError": _module,
    "ImportError": _module,
    "MemoryError": _memory,
    "KeyError": _key,
    "NameError": _name,
    "UnboundLocalError": _name,
    "AssertionError": _assertion,
    "SyntaxError": _syntax,
    "IndentationError": _syntax,
    "OSError": _disk,
    "OutOfMemoryError": _gpu,
    "ResourceExhaustedError": _gpu,
    "RuntimeError": _gpu,
    "NoCredentialsError": _no_credentials,
    "PartialCredentialsError": _no_credentials,
    "ClientError": _access_error,
    "HTTPError": _access_error,
    "ApiException": _access_error,
    "S3Error": _access_error,
    "URLError": _network,
    "gaierror": _network,
    "ConnectionError": _network,
    "ConnectionRefusedError": _network,
    "ConnectionResetError": _network,
    "ConnectTimeout": _network,
    "EndpointConnectionError": _network,
    "TimeoutError": _network,
    "ReadTimeout": _network,
    "SSLError": _network,
    "SSLCertVerificationError": _network,
    "ProxyError": _network,
    "MaxRetryError": _network,
}
