"""What a cell needs to run by itself: values and imports of other cells."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import KfpError
from ..models import CellName, ParameterSpec
from .names import MAX_VALUE_BYTES, CellNames, cell_error, parse_cell
from .parameters import TYPES, read_literal, type_of
from .reading import NotebookCell, ParsedNotebook
from .task import PYTHON

_NOT_SENT = "Functions and classes of other cells are not sent. Define it in this cell."


class Definition(NamedTuple):
    """What another cell makes of a name."""

    cell: int
    kind: str  # "literal", "import", "function", "class" or "computed"
    value: Any = None  # of a literal
    text: str = ""  # of an import


class CellNeeds(NamedTuple):
    """A cell with what it takes from others."""

    names: list[CellName]
    imports: list[str]  # statements of other cells, to be run before it
    inputs: dict[str, Any]
    is_plain: bool  # whether plain Python runs it
    modules: set[str]  # from outside of the standard library

    @property
    def blocked(self) -> CellName | None:
        """The first name without a value."""
        return next((name for name in self.names if not name.is_sent), None)


def find_needs(code: str, notebook: ParsedNotebook | None, given: Mapping[str, Any]) -> CellNeeds:
    """Return what `code` takes from other cells of its notebook; raises `bad-input` if it is no Python.

    Values that are written there go along, as do the `given` ones, and imports are run again.
    """
    cell = CellNames(code, ipython=True)
    inputs = {name: check_value(name, value) for name, value in given.items()}
    known = find_definitions(notebook, code, cell.missing) if notebook is not None else {}
    names, imports, modules = [], [], set(cell.imported)
    for name in [] if cell.star else cell.missing:
        definition = known.get(name)
        if definition is not None and definition.kind == "import" and name not in inputs:
            imports.append(definition.text)
            modules |= CellNames(definition.text).imported
            continue
        if definition is not None and definition.kind == "literal":
            inputs.setdefault(name, definition.value)
        names.append(_describe(name, definition, inputs, notebook))
    return CellNeeds(names, sorted(set(imports)), inputs, cell.is_plain, modules)


def _describe(
    name: str, definition: Definition | None, inputs: Mapping[str, Any], notebook: ParsedNotebook | None
) -> CellName:
    number = definition.cell if definition is not None else 0
    if name in inputs:
        return CellName(name=name, cell=number, is_sent=True, can_send=True, value=inputs[name])
    if definition is not None and definition.kind in ("function", "class"):
        return CellName(name=name, cell=number, reason=_NOT_SENT)
    if definition is not None:
        reason = f"Cell {number} computes it. Send its value, or compute it in this cell."
    else:
        where = f"No cell of {notebook.name} defines it" if notebook is not None else "It is not defined"
        reason = f"{where}. Send its value, or define it in this cell."
    return CellName(name=name, cell=number, can_send=True, reason=reason)


def find_definitions(notebook: ParsedNotebook, code: str, names: Collection[str]) -> dict[str, Definition]:
    """Return what the other cells of a notebook make of `names`; of several, the last above `code` counts."""
    own = find_cell(notebook, code)
    above = [cell for cell in notebook.cells if own is None or cell.number < own.number]
    below = [cell for cell in notebook.cells if own is not None and cell.number > own.number]
    found: dict[str, Definition] = {}
    for cell in [*reversed(above), *below]:
        open_ones = [name for name in names if name not in found]
        if not open_ones:
            break
        if re.search(rf"\b(?:{'|'.join(map(re.escape, open_ones))})\b", cell.source):
            found = {**_read_definitions(cell), **found}
    return {name: found[name] for name in names if name in found}


def find_cell(notebook: ParsedNotebook, code: str) -> NotebookCell | None:
    """Return the cell that `code` is, or is a part of."""
    wanted = code.strip()
    exact = [cell for cell in notebook.cells if cell.source.strip() == wanted]
    return next(iter(exact or [cell for cell in notebook.cells if wanted and wanted in cell.source]), None)


def _read_definitions(cell: NotebookCell) -> dict[str, Definition]:
    try:
        tree = parse_cell(cell.source, ipython=True).tree
        defined = CellNames(cell.source, ipython=True).defined
    except KfpError:
        return {}
    found = {name: Definition(cell.number, "computed") for name in defined}
    literals: dict[str, int] = {}
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            found |= _read_import(statement, cell.number)
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found[statement.name] = Definition(cell.number, "function")
        elif isinstance(statement, ast.ClassDef):
            found[statement.name] = Definition(cell.number, "class")
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            found |= _read_assignment(statement, cell.number, literals)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)] if literals else []
    stores = [node.id for node in names if isinstance(node.ctx, ast.Store)]
    for name, count in literals.items():
        if stores.count(name) > count:  # changed in a loop or by `+=`
            found[name] = Definition(cell.number, "computed")
    return found


def _read_import(statement: ast.Import | ast.ImportFrom, number: int) -> dict[str, Definition]:
    found = {}
    for alias in statement.names:
        alone: ast.stmt
        if isinstance(statement, ast.Import):
            alone = ast.Import(names=[alias])
        else:
            alone = ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
        name = alias.asname or alias.name.split(".")[0]
        found[name] = Definition(number, "import", text=ast.unparse(alone))
    return found


def _read_assignment(
    statement: ast.Assign | ast.AnnAssign, number: int, literals: dict[str, int]
) -> dict[str, Definition]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    if statement.value is None or len(names) != len(targets):
        return {}
    try:
        value = read_literal(statement.value)
    except ValueError:
        return {name: Definition(number, "computed") for name in names}
    if type(value) not in TYPES:
        return {name: Definition(number, "computed") for name in names}
    for name in names:
        literals[name] = literals.get(name, 0) + 1
    return {name: Definition(number, "literal", value) for name in names}


def check_value(name: str, value: object) -> Any:
    """Return `value` as it is sent; raises `bad-input` when it is no JSON data or too large."""
    if isinstance(value, tuple):
        value = list(value)
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = ""
    if type(value) not in TYPES or not text:
        raise cell_error(
            f"“{name}” cannot be sent.",
            why=f"It is a {type(value).__name__}; values are JSON data: {', '.join(PYTHON.values())}.",
            next_step="save it to a file or compute it in the cell",
        )
    if len(text.encode()) > MAX_VALUE_BYTES:
        raise cell_error(
            f"“{name}” is too large.",
            why=f"It has {len(text.encode()) / 1024:.1f} KiB; the limit is 64.0 KiB.",
            next_step="save it to a file or compute it in the cell",
        )
    return json.loads(text)


def make_inputs(values: Mapping[str, Any]) -> list[ParameterSpec]:
    """Return JSON values as parameters that have them as defaults."""
    return [
        ParameterSpec(name=name, type=type_of(value), has_default=True, default=value)
        for name, value in values.items()
    ]


def find_unlisted(
    imported: Collection[str], packages: Sequence[str], owners: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the packages that a cell imports without listing; `owners` maps modules to distributions."""
    listed = {name_of(package) for package in packages}
    found = [owners.get(module, [module])[0] for module in sorted(imported)]
    return [name for name in found if name_of(name) not in listed and name != "kfp"]


def name_of(requirement: str) -> str:
    """Return the name of the distribution that a requirement asks for, as pip compares it."""
    head = requirement
    for mark in "[=<>!~ @;,":
        head = head.partition(mark)[0]
    return head.strip().lower().replace("_", "-").replace(".", "-")
