"""Compile a cell to a pipeline of one task, without the SDK. Pure.

The task has the form of a lightweight Python component (KFP IR 2.1.0, `kfp.dsl.executor_main`), so that
every KFP runs it. Its output is JSON text, since its type is unknown before it has run.
"""

from __future__ import annotations

import ast
import builtins
import json
import symtable
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..errors import KfpError, kfp_error

KFP_RUNTIME = "2.17.0"  # what the task installs when its image lacks it
MAX_VALUE_BYTES = 64 * 1024
TYPES: dict[type, tuple[str, str]] = {
    bool: ("BOOLEAN", "bool"),
    int: ("NUMBER_INTEGER", "int"),
    float: ("NUMBER_DOUBLE", "float"),
    str: ("STRING", "str"),
    list: ("LIST", "list"),
    dict: ("STRUCT", "dict"),
}
_ALWAYS_THERE = frozenset(dir(builtins)) | {"__name__", "__file__", "__builtins__"}


def cell_error(message: str, *, why: str = "", next_step: str = "") -> KfpError:
    """Return the error of a cell that cannot be sent."""
    return kfp_error("bad-input/cell", problem=message, why=why, next=next_step)


class CellNames:
    """The names of a cell: those that it defines, uses without defining, and imports."""

    def __init__(self, code: str) -> None:
        try:
            tree = ast.parse(code)
            table = symtable.symtable(code, "<cell>", "exec")
        except (SyntaxError, ValueError) as error:
            line = f"Line {error.lineno}: {error.msg}." if isinstance(error, SyntaxError) else str(error)
            magic = any(each.lstrip().startswith(("%", "!")) for each in code.splitlines())
            cure = "leave out magics and !commands" if magic else "correct that line"
            raise cell_error("The cell is not plain Python.", why=line, next_step=cure) from None
        self.imported = _find_imports(tree)
        self.star = any(
            alias.name == "*"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        )
        self.defined, used = _read_symbols(table)
        self.missing = sorted(used - self.defined - _ALWAYS_THERE)


def _read_symbols(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Return the names that the module level defines, and those that any level takes from it."""
    top = {symbol.get_name(): symbol for symbol in table.get_symbols()}
    defined = {name for name, symbol in top.items() if symbol.is_assigned() or symbol.is_imported()}
    used = {name for name, symbol in top.items() if symbol.is_referenced()}
    waiting = list(table.get_children())
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        for symbol in inner.get_symbols():
            if symbol.is_declared_global() and symbol.is_assigned():
                defined.add(symbol.get_name())
            if symbol.is_global() and symbol.is_referenced():
                used.add(symbol.get_name())
    return defined, used


def _find_imports(tree: ast.AST) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    return modules - sys.stdlib_module_names


def check_value(name: str, value: object) -> Any:
    """Return `value` as it is sent; raises `bad-input` when it is no JSON data or too large."""
    if isinstance(value, tuple):
        value = list(value)
    kinds = ", ".join(python for _, python in TYPES.values())
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = ""
    if type(value) not in TYPES or not text:
        raise cell_error(
            f"“{name}” cannot be sent.",
            why=f"It is a {type(value).__name__}; values are JSON data: {kinds}.",
            next_step="save it to a file or compute it in the cell",
        )
    if len(text.encode()) > MAX_VALUE_BYTES:
        raise cell_error(
            f"“{name}” is too large.",
            why=f"It has {len(text.encode()) / 1024:.1f} KiB; the limit is 64.0 KiB.",
            next_step="save it to a file or compute it in the cell",
        )
    return json.loads(text)


def build_spec(
    name: str,
    code: str,
    *,
    inputs: Mapping[str, Any],
    output: str = "",
    packages: Sequence[str] = (),
    image: str,
) -> dict[str, Any]:
    """Return the pipeline `name` that runs `code` in one task; `inputs` are JSON values by name."""
    types = {key: TYPES[type(value)] for key, value in inputs.items()}
    parameters = {key: {"parameterType": wire} for key, (wire, _) in types.items()}
    component: dict[str, Any] = {"executorLabel": f"exec-{name}"}
    root: dict[str, Any] = {
        "dag": {
            "tasks": {
                name: {
                    "cachingOptions": {"enableCache": True},
                    "componentRef": {"name": f"comp-{name}"},
                    "taskInfo": {"name": name},
                }
            }
        }
    }
    if parameters:
        component["inputDefinitions"] = {"parameters": parameters}
        defaults = {
            key: {**parameters[key], "defaultValue": inputs[key], "isOptional": True} for key in inputs
        }
        root["inputDefinitions"] = {"parameters": defaults}
        taken = {key: {"componentInputParameter": key} for key in inputs}
        root["dag"]["tasks"][name]["inputs"] = {"parameters": taken}
    if output:
        component["outputDefinitions"] = {"parameters": {output: {"parameterType": "STRING"}}}
    return {
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "sdkVersion": f"kfp-{KFP_RUNTIME}",
        "components": {f"comp-{name}": component},
        "deploymentSpec": {
            "executors": {f"exec-{name}": {"container": _container(code, types, output, packages, image)}}
        },
        "root": root,
    }


_PROGRAM = """
import kfp
from kfp import dsl
from kfp.dsl import *
from typing import *

_CODE = {code!r}

def cell({signature}){returns}:
    import json
    import linecache

    linecache.cache["<cell>"] = (len(_CODE), None, _CODE.splitlines(True), "<cell>")
    names = {{"__name__": "__main__", {given}}}
    exec(compile(_CODE, "<cell>", "exec"), names)
{result}
"""
# One line each, as the SDK writes them: servers that know Python components read the packages from them.
_PIP = "python3 -m pip install --quiet --no-warn-script-location"
_INSTALL = """
if ! [ -x "$(command -v pip)" ]; then
    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
fi

PIP_DISABLE_PIP_VERSION_CHECK=1 {install} && "$0" "$@"
"""
_RUN = (
    'program_path=$(mktemp -d)\n\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n'
    "_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main"
    ' --component_module_path "$program_path/ephemeral_component.py" "$@"\n'
)


def _container(
    code: str, types: Mapping[str, tuple[str, str]], output: str, packages: Sequence[str], image: str
) -> dict[str, Any]:
    install = f"{_PIP} 'kfp=={KFP_RUNTIME}' '--no-deps'"
    if packages:
        install += f" && {_PIP} " + " ".join(f"'{package}'" for package in packages)
    program = _PROGRAM.format(
        code=code,
        signature=", ".join(f"{key}: {python}" for key, (_, python) in types.items()),
        returns=f" -> NamedTuple('Outputs', [('{output}', str)])" if output else "",
        given=", ".join(f"'{key}': {key}" for key in types),
        result=(
            "    from collections import namedtuple\n\n"
            f"    return namedtuple('Outputs', ['{output}'])(json.dumps(names['{output}'], allow_nan=False))"
            if output
            else ""
        ),
    )
    return {
        "image": image,
        "command": ["sh", "-c", _INSTALL.format(install=install), "sh", "-ec", _RUN, program],
        "args": ["--executor_input", "{{$}}", "--function_to_execute", "cell"],
    }


def find_unlisted(
    imported: Collection[str], packages: Sequence[str], owners: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the packages that a cell imports without listing; `owners` maps modules to distributions."""
    listed = {
        package.split("[")[0].split("=")[0].split("<")[0].split(">")[0].strip().lower()
        for package in packages
    }
    found = [owners.get(module, [module])[0] for module in sorted(imported)]
    return [name for name in found if name.lower() not in listed and name != "kfp"]
