"""What the task of a notebook says about the cell that failed (`run_notebook` in notebooks/runner.py)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .facts import Cause, Facts, to_clause
from .python import Raised, cause_of

_STOPPED = re.compile(r"^(?P<cell>Cell \d+ of .{1,200}\.ipynb|The cell) stopped: (?P<what>.+)$")
_NO_KERNEL = re.compile(r"^(?P<name>.{1,200}\.ipynb) did not start: (?P<what>.+)$")
_RAISED = re.compile(r"(?P<kind>[A-Za-z_]\w*)(?:: ?(?P<text>.*))?$")
_CODED = re.compile(r" \((?:\d+\.py|<ipython-input-[^>]*>), line (?P<line>\d+)\)$")
_FRAME = re.compile(r"^(?:File |~?/|<)|^(?P<cell>Cell In ?\[\d+\])|^Input (?P<input>In \[\d+\])")
_ARROW = re.compile(r"^-+> ?(?P<line>\d+)\s+(?P<code>.*\S)")

_CURES = {  # where those of a component do not help
    "FileNotFoundError": (
        "Only the files that were sent with it are there.",
        "Send it with the run (Files to send), or read it from a store.",
    ),
    "ModuleNotFoundError": (
        "A task has only the packages of its image and those that it installs.",
        "Add it to the packages of the run.",
    ),
    "NameError": ("", "Define it in this cell, or in one above."),
    "StdinNotImplementedError": ("Nobody can answer there.", "Make it a parameter: input() cannot be used."),
}


def cell_error(facts: Facts) -> Cause | None:
    """A cell of a notebook failed, and the notebook's runner names it."""
    for place in range(len(facts.lines) - 1, -1, -1):
        match = _STOPPED.match(facts.lines[place])
        if match is not None:
            return _explain(match["cell"], match["what"], _find_line(facts.lines[:place]))
        match = _NO_KERNEL.match(facts.lines[place])
        if match is not None:
            return Cause("did not start", to_clause(match["what"]), subject=match["name"])
    return None


def _explain(cell: str, what: str, place: str) -> Cause:
    if what == "the kernel died":
        cure = "Work on smaller parts, or ask for more memory."
        return Cause("stopped", what, "Nearly always that is the memory.", cure, subject=cell)
    coded = _CODED.search(what)
    if coded is not None:  # IPython's own name of the cell, with the line
        what, place = what[: coded.start()], f"Line {coded['line']}."
    match = _RAISED.match(what)
    raised = Raised(match["kind"], match["text"] or "", place) if match is not None else None
    cause = cause_of(raised) if raised is not None else Cause("stopped", to_clause(what), place)
    why, cure = _CURES.get(raised.kind if raised is not None else "", ("", ""))
    return cause._replace(why=why or cause.why, next=cure or cause.next, subject=cell)


def _find_line(lines: Sequence[str]) -> str:
    """Return the innermost line of the traceback that is in a cell, as a sentence."""
    found, in_cell = "", False
    for line in lines:
        frame = _FRAME.match(line)
        if frame is not None:
            in_cell = bool(frame["cell"] or frame["input"])
            continue
        arrow = _ARROW.match(line)
        if arrow is not None and in_cell:
            found = f"Line {arrow['line']}: {arrow['code'][:120]}"
    return found
