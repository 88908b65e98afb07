"""Arguments that several commands take."""

from __future__ import annotations

from .argument_types import duration_parser, parse_row_count
from .grammar import argument

_RUN_HELP = "id, its first 4 or more letters, a unique name, or @last"

RUN = argument("run", metavar="RUN", help=_RUN_HELP)
RUNS = argument("refs", metavar="RUN", nargs="+", help=f"{_RUN_HELP}; in a notebook also a list, $runs")
TASK = argument("task", metavar="TASK", nargs="?", default="", help="the name of a task")
SOURCE = argument(
    "source",
    metavar="SOURCE",
    help="file.yaml, file.py[:function], https://…, a function, pipeline:NAME[@VERSION], or example:hello",
)
PARAMETERS = argument(
    "parameters",
    metavar="KEY=VALUE",
    nargs="*",
    help="values of parameters; $name takes a variable of the notebook, **name a dict of them",
)
SEARCH = argument("--search", metavar="TEXT", default="", help="only names that contain TEXT")
LIMIT = argument(
    "-n", dest="limit", metavar="N", type=parse_row_count, default=20, help="at most N rows (20)"
)
FRAME = argument("--df", action="store_true", help="as a pandas DataFrame")
ARCHIVED = argument("--archived", action="store_true", help="archived ones instead")
TIMEOUT = argument(
    "--timeout",
    metavar="TIME",
    type=duration_parser("--timeout"),
    default=None,
    help="stop waiting after this time, such as 90s, 10m or 2h",
)
YES = argument("--yes", action="store_true", help="confirm; this cannot be undone")
