"""Completions after `%kfp` and `%%kfp`, from data at hand only, so that Tab is never slow and never fails."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from zoneinfo import available_timezones

from ..commands import Command
from ..commands.argument_types import SORTED
from ..commands.grammar import Argument
from ..errors import KfpError
from ..models import ParameterSpec, ParameterType
from ..pipeline_spec import parse_any_file, summarize
from ..run_rules import FILTERABLE
from .known import KnownNames

_MOST = 50  # files, runs or names
_LARGEST = 256 * 1024  # bytes of a file whose parameters are read
_STATES = tuple(phase.value.lower() for phase in FILTERABLE)
_SUFFIXES = {".yaml", ".yml", ".json", ".py", ".ipynb", ".zip"}
_WORD = re.compile(r"(?:\"[^\"]*\"?|'[^']*'?|\S)+")
_EXAMPLES = ("example:hello", "example:digits")


def complete_line(text: str, commands: Sequence[Command], known: KnownNames) -> list[str]:
    """Return the words that may stand at the end of `text`, which begins after the magic's name."""
    words, wanted = _split(text)
    return _select(_find_candidates(words, wanted, commands, known), wanted)


def complete_options(command: Command, text: str, known: KnownNames) -> list[str]:
    """Return the words that may stand at the end of `text`, all of which belong to `command`."""
    words, wanted = _split(text)
    return _select(complete_command(command, words, wanted, known), wanted)


def _split(text: str) -> tuple[list[str], str]:
    """Return the words of `text` without quotes, and the last one, which may be unfinished."""
    words = [_unquote(word) for word in _WORD.findall(text)]
    current = "" if not words or text[-1:] in (" ", "\t") else words.pop()
    return words, current


def _select(found: Iterable[str], wanted: str) -> list[str]:
    return [_quote(word) for word in dict.fromkeys(found) if word.startswith(wanted)]


def split_last(text: str) -> str:
    """Return the last word of `text` as it is written, with a quote that is open."""
    words: list[str] = _WORD.findall(text)
    return words[-1] if words else ""


def _find_candidates(
    words: list[str],
    current: str,
    commands: Sequence[Command],
    known: KnownNames,
) -> list[str]:
    command, rest = _split_command(words, commands)
    if command is None or words[:1] == ["help"]:
        before = " ".join(words[1:] if words[:1] == ["help"] else words)
        start = f"{before} " if before else ""
        names = [each.name.removeprefix(start) for each in commands if each.name.startswith(start)]
        return [name.split()[0] for name in names if name]
    return complete_command(command, rest, current, known)


def complete_command(
    command: Command,
    words: list[str],
    current: str,
    known: KnownNames,
) -> list[str]:
    """Return what may follow `words` of a command: values of an option, arguments, options."""
    option = next((each for each in command.arguments if words and words[-1] in each.flags), None)
    if option is not None and option.takes_value:
        return _list_values(option, current, known)
    options = [flag for each in command.arguments if each.is_option for flag in each.flags]
    if current.startswith("-"):
        return options
    argument, given = _find_positional(command, words)
    found = _list_arguments(command, argument, given, current, known) if argument else []
    return [*found, *(() if current else options)]


def _split_command(words: list[str], commands: Sequence[Command]) -> tuple[Command | None, list[str]]:
    known = {each.name: each for each in commands if each.name}
    for length in (2, 1):
        name = " ".join(words[:length])
        if len(words) >= length and name in known:
            return known[name], words[length:]
    return None, words


def _find_positional(command: Command, words: list[str]) -> tuple[Argument | None, list[str]]:
    """Return the argument whose turn it is, and the positional words before it."""
    takers = {
        flag for each in command.arguments if each.is_option and each.takes_value for flag in each.flags
    }
    given = [
        word
        for before, word in zip(["", *words], words, strict=False)
        if not word.startswith("-") and before not in takers
    ]
    places = [each for each in command.arguments if not each.is_option]
    if not places:
        return None, given
    if len(given) < len(places):
        return places[len(given)], given
    last = places[-1]
    return (last if last.settings.get("nargs") in ("*", "+") else None), given


def _list_values(option: Argument, current: str, known: KnownNames) -> list[str]:
    """Return the values of an option that are known."""
    if "choices" in option.settings:
        return list(option.settings["choices"])
    name = option.flags[0]
    if name in ("--state", "--metrics"):
        before, comma, _ = current.rpartition(",")
        return [f"{before}{comma}{value}" for value in (_STATES if name == "--state" else known.metrics)]
    by_name: dict[str, Callable[[], Iterable[str]]] = {
        "--experiment": lambda: known.experiments,
        "--pipeline": lambda: known.pipelines,
        "--recurring": lambda: known.recurring_runs,
        "--sort": lambda: SORTED,
        "--every": lambda: ("30m", "1h", "6h", "1d"),
        "--timeout": lambda: ("10m", "1h", "2h"),
        "--timezone": lambda: sorted(available_timezones()),
        "-o": lambda: _list_files(current, {".yaml"}),
        "--save": lambda: _list_files(current, set()),
        "--in": lambda: [
            name for name, value in known.variables.items() if name[0] != "_" and not callable(value)
        ],
    }
    return list(by_name.get(name, lambda: ())())


def _list_arguments(
    command: Command,
    argument: Argument,
    given: list[str],
    current: str,
    known: KnownNames,
) -> list[str]:
    """Return the words that an argument may be, by what stands for it in the help."""
    kind = str(argument.settings.get("metavar", ""))
    registered = [f"pipeline:{name}" for name in known.pipelines]
    if kind in ("RUN", "A") or kind.startswith("RUN|"):
        names = [run.display_name for run in known.runs]
        return ["@last", *[run.run_id for run in known.runs], *names, *([] if kind == "RUN" else registered)]
    if kind == "TASK":
        return _list_tasks(known, given[0])
    if kind == "SOURCE":
        return [
            *_list_functions(known.variables),
            *_list_files(current, _SUFFIXES),
            *_EXAMPLES,
            *registered,
            "pipeline:",
        ]
    if kind == "KEY=VALUE":
        taken = {word.partition("=")[0] for word in given}
        return [
            f"{each.name}=" for each in read_parameters(given[0], known.variables) if each.name not in taken
        ]
    if kind == "NAMESPACE":
        return known.namespaces
    if kind in ("PIPELINE", "NAME[@VERSION]"):
        return known.pipelines
    if command.name.startswith("experiment ") and command.name != "experiment create":
        return known.experiments
    return known.recurring_runs if command.name.startswith("recurring ") else []


def _list_tasks(known: KnownNames, run: str) -> list[str]:
    """Return the tasks of a run that were seen, or of any run."""
    ids = [each.run_id for each in known.runs if run in (each.run_id, each.display_name)]
    if run == "@last" and known.runs:
        ids = [known.runs[0].run_id]
    seen = [known.tasks[each] for each in ids if each in known.tasks] or list(known.tasks.values())
    return [name for names in seen for name in names]


def _list_functions(variables: Mapping[str, object]) -> list[str]:
    """Return the pipelines and components of the notebook."""
    return [name for name, value in variables.items() if name[:1] != "_" and hasattr(value, "pipeline_spec")]


def _list_values_to_send(variables: Mapping[str, object]) -> list[str]:
    """Return the names of the notebook that may be data."""
    return [name for name, value in variables.items() if name[:1] != "_" and not callable(value)]


def _list_files(current: str, suffixes: set[str]) -> list[str]:
    """Return files with one of the suffixes, and folders, at the level that is typed."""
    head = current[: current.rfind("/") + 1]
    try:
        entries = sorted(Path(head or ".").expanduser().iterdir())[:1000]
    except OSError:
        return []
    shown = [each for each in entries if not each.name.startswith((".", "__"))]
    files = [f"{head}{each.name}" for each in shown if each.suffix in suffixes and not each.is_dir()]
    return [*files[:_MOST], *[f"{head}{each.name}/" for each in shown if each.is_dir()][:_MOST]]


def read_parameters(source: str, variables: Mapping[str, object]) -> list[ParameterSpec]:
    """Return the parameters of a compiled pipeline or of a function in the notebook; never compiles."""
    value = variables.get(source.removeprefix("$"))
    text = getattr(getattr(value, "component_spec", None), "inputs", None)
    if isinstance(text, Mapping):
        return [ParameterSpec(name=name, type=ParameterType.STRING) for name in text]
    if source in _EXAMPLES:
        path = Path(__file__).parents[1] / "example" / f"{source.partition(':')[2]}.yaml"
    else:
        path = Path(source).expanduser()
    try:
        about = path.stat()
        if path.suffix not in (".yaml", ".yml", ".json") or about.st_size > _LARGEST:
            return []
        return _read_file(path, about.st_mtime_ns)
    except (OSError, ValueError, KfpError):
        return []


@lru_cache(maxsize=16)
def _read_file(path: Path, _changed: int) -> list[ParameterSpec]:
    return summarize(parse_any_file(path.read_bytes(), name=path.name)).parameters


def _unquote(word: str) -> str:
    return word.replace('"', "").replace("'", "")


def _quote(word: str) -> str:
    return word if word.endswith("=") or not re.search(r"\s", word) else shlex.quote(word)
