"""Reads the command of a component: Python source for KFP's executor, or a program."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from ....bounds import TextRoom
from .executors import Container

_SOURCE_MARK = "ephemeral_component.py"
_RUNTIME_OPTIONS = frozenset({"--no-deps"})
_VARIABLE = re.compile(r"\$\$|\$\(([-._a-zA-Z0-9]{1,256})\)")  # names that Kubernetes accepts
_QUIET_OPTIONS = frozenset({"--quiet", "--no-warn-script-location"})


class CommandError(ValueError):
    """A command that cannot be read; the text continues “needs …”."""


class PythonCode(msgspec.Struct, frozen=True, kw_only=True):
    """A lightweight Python component: its source, its function, and its requirements."""

    source: str
    function: str
    requirements: tuple[str, ...] = ()  # with pip's index options


def find_python_code(container: Container) -> PythonCode | None:
    """Return the Python code that `container` runs; None when it runs something else.

    Raises CommandError when its requirements cannot be read. KFP's compiler (component_factory.py) writes an
    optional `sh -c` with pip lines, a `sh -ec` that stores the source under a fixed name, the source, and
    `--function_to_execute NAME` among the arguments.
    """
    command = container.command
    mark = next((number for number, word in enumerate(command) if _SOURCE_MARK in word), len(command))
    if mark + 1 >= len(command):
        return None
    arguments = [str(word) for word in container.args]
    if "--function_to_execute" not in arguments[:-1]:
        return None
    return PythonCode(
        source=command[mark + 1],
        function=arguments[arguments.index("--function_to_execute") + 1],
        requirements=find_requirements(command[:mark]),
    )


def find_requirements(command: list[str]) -> tuple[str, ...]:
    """Return the requirements in the pip lines of `command`, without KFP itself, which is already installed.

    Raises CommandError for a line that no shell could parse.
    """
    wanted: list[str] = []
    for line in (line for word in command for line in word.splitlines() if "pip install" in line):
        for part in line.split("&&"):
            _, mark, options = part.partition("pip install")
            try:
                words = [word for word in shlex.split(options) if word not in _QUIET_OPTIONS] if mark else []
            except ValueError as error:
                fault = str(error).lower()
                raise CommandError(f"a pip line that can be read ({fault}): pip install{options}") from error
            if not _RUNTIME_OPTIONS & set(words):
                wanted += words
    return tuple(wanted)


def is_containerized_python(container: Container) -> bool:
    """Whether the component runs a function whose code is only in its image."""
    return "kfp.dsl.executor_main" in " ".join(container.command) and find_python_code(container) is None


def expand_variables(text: str, variables: Mapping[str, str], room: TextRoom) -> str:
    """Expand `$(NAME)` as the kubelet does in commands, arguments and variables; `$$` is one `$`.

    https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        value = variables.get(match[1], match[0])
        room.take(len(value))
        return value

    return _VARIABLE.sub(replace, text)


def resolve_arguments(words: list[str], given: Mapping[str, Any]) -> list[str]:
    """Resolve KFP's `IfPresent` and `Concat` in the words of a command; placeholders stay."""
    result: list[str] = []
    for word in words:
        part = _parse_structure(word)
        result += [word] if part is None else _resolve(part, given)
    return result


def _parse_structure(word: str) -> dict[str, Any] | None:
    if not word.startswith(('{"IfPresent"', '{"Concat"')):
        return None
    try:
        part = json.loads(word)
    except ValueError:
        return None
    return part if isinstance(part, dict) else None


def _resolve(part: object, given: Mapping[str, Any]) -> list[str]:
    if isinstance(part, list):
        return [word for one in part for word in _resolve(one, given)]
    if not isinstance(part, dict):
        return [str(part)]
    if "Concat" in part:
        return ["".join(_resolve(part["Concat"], given))]
    choice = part.get("IfPresent", {})
    return _resolve(choice.get("Then" if choice.get("InputName") in given else "Else", []), given)
