"""Reads the texts of pipelines: large ones in a process of its own, which can be limited and stopped.

A text of a million values takes seconds of a processor, and a thread of the server would take them from
everybody else's calls. `python -m jupyter_kfp_mt.embedded.core.reader` reads one from its standard input.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import threading

import msgspec

from ..environment import make_task_environment
from ..errors import UNAVAILABLE, ApiError, invalid_input
from .packages import Template, read_spec, read_template

LARGE = 128 * 1024  # bytes; starting a process takes as long as reading so many
_SECONDS = 120  # of a processor
_MEMORY = 4 << 30  # bytes of addresses: the largest text takes a tenth
_NICE = 10  # the calls of others come first


class _Outcome(msgspec.Struct, frozen=True):
    """What the process says: a template, or the error of which its fields are."""

    wire: bytes = b""
    text: str = ""
    parameters: list[dict[str, str]] = []
    error: tuple[int, str, str] | None = None  # code, text, message


class TemplateReader:
    """Reads pipelines for the threads of requests, as many large ones at once as there are processors."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def read(self, text: bytes) -> Template:
        """Read the YAML or JSON of a pipeline; its package may be missing. Raises ApiError (400)."""
        if len(text) <= LARGE:
            return read_template(text)
        with self._free:
            outcome = self._read_apart(text)
        if outcome.error is not None:
            code, short, message = outcome.error
            raise ApiError(code, short, message=message)
        return Template(outcome.wire, outcome.text, None, outcome.parameters)

    def read_to_run(self, text: bytes) -> Template:
        """Read the YAML or JSON of a pipeline that is to run, with its package; raises ApiError (400)."""
        if len(text) <= LARGE:
            return read_template(text)
        template = self.read(text)
        spec = read_spec(msgspec.json.decode(template.wire))
        return Template(template.wire, template.text, spec.package, template.parameters)

    def stop(self) -> None:
        """Stop all processes: their calls fail, and so does each later one."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                process.kill()

    def _read_apart(self, text: bytes) -> _Outcome:
        with self._lock:
            if self._stopped:
                raise _stopped_error()
            process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",  # Python looks for modules in it
                env=make_task_environment(os.environ),
                start_new_session=True,
            )
            self._processes.add(process)
        try:
            answer, _ = process.communicate(text)
        finally:
            with self._lock:
                self._processes.discard(process)
            process.kill()
            process.wait()
        try:
            return msgspec.msgpack.decode(answer, type=_Outcome)
        except msgspec.DecodeError:
            if self._stopped:
                raise _stopped_error() from None
            raise invalid_input("the pipeline takes too much time or memory to read") from None


def _stopped_error() -> ApiError:
    return ApiError(UNAVAILABLE, "the server is stopping", bare=True)


def main() -> None:
    """Read one text; write the outcome."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    with contextlib.suppress(ValueError, OSError):  # macOS knows it and refuses it
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        template = read_template(sys.stdin.buffer.read())
        outcome = _Outcome(wire=template.wire, text=template.text, parameters=template.parameters)
    except ApiError as error:
        outcome = _Outcome(error=(error.code, error.text, error.message))
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcome))


if __name__ == "__main__":
    main()
