"""The parameters of a notebook: simple assignments in its cell tagged `parameters`, as papermill has them.

https://papermill.readthedocs.io/en/latest/usage-parameterize.html
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Callable
from typing import Any

from ..errors import KfpError
from ..models import ParameterSpec, ParameterType
from .names import MAX_VALUE_BYTES, parse_cell
from .reading import NotebookCell, ParsedNotebook

TAG = "parameters"
INJECTED = "injected-parameters"  # the tag of the cell with the given values

TYPES: dict[type, ParameterType] = {
    bool: ParameterType.BOOLEAN,
    int: ParameterType.INTEGER,
    float: ParameterType.NUMBER,
    str: ParameterType.STRING,
    list: ParameterType.LIST,
    tuple: ParameterType.LIST,
    dict: ParameterType.STRUCT,
}
_NAMES = {
    "bool": ParameterType.BOOLEAN,
    "int": ParameterType.INTEGER,
    "float": ParameterType.NUMBER,
    "str": ParameterType.STRING,
    "list": ParameterType.LIST,
    "List": ParameterType.LIST,
    "tuple": ParameterType.LIST,
    "Tuple": ParameterType.LIST,
    "Sequence": ParameterType.LIST,
    "dict": ParameterType.STRUCT,
    "Dict": ParameterType.STRUCT,
    "Mapping": ParameterType.STRUCT,
}
_TYPE_COMMENT = re.compile(r"type:\s*(?P<type>[\w.\[\], |]+?)(?:\s*$|\s+(?=\S)(?![|\],]))")


def find_tagged(notebook: ParsedNotebook) -> NotebookCell | None:
    """Return the first cell tagged `parameters`."""
    return next((cell for cell in notebook.cells if TAG in cell.tags), None)


def read_parameters(source: str) -> list[ParameterSpec]:
    """Return the parameters that the code of a cell defines, in order.

    What is computed, assigned twice, or no JSON value is left as it is in the cell, and is no parameter.
    """
    try:
        tree, text, _ = parse_cell(source, ipython=True)
    except KfpError:
        return []  # the notebook fails there, and says why
    comments = _read_comments(text)
    counts: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            counts[node.id] = counts.get(node.id, 0) + 1
    found = [_read_statement(statement, comments) for statement in tree.body]
    return [spec for spec in found if spec is not None and counts[spec.name] == 1]


def read_literal(node: ast.expr) -> Any:
    """Return the value of a literal that JSON has, too; raises ValueError for any other expression."""
    try:
        value = ast.literal_eval(node)
        text = json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("no literal") from None
    if value is not None and type(value) not in TYPES:
        raise ValueError("no JSON value")
    if len(text.encode()) > MAX_VALUE_BYTES or not _has_text_keys(value):
        raise ValueError("too large, or with keys that are no text")
    return json.loads(text)


def type_of(value: Any) -> ParameterType:
    """Return the type of a JSON value; text for nothing."""
    return TYPES.get(type(value), ParameterType.STRING)


def _has_text_keys(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _has_text_keys(inner) for key, inner in value.items())
    return all(map(_has_text_keys, value)) if isinstance(value, (list, tuple)) else True


def _read_statement(statement: ast.stmt, comments: _Comments) -> ParameterSpec | None:
    annotation = statement.annotation if isinstance(statement, ast.AnnAssign) else None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    if not isinstance(target, ast.Name) or statement.value is None:
        return None
    try:
        value = read_literal(statement.value)
    except ValueError:
        return None
    comment = comments(statement)
    hint = _TYPE_COMMENT.match(comment)
    if hint is not None and annotation is None:
        annotation = _parse_annotation(hint["type"])
        comment = comment[hint.end() :]
    return _make_spec(target.id, value, annotation, comment.strip())


def _make_spec(name: str, value: Any, annotation: ast.expr | None, comment: str) -> ParameterSpec:
    kind, optional, literals = _read_annotation(annotation)
    if kind is None or (value is not None and not _fits(value, kind)):
        kind = type_of(value)
    if kind is ParameterType.NUMBER and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return ParameterSpec(
        name=name,
        type=kind,
        description=comment,
        has_default=value is not None,
        default=value,
        optional=optional or value is None,
        literals=literals if value in literals else [],
    )


def _fits(value: Any, kind: ParameterType) -> bool:
    if kind is ParameterType.NUMBER and type(value) is int:
        return math.isfinite(value)
    return type_of(value) is kind


def _read_annotation(node: ast.expr | None) -> tuple[ParameterType | None, bool, list[Any]]:
    """Return the type of an annotation, whether None fits, and the choices of a `Literal`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = _parse_annotation(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        parts = [node.left, node.right]
        rest = [each for each in parts if not (isinstance(each, ast.Constant) and each.value is None)]
        kind, _, literals = _read_annotation(rest[0]) if len(rest) == 1 else (None, False, [])
        return kind, len(rest) == 1, literals
    if isinstance(node, ast.Subscript):
        return _read_subscript(_last_name(node.value), node.slice)
    return _NAMES.get(_last_name(node)), False, []


def _read_subscript(name: str, inner: ast.expr) -> tuple[ParameterType | None, bool, list[Any]]:
    if name == "Optional":
        kind, _, literals = _read_annotation(inner)
        return kind, True, literals
    if name == "Literal":
        nodes = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        values = [node.value for node in nodes if isinstance(node, ast.Constant)]
        kinds = {type_of(value) for value in values}
        whole = len(values) == len(nodes) and len(kinds) == 1
        return (kinds.pop(), False, values) if whole else (None, False, [])
    return _NAMES.get(name), False, []


def _last_name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _parse_annotation(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_Comments = Callable[[ast.stmt], str]


def _read_comments(source: str) -> _Comments:
    """Return what gives the comment of a statement: behind it, else in the lines right above it."""
    behind: dict[int, str] = {}
    alone: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                kept = behind if token.line[:column].strip() else alone
                kept[line] = token.string.lstrip("#").strip()
    except (tokenize.TokenError, SyntaxError):
        pass  # the comments before it are known

    def find(statement: ast.stmt) -> str:
        last = statement.end_lineno or statement.lineno
        if last in behind:
            return behind[last]
        above: list[str] = []
        line = statement.lineno - 1
        while line in alone:
            above.insert(0, alone[line])
            line -= 1
        return " ".join(above)

    return find
