"""The options that every command of the command line takes, wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..commands.grammar import usage_error

_FLAGS = {"--json", "--quiet"}
_VALUES = {"--namespace": "namespace", "--endpoint": "endpoint", "--data": "data"}

HELP = """
These go with every command:
  --namespace NS      work in this namespace
  --endpoint URL      the address of Kubeflow Pipelines
  --data DIR          the folder of the embedded server that is meant
  --json              one JSON document on stdout, messages and errors on stderr
  --quiet             nothing but the answer and errors"""


@dataclass(frozen=True)
class Globals:
    """What was said for the whole command."""

    json: bool = False
    quiet: bool = False
    namespace: str = ""
    endpoint: str = ""
    data: str = ""


def read_globals(words: Sequence[str]) -> tuple[Globals, list[str]]:
    """Take the global options out of `words`; raises KfpUsageError when one lacks its value."""
    flags: set[str] = set()
    values: dict[str, str] = {}
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        option, equals, value = word.partition("=")
        if word == "--":
            rest += waiting
        elif word in _FLAGS:
            flags.add(word)
        elif option in _VALUES:
            value = value if equals else next(waiting, "")
            if not value or (value.startswith("--") and not equals):
                raise usage_error(f"{option} needs a value.")
            values[_VALUES[option]] = value
        else:
            rest.append(word)
    return Globals(json="--json" in flags, quiet="--quiet" in flags, **values), rest
