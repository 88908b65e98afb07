"""Compile Python to a pipeline; nothing else but task processes imports the KFP SDK.

A function is compiled in this process, where it lives. A `.py` file is compiled in a process of its own,
which contains the effects of importing it: `python -m jupyter_kfp_mt.service.submit.compile FILE FUNCTION`,
with `first` behind it to take the first of several.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ...errors import KfpError, kfp_error
from ...models import SourceFunction
from ...pipeline_spec import Package, parse

TIMEOUT = 120.0  # seconds; the SDK's import alone takes two
_MARK = "JUPYTER_KFP_MT "
_UNDECORATED = "it has no @dsl.pipeline or @dsl.component above it"
_DECORATE = "write one of them above the function"


def compile_function(function: Callable[..., Any]) -> Package:
    """Compile a pipeline or component function; raises `sdk-missing` and `compile-failed`."""
    name = getattr(function, "__name__", None) or getattr(function, "name", None) or "pipeline"
    if _lacks_decorator(function):
        raise kfp_error("bad-input", field=name, problem=_UNDECORATED, next=_DECORATE)
    try:
        text = _compile(function)
    except ImportError as error:
        raise _import_error(error) from None
    except Exception as error:  # the SDK and the function raise what they like
        raise kfp_error("compile-failed", **_locate(error, "")) from error
    return parse(text, name=str(name))


class CompiledFile(NamedTuple):
    """A pipeline of a Python file, and what else is in it."""

    package: Package
    functions: list[SourceFunction]
    function: str


def compile_file(path: Path, function: str = "", *, choose: bool = False) -> CompiledFile:
    """Compile the pipeline in a Python file; raises `sdk-missing`, `compile-failed`, `bad-input`.

    With `choose`, the first one is taken where there are several and none is named.
    """
    path = path.resolve()  # the compiler runs in its folder
    command = [sys.executable, "-m", __name__, str(path), function, *(["first"] if choose else [])]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=path.parent
        )
    except subprocess.TimeoutExpired:
        raise kfp_error(
            "compile-failed", error=f"no result in {TIMEOUT:.0f} s", file=path.name, n=1
        ) from None
    line = next((each for each in done.stdout.splitlines()[::-1] if each.startswith(_MARK)), "")
    if not line:
        last = done.stderr.strip().splitlines()[-1:] or ["the compiler ended without a message"]
        raise kfp_error("compile-failed", error=last[0], file=path.name, n=1)
    outcome: dict[str, Any] = json.loads(line.removeprefix(_MARK))
    if "yaml" in outcome:
        functions = msgspec.convert(outcome["functions"], list[SourceFunction])
        return CompiledFile(parse(outcome["yaml"], name=path.name), functions, outcome["function"])
    raise _to_error(outcome, path.name)


def _to_error(outcome: dict[str, Any], name: str) -> KfpError:
    if outcome["code"] == "sdk-missing":
        return kfp_error("sdk-missing")
    if outcome["code"] == "bad-input":
        return kfp_error("bad-input", field=name, problem=outcome["problem"], why=outcome.get("why", ""))
    return kfp_error("compile-failed", error=outcome["error"], file=outcome["file"], n=outcome["n"])


def _lacks_decorator(function: object) -> bool:
    """Whether `function` is one that the SDK does not know as a component or a pipeline."""
    return inspect.isfunction(function)  # a decorated one is an object of the SDK


def _compile(function: Callable[..., Any]) -> str:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        from kfp import compiler

        target = Path(folder) / "pipeline.yaml"
        compiler.Compiler().compile(function, str(target))
        return target.read_text(encoding="utf-8")


def _import_error(error: ImportError) -> KfpError:
    if (error.name or "").split(".")[0] == "kfp":
        return kfp_error("sdk-missing")
    return kfp_error("compile-failed", **_locate(error, ""))


def _locate(error: BaseException, file: str) -> dict[str, Any]:
    """Return the error and its line: in `file`, else in the innermost code outside of libraries."""
    if isinstance(error, SyntaxError):
        return {
            "error": f"SyntaxError: {error.msg}",
            "file": Path(error.filename or file).name,
            "n": error.lineno,
        }
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if file and Path(frame.filename) == Path(file)]
    own = own or [
        frame for frame in frames if "site-packages" not in frame.filename and "<" not in frame.filename
    ]
    text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".rstrip(": ")
    place = own[-1] if own else None
    return {
        "error": text[:300],
        "file": Path(place.filename).name if place else Path(file).name,
        "n": place.lineno if place else 1,
    }


def _load(path: Path) -> dict[str, Any]:
    """Return the public names of a Python file, which is run."""
    spec = importlib.util.spec_from_file_location("__kfp_pipeline__", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def _find_functions(known: dict[str, Any]) -> list[dict[str, str]]:
    """Return the pipelines and components of a file, pipelines first."""
    from kfp.dsl import base_component, graph_component

    found = [(n, v) for n, v in known.items() if isinstance(v, base_component.BaseComponent)]
    listed = [
        {
            "name": name,
            "kind": "pipeline" if isinstance(value, graph_component.GraphComponent) else "component",
            "description": str(value.description or "").strip(),
        }
        for name, value in found
    ]
    return sorted(listed, key=lambda each: each["kind"] != "pipeline")


def _main(path: Path, wanted: str, *, choose: bool) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            known = _load(path)
            functions = _find_functions(known)
        if wanted and wanted not in known:
            return {"code": "bad-input", "problem": f"there is no “{wanted}” in it"}
        usual = [each["name"] for each in functions if each["kind"] == functions[0]["kind"]]
        names = [wanted] if wanted else usual
        if not names:
            return {"code": "bad-input", "problem": "there is no pipeline in it", "why": ""}
        if len(names) > 1 and not choose:
            why = f"Choose one, as {path.name}:{names[0]}. It has {', '.join(names)}."
            return {"code": "bad-input", "problem": "there are several pipelines in it", "why": why}
        if _lacks_decorator(known[names[0]]):
            return {"code": "bad-input", "problem": f"{wanted}: {_UNDECORATED}", "why": ""}
        return {"yaml": _compile(known[names[0]]), "functions": functions, "function": names[0]}
    except ImportError as error:
        if (error.name or "").split(".")[0] == "kfp":
            return {"code": "sdk-missing"}
        return {"code": "compile-failed", **_locate(error, str(path))}
    except Exception as error:  # the file is a user's program
        return {"code": "compile-failed", **_locate(error, str(path))}


if __name__ == "__main__":
    sys.stdout.write(
        _MARK
        + json.dumps(_main(Path(sys.argv[1]).resolve(), sys.argv[2], choose="first" in sys.argv[3:]))
        + "\n"
    )
