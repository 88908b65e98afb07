"""Completions after `%kfp`, from data at hand only, so that Tab is never slow and never fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..commands import COMMANDS, Command
from ..models import Run
from ..run_rules import FILTERABLE

_MOST = 50  # files or runs
_RUN_WORDS = {"run", "refs", "ref"}
_STATES = tuple(phase.value.lower() for phase in FILTERABLE)
_SUFFIXES = {".yaml", ".yml", ".json", ".py"}


def complete_line(text: str, runs: Sequence[Run], variables: Mapping[str, object]) -> list[str]:
    """Return the words that may stand at the end of `text`, the line up to the cursor."""
    words = text.split()[1:]
    current = "" if text.endswith((" ", "\t")) or not words else words.pop()
    return [word for word in _find_candidates(words, current, runs, variables) if word.startswith(current)]


def _find_candidates(
    words: list[str], current: str, runs: Sequence[Run], variables: Mapping[str, object]
) -> list[str]:
    command = _find_command(words)
    if command is None or words == ["help"]:
        before = " ".join(words) + " " if words and words != ["help"] else ""
        names = [each.name.removeprefix(before) for each in COMMANDS if each.name.startswith(before)]
        return list(dict.fromkeys(name.split()[0] for name in names if name))
    last = words[-1]
    for argument in command.arguments:
        if last in argument.flags and "action" not in argument.settings:
            return list(argument.settings.get("choices", _STATES if last == "--state" else ()))
    if current.startswith("-"):
        return [flag for argument in command.arguments if argument.is_option for flag in argument.flags]
    wanted = {argument.flags[0] for argument in command.arguments if not argument.is_option}
    if wanted & _RUN_WORDS:
        names = [run.display_name for run in runs if " " not in run.display_name]
        return ["@last", *[run.run_id for run in runs][:_MOST], *dict.fromkeys(names)]
    return _find_sources(current, variables) if "source" in wanted and len(words) == 1 else []


def _find_command(words: Sequence[str]) -> Command | None:
    known = {each.name: each for each in COMMANDS if each.name}
    for length in (2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and name in known:
            return known[name]
    return None


def _find_sources(current: str, variables: Mapping[str, object]) -> list[str]:
    """Return pipeline files, folders, and pipeline functions of the notebook."""
    folder = Path(current).parent if "/" in current else Path()
    try:
        entries = sorted(folder.iterdir())[:1000]
    except OSError:
        entries = []
    files = [str(each) for each in entries if each.suffix in _SUFFIXES and not each.name.startswith(".")]
    folders = [f"{each}/" for each in entries if each.is_dir() and not each.name.startswith((".", "_"))]
    functions = [name for name, value in variables.items() if hasattr(value, "pipeline_spec")]
    return [*functions, *files[:_MOST], *folders[:_MOST], "pipeline:"]
