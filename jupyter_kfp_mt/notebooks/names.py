"""The names of a cell: those that it takes from other cells, those that it defines, and what it imports."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from ..errors import KfpError, kfp_error

_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)  # raised by Python's parser and compiler
MAX_VALUE_BYTES = 64 * 1024  # of a value that is sent
IPYTHON_NAMES = frozenset({"get_ipython", "display", "In", "Out", "_", "__", "___", "exit", "quit"})
_ALWAYS_THERE = frozenset(dir(builtins)) | {"__name__", "__file__", "__builtins__", "__doc__", "__annotations__"}
_PYTHON_CELL = re.compile(r"\s*%%(?:time|timeit|capture|prun)\b.*\n?")  # their cell is Python
_PYTHON_LINE = re.compile(r"^(\s*)%(?:time|prun)\s+(?!-)(?=\S)", re.MULTILINE)  # so is what follows these


def cell_error(message: str, *, why: str = "", next_step: str = "") -> KfpError:
    """Return the error of a cell that cannot be sent."""
    return kfp_error("bad-input/cell", problem=message, why=why, next=next_step)


class CellNames:
    """The names of a cell, and whether plain Python runs it.

    A name counts as missing where the cell may use it before it defines it, as in `df = df.dropna()`. A
    function's body runs later, so it may use whatever the cell defines anywhere.
    """

    def __init__(self, code: str, *, ipython: bool = False) -> None:
        """Read `code`; raises `bad-input` if it is no Python, or, without `ipython`, no plain Python."""
        tree, code, self.is_plain = parse_cell(code, ipython=ipython)
        reader = _Reader()
        try:
            reader.visit(tree)
            later = _find_deferred(code)
        except RecursionError:
            raise cell_error("The cell is nested too deeply.", next_step="write it in several lines") from None
        self.imported = {module.split(".")[0] for module in reader.modules} - sys.stdlib_module_names
        self.star = reader.star
        self.defined = reader.ever_bound | later.defined
        needed = (reader.needed - later.defined) | (later.used - self.defined)
        here = _ALWAYS_THERE | IPYTHON_NAMES if ipython else _ALWAYS_THERE
        self.missing = sorted(needed - here)
        if needed & IPYTHON_NAMES - _ALWAYS_THERE:
            self.is_plain = False


class ParsedCell(NamedTuple):
    """The tree of a cell, its text as Python, and whether it was plain Python before."""

    tree: ast.Module
    text: str
    is_plain: bool


def parse_cell(code: str, *, ipython: bool) -> ParsedCell:
    """Parse a cell; raises `bad-input`.

    With `ipython` it may have magics, commands and `await`, and the text is what IPython makes of it.
    """
    try:
        return ParsedCell(_compile(code, 0), code, is_plain=True)
    except _FAULTS as error:
        fault = error
    for text in (code, _transform(code)) if ipython else ():
        with suppress(*_FAULTS):
            return ParsedCell(_compile(text, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), text, is_plain=False)
    raise _not_python(code, fault)


def _compile(code: str, flags: int) -> ast.Module:
    """Return the tree of `code`; compiles it, too, for what the parser alone does not refuse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(code, "<cell>", "exec", flags=flags, dont_inherit=True)
        tree = compile(code, "<cell>", "exec", flags=flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    if not isinstance(tree, ast.Module):
        raise ValueError("no module")
    return tree


def _not_python(code: str, error: Exception) -> KfpError:
    line = f"Line {error.lineno}: {error.msg}." if isinstance(error, SyntaxError) else str(error)
    magic = any(each.lstrip().startswith(("%", "!")) for each in code.splitlines())
    cure = "leave out magics and !commands" if magic else "correct that line"
    return cell_error("The cell is not plain Python.", why=line, next_step=cure)


def _transform(code: str) -> str:
    """Return a cell as the Python that IPython makes of it; what `%time` and its like run stays visible."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow to import, and rarely needed

    visible = _PYTHON_LINE.sub(r"\1", _PYTHON_CELL.sub("", code, count=1) if _PYTHON_CELL.match(code) else code)
    try:
        text: str = TransformerManager().transform_cell(visible)
    except Exception:  # it raises what its parser raises
        return code
    return text


class _Deferred:
    """What the bodies of functions use of the cell, and what they define in it."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.defined: set[str] = set()


def _find_deferred(code: str) -> _Deferred:
    found = _Deferred()
    try:
        waiting = list(symtable.symtable(code, "<cell>", "exec").get_children())
    except (SyntaxError, ValueError, RecursionError):  # it awaits outside of a function
        wrapped = "async def cell():\n" + "".join(f" {line}\n" for line in code.splitlines())
        return _find_deferred_inside(wrapped)
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        for symbol in inner.get_symbols():
            if symbol.is_declared_global() and symbol.is_assigned():
                found.defined.add(symbol.get_name())
            if symbol.is_global() and symbol.is_referenced() and inner.get_type() == "function":
                found.used.add(symbol.get_name())
    return found


def _find_deferred_inside(wrapped: str) -> _Deferred:
    """Return the same of a cell that was made the body of a function: its own names are local there."""
    found = _Deferred()
    try:
        outer = symtable.symtable(wrapped, "<cell>", "exec").get_children()[0]
    except (SyntaxError, ValueError, RecursionError):
        return found
    waiting = list(outer.get_children())
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        for symbol in inner.get_symbols():
            if symbol.is_global() and symbol.is_referenced() and inner.get_type() == "function":
                found.used.add(symbol.get_name())
    return found


class _Reader(ast.NodeVisitor):
    """Goes through the statements of a cell in the order in which they run."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.ever_bound: set[str] = set()
        self.needed: set[str] = set()
        self.modules: set[str] = set()
        self.star = False
        self._locals: list[set[str]] = []  # of comprehensions and class bodies, the innermost last
        self._lazy_annotations = False

    # names

    def visit_Name(self, node: ast.Name) -> None:
        """Note a name that is used, bound or deleted."""
        if isinstance(node.ctx, ast.Load):
            self._use(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._use(node.id)
            self.bound.discard(node.id)

    def _use(self, name: str) -> None:
        if name not in self.bound and not any(name in scope for scope in self._locals):
            self.needed.add(name)

    def _bind(self, name: str | None) -> None:
        if name is None:
            return
        if self._locals:
            self._locals[-1].add(name)
        else:
            self.bound.add(name)
            self.ever_bound.add(name)

    @contextmanager
    def _scope(self, names: Iterable[str] = ()) -> Iterator[None]:
        self._locals.append(set(names))
        yield
        self._locals.pop()

    # statements whose parts run in another order than they are written

    def visit_Assign(self, node: ast.Assign) -> None:
        """Visit the value before the targets."""
        self.visit(node.value)
        self._visit_all(node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Visit the target, which is read, then bound."""
        if isinstance(node.target, ast.Name):
            self._use(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Visit the annotation and the value before the target, which is bound only with a value."""
        if not self._lazy_annotations:
            self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)
        elif not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Bind the target outside of comprehensions."""
        self.visit(node.value)
        self._bind_outside(node.target.id)

    def _bind_outside(self, name: str) -> None:
        held, self._locals = self._locals, []
        self._bind(name)
        self._locals = held

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        """Visit what is iterated before the target."""
        self.visit(node.iter)
        self.visit(node.target)
        self._visit_all([*node.body, *node.orelse])

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        """As `for`."""
        self.visit_For(node)

    def visit_Import(self, node: ast.Import) -> None:
        """Note the modules."""
        for alias in node.names:
            self.modules.add(alias.name)
            self._bind(alias.asname or alias.name.split(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Note the module, and whether it may define any name."""
        if node.module == "__future__":
            self._lazy_annotations |= any(alias.name == "annotations" for alias in node.names)
        if node.module and not node.level:
            self.modules.add(node.module)
        for alias in node.names:
            self.star |= alias.name == "*"
            self._bind(alias.asname or alias.name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Bind the exception within its handler."""
        if node.type is not None:
            self.visit(node.type)
        with self._handled(node.name):
            self._visit_all(node.body)

    @contextmanager
    def _handled(self, name: str | None) -> Iterator[None]:
        was_bound = name in self.bound
        self._bind(name)
        yield
        if name is not None and not was_bound and not self._locals:
            self.bound.discard(name)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        """Bind a name of a pattern."""
        self.generic_visit(node)
        self._bind(node.name)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        """Bind the rest of a sequence."""
        self._bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        """Bind the rest of a mapping."""
        self.generic_visit(node)
        self._bind(node.rest)

    # scopes

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Visit what runs where a function is defined: decorators, defaults and annotations."""
        self._visit_all(node.decorator_list)
        arguments = node.args
        self._visit_all([*arguments.defaults, *(each for each in arguments.kw_defaults if each is not None)])
        if not self._lazy_annotations:
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            named += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
            hints = [each.annotation for each in named if each.annotation is not None]
            with self._scope(_list_type_parameters(node)):
                self._visit_all([*hints, *([node.returns] if node.returns is not None else [])])
        self._bind(node.name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """As a function."""
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Visit its defaults; its body runs later."""
        self._visit_all([*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Visit a body that runs at once, with names of its own."""
        self._visit_all(node.decorator_list)
        with self._scope(_list_type_parameters(node)):
            self._visit_all([*node.bases, *(keyword.value for keyword in node.keywords)])
            with self._scope(("__module__", "__qualname__", "__firstlineno__")):
                self._visit_all(node.body)
        self._bind(node.name)

    def visit_Global(self, node: ast.Global) -> None:
        """Do nothing: at this level it says what is so."""

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """Bind the name of `type X = …`, whose value is found later."""
        name = getattr(node, "name", None)
        self._bind(getattr(name, "id", None))

    def _visit_comprehension(self, generators: list[ast.comprehension], results: list[ast.expr]) -> None:
        self.visit(generators[0].iter)
        with self._scope():
            for number, each in enumerate(generators):
                if number:
                    self.visit(each.iter)
                self.visit(each.target)
                self._visit_all(each.ifs)
            self._visit_all(results)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        """Visit a comprehension, whose targets are its own."""
        self._visit_comprehension(node.generators, [node.elt])

    visit_SetComp = visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """Visit a comprehension of a dictionary."""
        self._visit_comprehension(node.generators, [node.key, node.value])

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _list_type_parameters(node: ast.AST) -> list[str]:
    """Return the names in `class A[T]` and `def f[T]`, of Python 3.12 and newer."""
    return [str(each.name) for each in getattr(node, "type_params", [])]
