"""Reads the outputs of an attempt and checks them against the declarations of its component."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import msgspec

from ....models import Artifact, TaskValues
from ..plan.ir import Component
from ..plan.values import ValueTypeError, coerce, parse
from .folders import AttemptFolder, leads_to_server
from .jobs import output_path

_LARGEST = 256 * 1024 * 1024  # bytes of an output file that are read


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


def read_outputs(component: Component, attempt: AttemptFolder, artifacts: dict[str, Artifact]) -> TaskValues:
    """Return the outputs of an attempt; `artifacts` are the declared ones; raises OutputError."""
    written = _read_executor_output(attempt)
    parameters = {}
    for name, definition in component.output_definitions.parameters.items():
        kind = definition.parameter_type
        try:
            if name in written.parameter_values:
                parameters[name] = coerce(written.parameter_values[name], kind)
            else:
                source = artifacts.get(definition.read_from)
                path = Path(source.uri) if source else output_path(attempt, name)
                text = _read_text(path, name, attempt)
                parameters[name] = parse(text.removesuffix("\n") if definition.trimmed else text, kind)
        except ValueTypeError as error:
            raise OutputError(f"Its output {name} cannot be used: {error}.") from error
    collected = {}
    for name, artifact in artifacts.items():
        listed = written.artifacts.get(name, _ArtifactList()).artifacts
        collected[name] = [_collect_artifact(artifact, one, attempt) for one in listed] or [artifact]
    return TaskValues(parameters=parameters, artifacts=collected)


def _read_executor_output(attempt: AttemptFolder) -> _ExecutorOutput:
    try:
        written = _read_file(attempt.out / "executor_output.json", "outputs", attempt)
        return msgspec.json.decode(written, type=_ExecutorOutput)
    except FileNotFoundError:
        return _ExecutorOutput()
    except msgspec.DecodeError as error:
        no_numbers: list[str] = []  # NaN and Infinity: json.dumps writes them, JSON lacks them; KFP fails too
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(written, parse_constant=no_numbers.append)
        reason = f"they contain {no_numbers[0]}, which is not a JSON number" if no_numbers else str(error)
        raise OutputError(f"Its outputs cannot be read: {reason}.") from error


def _read_text(path: Path, name: str, attempt: AttemptFolder) -> str:
    try:
        return _read_file(path, f"output {name}", attempt).decode("utf-8")
    except FileNotFoundError:
        raise OutputError(f"It did not give its output {name}.") from None
    except UnicodeDecodeError:
        raise OutputError(f"Its output {name} is not text.") from None


def _read_file(path: Path, what: str, attempt: AttemptFolder) -> bytes:
    """Read a whole file; a pipe or a device might block the engine for ever, so it is refused.

    So is a link to a file of the server: whoever reads the output may not be one who may read that file.
    """
    if leads_to_server(path, attempt.run):
        raise OutputError(f"Its {what} cannot be read: {path.name} leads to a file of the server.")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OutputError(f"Its {what} cannot be read: {path.name} is not a file.")
        if about.st_size > _LARGEST:
            raise OutputError(f"Its {what} cannot be read: {path.name} is larger than {_LARGEST} bytes.")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _collect_artifact(declared: Artifact, written: _RuntimeArtifact, attempt: AttemptFolder) -> Artifact:
    uri = written.uri or declared.uri
    custom = attempt.locate(Path(written.custom_path)) if written.custom_path else None
    if attempt.locate(Path(uri)) != Path(uri):  # in its own /tmp, which ends with it
        custom, uri = attempt.locate(Path(uri)), declared.uri
    if custom is not None and custom.exists() and uri == declared.uri:
        _copy(custom, Path(uri))
    return Artifact(
        name=written.name or declared.name, type=declared.type, uri=uri, metadata=written.metadata or {}
    )


def _copy(source: Path, target: Path) -> None:
    if not source.is_file() and not source.is_dir():  # reading a device might never end
        raise OutputError(f"Its output at {source} is not a file or folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)
