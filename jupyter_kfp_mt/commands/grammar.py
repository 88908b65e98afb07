"""The one grammar of `%kfp` and `jupyter kfp`: verbs, arguments, help, and what a wrong word says."""

from __future__ import annotations

import argparse
import difflib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors import KfpError, kfp_error


def usage_error(problem: str, *, why: str = "", next_step: str = "%kfp help") -> KfpError:
    """The error of a command that was written wrongly."""
    return kfp_error("bad-input/usage", problem=problem, why=why, next=next_step)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean “runs”?`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean “{near[0]}”?" if near else ""


@dataclass(frozen=True)
class Argument:
    """One word or option of a command, as argparse takes it."""

    flags: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def is_option(self) -> bool:
        """Whether it begins with a dash."""
        return self.flags[0].startswith("-")

    def shown(self) -> str:
        """The argument as the usage line writes it."""
        name = self.settings.get("metavar") or self.flags[0].upper()
        if not self.is_option:
            return {"*": f"[{name} …]", "+": f"{name} …", "?": f"[{name}]"}.get(
                self.settings.get("nargs", ""), name
            )
        takes_value = "action" not in self.settings
        return f"[{self.flags[0]} {name}]" if takes_value else f"[{self.flags[0]}]"


def argument(*flags: str, **settings: Any) -> Argument:
    """Describe an argument; `settings` are those of `ArgumentParser.add_argument`."""
    return Argument(flags, settings)


@dataclass(frozen=True)
class Command:
    """A verb: its name, what it takes, and the function that does it."""

    name: str
    arguments: tuple[Argument, ...]
    function: Callable[..., object]  # of the session and, by name, the arguments

    @property
    def summary(self) -> str:
        """The first line of the help."""
        return self.help.splitlines()[0]

    @property
    def help(self) -> str:
        """The help text: the docstring of the function."""
        return inspect.getdoc(self.function) or ""

    def usage(self, program: str) -> str:
        """How the command is written."""
        words = [program, self.name, *(argument.shown() for argument in self.arguments)]
        return " ".join(word for word in words if word)

    def parse(self, words: Sequence[str]) -> dict[str, Any]:
        """Read `words`; raises KfpUsageError when they do not fit."""
        parser = _Parser(self)
        for each in self.arguments:
            parser.add_argument(*each.flags, **each.settings)
        return vars(parser.parse_intermixed_args(list(words)))

    def manual(self, program: str) -> str:
        """The whole help: usage, text, arguments."""
        usage = textwrap.fill(
            self.usage(program), 96, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )
        rows = [(", ".join(each.flags) if each.is_option else each.shown(), each) for each in self.arguments]
        table = [f"  {name:<20}{each.settings.get('help', '')}".rstrip() for name, each in rows]
        return "\n".join([usage, "", self.help, *(["", *table] if table else [])])


def command(name: str, *arguments: Argument) -> Callable[[Callable[..., object]], Command]:
    """Make a function a command; its docstring is the help."""

    def wrap(function: Callable[..., object]) -> Command:
        return Command(name, arguments, function)

    return wrap


class _Parser(argparse.ArgumentParser):
    """argparse which raises our error with our words, and knows no exit."""

    def __init__(self, command: Command) -> None:
        super().__init__(prog=command.name, add_help=False, allow_abbrev=False)
        self._command = command

    def error(self, message: str) -> NoReturn:
        flags = [flag for each in self._command.arguments for flag in each.flags if flag.startswith("-")]
        raise usage_error(_own_words(message, flags), next_step=f"%kfp help {self._command.name}".rstrip())


def _own_words(message: str, flags: Sequence[str]) -> str:
    """Say what argparse says in the words of the product."""
    if found := re.match(r"unrecognized arguments: (.*)", message, re.DOTALL):
        word = found[1].split()[0]
        option = word.split("=")[0]
        kind = "option" if word.startswith("-") else "word"
        return f"Unknown {kind} “{option}”.{did_you_mean(option, flags)}"
    if found := re.match(r"the following arguments are required: (.*)", message):
        return f"Missing: {found[1]}."
    if found := re.match(r"argument ([^:]+): invalid choice: '?(.*?)'? \(choose from (.*)\)", message):
        return f"{found[1]}: “{found[2]}” is not one of {found[3].replace(chr(39), '')}."
    if found := re.match(r"argument ([^:]+): expected (?:one|at least one) argument", message):
        return f"{found[1]} needs a value."
    return message[:1].upper() + message[1:] + "."
