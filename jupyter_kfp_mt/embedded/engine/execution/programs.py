"""Finds out whether this machine has what a command starts: its program, and a module or script of that."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence

Which = Callable[[str], str | None]

_PYTHON = re.compile(r"python[\d.]*")
_SHELL = re.compile(r"(?:ba|da|z|k|a)?sh")
_PATIENCE = 10.0  # seconds for Python to look for a module
_LOOK = "import importlib.util as u, sys; sys.exit(0 if u.find_spec(sys.argv[1]) else 1)"


def has_module(python: str, module: str) -> bool:
    """Whether the interpreter `python` finds `module`; true as well when it does not answer."""
    try:
        done = subprocess.run(
            [python, "-c", _LOOK, module], capture_output=True, timeout=_PATIENCE, cwd=os.sep, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return True
    return done.returncode == 0


def find_lacking(
    words: Sequence[str], places: Sequence[str], which: Which, module_exists: Callable[[str, str], bool]
) -> str:
    """Return what of a command this machine lacks; empty when it lacks nothing.

    A word that a later value decides (`{{$…}}`) may be anything. `places` are the paths where the task sees
    other files than this machine.
    """
    program = words[0]
    if "{{$" in program or _is_below(program, places):
        return ""
    path = None if "\0" in program else which(program)
    if not path:
        return f"the program {program}"
    name = os.path.basename(program)
    if _PYTHON.fullmatch(name):
        kind, target = _find_python_target(words[1:])
    elif _SHELL.fullmatch(name):
        kind, target = _find_shell_target(words[1:])
    else:
        return ""
    if not target or "{{$" in target or "$(" in target or _is_below(target, places):
        return ""
    if kind == "module":
        return "" if module_exists(path, target) else f"the module {target}"
    # A task starts in an empty folder, so a relative path leads nowhere.
    return "" if os.path.isabs(target) and os.path.exists(target) else f"the file {target}"


def _find_python_target(words: Sequence[str]) -> tuple[str, str]:
    """Return ("module" or "file", name) of what Python runs; empty when it is code, or the standard input."""
    rest = iter(words)
    for word in rest:
        if word == "-" or word.startswith("--"):
            return "", ""
        if not word.startswith("-"):
            return "file", word
        for number, letter in enumerate(word[1:], 2):
            if letter == "c":
                return "", ""
            if letter == "m":
                return "module", word[number:] or next(rest, "")
            if letter in "WX":
                if not word[number:]:
                    next(rest, None)
                break
    return "", ""


def _find_shell_target(words: Sequence[str]) -> tuple[str, str]:
    """Return ("file", name) of the script that a shell runs; empty when it is text, or the standard input."""
    rest = iter(words)
    for word in rest:
        if word == "-" or word.startswith("--"):
            return "", ""
        if not word.startswith(("-", "+")):
            return "file", word
        if "c" in word or "s" in word:
            return "", ""
        if word[-1] in "oO":
            next(rest, None)
    return "", ""


def _is_below(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(place.rstrip("/") + "/") for place in places)
