"""The grammar of `%kfp` and `jupyter kfp`: commands, arguments, help, and the errors of wrong words."""

from __future__ import annotations

import argparse
import difflib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import PROGRAM, KfpError, kfp_error


def usage_error(problem: str, *, why: str = "", next_step: str = f"{PROGRAM} help") -> KfpError:
    """Return the error of a command that was written wrongly."""
    return kfp_error("bad-input/usage", problem=problem, why=why, next=next_step)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean “runs”?`, or nothing when no known word is close."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean “{near[0]}”?" if near else ""


# Arguments for which `$name` stands for the value itself; for the others it stands for its text.
_WITH_VALUES = frozenset({"RUN", "A", "RUN|pipeline:NAME[@VERSION]", "SOURCE", "KEY=VALUE"})
_IDS = ("recurring_run_id", "run_id", "pipeline_version_id", "pipeline_id", "experiment_id")


def write_value(word: str) -> str:
    """Return the text of a word: of a `$name` that of its value, and of one of our models its id."""
    if not hasattr(word, "value"):
        return str(word)
    found = (getattr(word.value, name, "") for name in _IDS)
    return next((each for each in found if isinstance(each, str) and each), str(word.value))


@dataclass(frozen=True)
class Argument:
    """One argument or option of a command, as argparse takes it."""

    flags: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def is_option(self) -> bool:
        """Whether it begins with a dash."""
        return self.flags[0].startswith("-")

    @property
    def takes_value(self) -> bool:
        """Whether it takes a value; a flag does not."""
        return "action" not in self.settings

    @property
    def label(self) -> str:
        """Its name in messages."""
        return "/".join(self.flags) if self.is_option else str(self.settings.get("metavar", self.flags[0]))

    @property
    def usage(self) -> str:
        """The argument in the usage line."""
        name = self.settings.get("metavar") or self.flags[0].upper()
        if not self.is_option:
            return {"*": f"[{name} …]", "+": f"{name} …", "?": f"[{name}]"}.get(
                self.settings.get("nargs", ""), name
            )
        return f"[{self.flags[0]} {name}]" if self.takes_value else f"[{self.flags[0]}]"

    def add_to(self, parser: argparse.ArgumentParser) -> argparse.Action:
        """Add it to `parser`, without its choices and whether it is required.

        argparse reports those only in English sentences, which differ between versions of Python.
        """
        settings = {**self.settings}
        settings.pop("choices", None)
        settings.pop("required", None)
        if self.takes_value and settings.get("metavar") not in _WITH_VALUES:
            read = settings.get("type", str)
            settings["type"] = lambda word: read(write_value(word))
        if not self.is_option:
            nargs = settings.get("nargs")
            settings["nargs"] = {None: "?", "+": "*"}.get(nargs, nargs)
        return parser.add_argument(*self.flags, **settings)

    def lacks(self, value: object) -> bool:
        """Whether a required value was not given."""
        required = (
            self.settings.get("required") if self.is_option else self.settings.get("nargs") in (None, "+")
        )
        return bool(required) and value in (None, [])

    def refuses(self, value: object) -> bool:
        """Whether `value` is none of the choices."""
        return "choices" in self.settings and value not in (None, *self.settings["choices"])


def argument(*flags: str, **settings: Any) -> Argument:
    """Describe an argument; `settings` are those of `ArgumentParser.add_argument`."""
    return Argument(flags, settings)


@dataclass(frozen=True)
class Command:
    """A command: its name, its arguments, and the function that performs it."""

    name: str
    arguments: tuple[Argument, ...]
    function: Callable[..., object]  # takes the session, and the arguments by name

    @property
    def summary(self) -> str:
        """The first line of the help."""
        return self.help.splitlines()[0]

    @property
    def help(self) -> str:
        """The help text: the docstring of the function."""
        return inspect.getdoc(self.function) or ""

    def render_usage(self, program: str) -> str:
        """Return how the command is written."""
        words = [program, self.name, *(argument.usage for argument in self.arguments)]
        return " ".join(word for word in words if word)

    def parse(self, words: Sequence[str]) -> dict[str, Any]:
        """Read `words`; raises KfpUsageError when they do not fit."""
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
        actions = [(each, each.add_to(parser)) for each in self.arguments]
        try:
            parsed, unknown = parser.parse_known_intermixed_args(list(words))
        except argparse.ArgumentError as error:  # all that is left: an option with too few or too many values
            options = {each.label: each for each in self.arguments}
            needs = "a" if options[str(error.argument_name)].takes_value else "no"
            raise self._usage_error(f"{error.argument_name} needs {needs} value.") from None
        if unknown:
            raise self._usage_error(self._unknown_message(unknown[0]))
        values = vars(parsed)
        missing = [each.label for each, action in actions if each.lacks(values[action.dest])]
        if missing:
            raise self._usage_error(f"Missing: {', '.join(missing)}.")
        for each, action in actions:
            if each.refuses(values[action.dest]):
                choices = ", ".join(each.settings["choices"])
                raise self._usage_error(f"{each.label}: “{values[action.dest]}” is not one of {choices}.")
        return values

    def _usage_error(self, problem: str) -> KfpError:
        return usage_error(problem, next_step=f"{PROGRAM} help {self.name}".rstrip())

    def _unknown_message(self, word: str) -> str:
        option = word.split("=", maxsplit=1)[0]
        options = [flag for each in self.arguments if each.is_option for flag in each.flags]
        kind = "option" if word.startswith("-") else "word"
        return f"Unknown {kind} “{option}”.{did_you_mean(option, options)}"

    def render_manual(self, program: str) -> str:
        """Return the whole help: usage, text, arguments."""
        usage = textwrap.fill(
            self.render_usage(program),
            96,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        rows = [(", ".join(each.flags) if each.is_option else each.usage, each) for each in self.arguments]
        table = [f"  {name:<20}{each.settings.get('help', '')}".rstrip() for name, each in rows]
        return "\n".join([usage, "", self.help, *(["", *table] if table else [])])


def command(name: str, *arguments: Argument) -> Callable[[Callable[..., object]], Command]:
    """Make a function a command; its docstring is the help."""

    def wrap(function: Callable[..., object]) -> Command:
        return Command(name, arguments, function)

    return wrap
