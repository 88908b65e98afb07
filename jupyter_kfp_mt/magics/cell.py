"""`%%kfp`: runs a cell as one task; sends nothing of the kernel but the variables that --in names."""

from __future__ import annotations

import importlib.metadata
import json
import keyword
import re
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

from ..commands import Session, submit
from ..commands.grammar import Argument, argument, command, did_you_mean, usage_error
from ..models import CachePolicy, Run, Source, SourceKind, SubmitRequest
from ..notebooks.cell import check_value, find_unlisted, make_inputs
from ..notebooks.names import CellNames, cell_error
from ..notebooks.parameters import TYPES
from ..notebooks.task import build_cell
from ..results import Text

_FROM_SUBMIT = {"--experiment", "--cache", "--dry-run", "--wait", "--timeout"}


def _parse_names(text: str) -> list[str]:
    """Return the names in `a,b`."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise usage_error(f"“{name}” is not a name.", next_step="%%kfp --help")
    return names


def _parse_packages(text: str) -> list[str]:
    """Return the requirements in `p,q==1`."""
    packages = [name.strip() for name in text.split(",") if name.strip()]
    for name in packages:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._\-\[\]<>=!~]*", name):
            raise usage_error(
                f"“{name}” is not a package.", next_step="write --packages scikit-learn,pandas==2.2"
            )
    return packages


def _submit_options() -> list[Argument]:
    return [each for each in submit.submit.arguments if _FROM_SUBMIT & set(each.flags)]


@command(
    "",
    argument("name", metavar="NAME", nargs="?", default="cell", help="the pipeline's name (default: cell)"),
    argument(
        "--in",
        dest="inputs",
        metavar="a,b",
        type=_parse_names,
        default=(),
        help="variables of the notebook to send",
    ),
    argument(
        "-o", dest="output", metavar="name", type=_parse_names, default=(), help="the variable to bring back"
    ),
    argument(
        "--packages", metavar="p,q", type=_parse_packages, default=(), help="packages to install for the task"
    ),
    argument(
        "--image", metavar="IMAGE", default="", help="the container image (default: Python of this version)"
    ),
    *_submit_options(),
)
def cell_run(session: Session, **options: Any) -> object:
    """Run this cell as a pipeline of one task.

    The cell sees only what it defines, imports, or names with --in.
    """
    return options


def run_cell(session: Session, words: Sequence[str], code: str) -> object:
    """Run `code` with the options of the magic line; raises KfpError."""
    if "-h" in words or "--help" in words:
        return Text(cell_run.render_manual("%%kfp"))
    options = cell_run.parse(words)
    variables = session.variables
    name = _pipeline_name(options["name"])
    inputs = _read_inputs(session, options["inputs"])
    output = _check_output(options["output"], inputs)
    _check_names(CellNames(code), inputs, output, session, options["packages"])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    spec = build_cell(
        name,
        code,
        inputs=make_inputs(inputs),
        output=output,
        packages=options["packages"],
        image=options["image"] or f"python:{version}",
    )
    request = SubmitRequest(
        source=Source(kind=SourceKind.TEXT, text=json.dumps(spec)),
        experiment=options["experiment"],
        cache=CachePolicy(options["cache"]),
    )
    how = {name: options[name] for name in ("dry_run", "wait", "timeout")}
    result = submit.start_run(session, request, **how)
    if options["wait"] and output and isinstance(result, Run) and isinstance(variables, MutableMapping):
        variables[output] = _read_result(session, result, output)
    return result


def _pipeline_name(text: str) -> str:
    name = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    if not name or len(name) > 50:
        raise usage_error(
            f"“{text}” is not a name for a pipeline.", next_step="use letters, digits and dashes"
        )
    return name


def _read_inputs(session: Session, names: Sequence[str]) -> dict[str, Any]:
    inputs = {}
    for name in names:
        if name not in session.variables:
            near = did_you_mean(name, [key for key in session.variables if not key.startswith("_")])
            raise usage_error(
                f"“{name}” is not defined here.{near}", next_step=f"define {name} in a cell above"
            )
        inputs[name] = check_value(name, session.variables[name])
    return inputs


def _check_output(names: Sequence[str], inputs: dict[str, Any]) -> str:
    if len(names) > 1:
        raise usage_error("-o takes one name.", next_step="bring several values back in a dict")
    if names and names[0] in inputs:
        raise usage_error(f"“{names[0]}” is both input and output.", next_step="use another name for -o")
    return names[0] if names else ""


def _check_names(
    names: CellNames, inputs: dict[str, Any], output: str, session: Session, packages: Sequence[str]
) -> None:
    """Refuse a cell that uses undefined names; warn of packages that the image may lack."""
    for name in names.missing:
        if name not in inputs and not names.star:
            known = type(session.variables.get(name)) in TYPES and not name.startswith("_")
            cure = f"send it with --in {name}, or define it in this cell"
            other = "define it in this cell, or import it. Functions of other cells are not sent."
            raise cell_error(
                f"The cell uses “{name}”, which it does not define.", next_step=cure if known else other
            )
    if output and output not in names.defined and not names.star:
        raise cell_error(f"The cell does not define “{output}”.", next_step=f"set {output} = … in this cell")
    owners = importlib.metadata.packages_distributions() if names.imported else {}
    for package in find_unlisted(names.imported, packages, owners):
        session.front.say(f"{package} is not part of Python. If the image lacks it: --packages {package}")


def _read_result(session: Session, run: Run, output: str) -> object:
    """Return the value of the output variable."""
    for values in session.service().outputs(run.run_id).values():
        if output in values:
            value = values[output]
            return json.loads(value) if isinstance(value, str) else value
    raise cell_error(f"“{output}” did not come back.", why="This KFP does not report task outputs.")
