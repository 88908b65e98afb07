"""Options that every command of `jupyter kfp` takes, at any position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..commands.grammar import usage_error

_FLAGS = {"--json", "--quiet"}
_VALUES = {"--namespace": "namespace", "--endpoint": "endpoint", "--data": "data"}
GLOBAL = (*sorted(_FLAGS), *_VALUES)

HELP = """
Options of every command:
  --namespace NS      work in this namespace
  --endpoint URL      the address of Kubeflow Pipelines
  --data DIR          the data folder of the embedded server
  --json              one JSON document on stdout, messages and errors on stderr
  --quiet             only the result and errors

Exit codes:
  0    done
  1    the run failed
  2    wrong usage, or a value that cannot be used
  3    not connected, no credential, or KFP could not answer
  4    refused, not there, or not possible in this state
  5    unclear whether a run started, or the time limit was over
  6    the run did not start; submit it again
  130  stopped with Ctrl-C
  `doctor` ends with 0 when all is well, 1 for warnings, 3 for errors."""


@dataclass(frozen=True)
class GlobalOptions:
    """The options of one command line that every command takes."""

    json: bool = False
    quiet: bool = False
    namespace: str = ""
    endpoint: str = ""
    data: str = ""


def read_options(words: Sequence[str]) -> tuple[GlobalOptions, list[str]]:
    """Return the global options in `words`, and the other words; raises KfpUsageError for a missing value."""
    flags: set[str] = set()
    values: dict[str, str] = {}
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        option, equals, value = word.partition("=")
        if word == "--":
            rest += remaining
        elif word in _FLAGS:
            flags.add(word)
        elif option in _VALUES:
            value = value if equals else next(remaining, "")
            if not value or (value.startswith("--") and not equals):
                raise usage_error(f"{option} needs a value.")
            values[_VALUES[option]] = value
        else:
            rest.append(word)
    return GlobalOptions(json="--json" in flags, quiet="--quiet" in flags, **values), rest
