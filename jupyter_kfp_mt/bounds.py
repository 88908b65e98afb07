"""How much one run may take of an embedded server, which all its tenants share."""

from __future__ import annotations

from typing import NamedTuple

MAX_TEXT = 4 * 1024 * 1024  # characters that the placeholders of one constant or command may become


class RunBounds(NamedTuple):
    """The bounds of a run; each is a setting and an option of `jupyter kfp serve`."""

    max_steps: int = 10_000  # tasks, loops and their iterations
    max_values_mib: int = 512  # of the inputs and outputs of all steps
    max_copy_mib: int = 10_240  # of a file or folder that the server copies for a task

    def to_arguments(self) -> list[str]:
        """Return the bounds that were set as arguments of the server's process."""
        usual = RunBounds()._asdict()
        changed = {name: value for name, value in self._asdict().items() if value != usual[name]}
        return [word for name, value in changed.items() for word in (make_option(name), str(value))]

    def describe(self, name: str) -> str:
        """Return a bound and its option in words, which continue “more than …”."""
        value = getattr(self, name)
        amount = f"{value:,} {'MiB' if name.endswith('mib') else name.removeprefix('max_')}"
        return f"{amount}, the bound here (`jupyter kfp serve {make_option(name)}`)"


def make_option(name: str) -> str:
    """Return the option of the command line that sets a bound."""
    return f"--{name.replace('_', '-')}"


HELP = {
    "max_steps": "Most steps of a run on the embedded server: tasks, loops and their iterations.",
    "max_values_mib": "Most MiB that the inputs and outputs of all steps of a run may take there.",
    "max_copy_mib": "Largest file or folder, in MiB, that the embedded server copies for a task.",
}


class TextTooLongError(ValueError):
    """The texts in place of placeholders or variables would take too much room."""


class TextRoom:
    """The room for what placeholders become, counted before it is put together.

    A constant may repeat a value any number of times, and a variable may repeat another one.
    """

    def __init__(self) -> None:
        self.left = MAX_TEXT

    def take(self, size: int) -> None:
        """Take room for a text; raises TextTooLongError when there is not enough."""
        self.left -= size
        if self.left < 0:
            bound = MAX_TEXT // 1024**2
            raise TextTooLongError(f"Its placeholders would become more than {bound} MiB of text.")
