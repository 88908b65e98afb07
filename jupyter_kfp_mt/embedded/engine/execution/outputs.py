"""Reads the outputs of an attempt and checks them against the declarations of its component."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import msgspec

from ....files import open_beneath
from ....models import Artifact, TaskValues
from ..plan.ir import Component
from ..plan.values import ValueTypeError, coerce, parse
from .copies import Copy
from .folders import AttemptFolder, leads_to_server
from .jobs import output_path
from .view import TaskView

_MOST = 64 * 1024 * 1024  # bytes of all output files of an attempt that are read; larger data is an artifact


class OutputError(ValueError):
    """A task succeeded but its outputs cannot be used; the text is for users."""


class _RuntimeArtifact(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    uri: str = ""
    metadata: dict[str, Any] | None = None
    custom_path: str = ""


class _ArtifactList(msgspec.Struct, frozen=True, kw_only=True):
    artifacts: list[_RuntimeArtifact] = []


class _ExecutorOutput(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    parameter_values: dict[str, Any] = {}
    artifacts: dict[str, _ArtifactList] = {}


def read_outputs(
    component: Component, attempt: AttemptFolder, view: TaskView, artifacts: dict[str, Artifact]
) -> tuple[TaskValues, list[Copy]]:
    """Return the outputs of an attempt, and the files that have to be copied where they belong.

    `view` has the paths as the task saw them, `artifacts` are the declared ones. Raises OutputError.
    """
    files = _OutputFiles(attempt, view)
    written = _read_executor_output(files, attempt.out / "executor_output.json")
    parameters = {}
    for name, definition in component.output_definitions.parameters.items():
        kind = definition.parameter_type
        try:
            if name in written.parameter_values:
                parameters[name] = coerce(written.parameter_values[name], kind)
            else:
                source = artifacts.get(definition.read_from)
                text = _read_text(files, Path(source.uri) if source else output_path(attempt, name), name)
                parameters[name] = parse(text.removesuffix("\n") if definition.trimmed else text, kind)
        except ValueTypeError as error:
            raise OutputError(f"Its output {name} cannot be used: {error}.") from error
    collected, copies = {}, []
    for name, artifact in artifacts.items():
        listed = written.artifacts.get(name, _ArtifactList()).artifacts
        placed = [_collect_artifact(artifact, one, attempt, view) for one in listed]
        collected[name] = [one for one, _ in placed] or [artifact]
        copies += [copy for _, copy in placed if copy is not None][-1:]  # all have the same target
    return TaskValues(parameters=parameters, artifacts=collected), copies


def find_left_artifacts(attempt: AttemptFolder, artifacts: dict[str, Artifact]) -> TaskValues:
    """Return those of the declared artifacts that a failed attempt has written."""
    return TaskValues(
        artifacts={
            name: [artifact]
            for name, artifact in artifacts.items()
            if not leads_to_server(Path(artifact.uri), attempt.run) and Path(artifact.uri).is_file()
        }
    )


class _OutputFiles:
    """Reads the output files of one attempt, which together are bounded."""

    def __init__(self, attempt: AttemptFolder, view: TaskView) -> None:
        self._attempt = attempt
        self._view = view
        self._room = _MOST

    def read(self, path: Path, what: str) -> bytes:
        """Read a whole file; a pipe or a device might block the engine for ever, so it is refused.

        So is a link to a file of the server: whoever reads the output may not be one who may read that file.
        Any other link leads where the task saw it lead.
        """
        try:
            descriptor = open_beneath(self._attempt.run, path)
        except FileNotFoundError:
            raise
        except OSError:  # there is a link on the way, or no regular file
            descriptor = self._open_linked(path, what)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise OutputError(f"Its {what} cannot be read: {path.name} is not a file.")
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(min(self._room, about.st_size) + 1)
        finally:
            os.close(descriptor)
        self._room -= len(data)
        if self._room < 0:
            raise OutputError(
                f"Its {what} cannot be read: all together take more than {_MOST // 1024**2} MiB."
                " Write larger data into an output artifact."
            )
        return data

    def _open_linked(self, path: Path, what: str) -> int:
        located = _locate(self._view, path, what)
        if leads_to_server(located, self._attempt.run):
            raise OutputError(f"Its {what} cannot be read: {path.name} leads to a file of the server.")
        return os.open(located, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)


def _read_executor_output(files: _OutputFiles, path: Path) -> _ExecutorOutput:
    try:
        written = files.read(path, "outputs")
        return msgspec.json.decode(written, type=_ExecutorOutput)
    except FileNotFoundError:
        return _ExecutorOutput()
    except msgspec.DecodeError as error:
        no_numbers: list[str] = []  # NaN and Infinity: json.dumps writes them, JSON lacks them; KFP fails too
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(written, parse_constant=no_numbers.append)
        reason = f"they contain {no_numbers[0]}, which is not a JSON number" if no_numbers else str(error)
        raise OutputError(f"Its outputs cannot be read: {reason}.") from error


def _read_text(files: _OutputFiles, path: Path, name: str) -> str:
    try:
        return files.read(path, f"output {name}").decode("utf-8")
    except FileNotFoundError:
        raise OutputError(f"It did not give its output {name}.") from None
    except UnicodeDecodeError:
        raise OutputError(f"Its output {name} is not text.") from None


def _collect_artifact(
    declared: Artifact, written: _RuntimeArtifact, attempt: AttemptFolder, view: TaskView
) -> tuple[Artifact, Copy | None]:
    """Return an artifact, and the copy that puts its files where it is declared, if they are elsewhere."""
    uri, named = written.uri or declared.uri, written.custom_path
    if uri != declared.uri and os.path.isabs(uri):
        located = _locate(view, Path(uri), f"artifact {declared.name}")
        if _is_own(located, attempt):  # in its own /tmp, which ends with it
            uri, named = declared.uri, uri
        else:  # others find it by the path that it has for all
            uri = str(located)
    artifact = Artifact(
        name=written.name or declared.name, type=declared.type, uri=uri, metadata=written.metadata or {}
    )
    if not named or uri != declared.uri:
        return artifact, None
    missing = f"Its output at {named} is not a file or folder."
    source = str(_locate(view, Path(named), f"artifact {declared.name}"))
    return artifact, Copy(source=source, target=uri, optional=True, missing=missing)


def _locate(view: TaskView, path: Path, what: str) -> Path:
    try:
        located = view.locate(path)
    except OSError as error:
        raise OutputError(f"Its {what} cannot be read: {error}.") from None
    if located is None:
        raise OutputError(f"Its {what} cannot be read: {path} has ended with the task.")
    return located


def _is_own(path: Path, attempt: AttemptFolder) -> bool:
    return any(path.is_relative_to(own) for own in (attempt.own, os.path.realpath(attempt.own)))
