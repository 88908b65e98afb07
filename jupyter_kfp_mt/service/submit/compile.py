"""Compile Python to a pipeline; nothing else but task processes imports the KFP SDK.

A function is compiled in this process, where it lives. A `.py` file is compiled in a process of its own,
which contains the effects of importing it: `python -m jupyter_kfp_mt.service.submit.compile FILE FUNCTION`.
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
from typing import Any

from ...errors import KfpError, kfp_error
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


def compile_file(path: Path, function: str = "") -> Package:
    """Compile the pipeline in a Python file; raises `sdk-missing`, `compile-failed`, `bad-input`."""
    path = path.resolve()  # the compiler runs in its folder
    command = [sys.executable, "-m", __name__, str(path), function]
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
        return parse(outcome["yaml"], name=path.name)
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


def _find_pipelines(path: Path, wanted: str) -> list[tuple[str, Any]]:
    """Return the pipelines of a file by name, or the one that is `wanted`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kfp.dsl import base_component, graph_component

        spec = importlib.util.spec_from_file_location("__kfp_pipeline__", path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    known = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    if wanted:
        return [(wanted, known[wanted])] if wanted in known else []
    own = [
        (name, value) for name, value in known.items() if isinstance(value, graph_component.GraphComponent)
    ]
    return own or [(n, v) for n, v in known.items() if isinstance(v, base_component.BaseComponent)]


def _main(path: Path, wanted: str) -> dict[str, Any]:
    try:
        pipelines = _find_pipelines(path, wanted)
        if not pipelines and wanted:
            return {"code": "bad-input", "problem": f"there is no “{wanted}” in it"}
        if len(pipelines) != 1:
            names = ", ".join(name for name, _ in pipelines)
            problem = "there is no pipeline in it" if not pipelines else "there are several pipelines in it"
            why = f"Choose one, as {path.name}:{pipelines[0][0]}. It has {names}." if pipelines else ""
            return {"code": "bad-input", "problem": problem, "why": why}
        if _lacks_decorator(pipelines[0][1]):
            return {"code": "bad-input", "problem": f"{wanted}: {_UNDECORATED}", "why": ""}
        return {"yaml": _compile(pipelines[0][1])}
    except ImportError as error:
        if (error.name or "").split(".")[0] == "kfp":
            return {"code": "sdk-missing"}
        return {"code": "compile-failed", **_locate(error, str(path))}
    except Exception as error:  # the file is a user's program
        return {"code": "compile-failed", **_locate(error, str(path))}


if __name__ == "__main__":
    sys.stdout.write(_MARK + json.dumps(_main(Path(sys.argv[1]).resolve(), sys.argv[2])) + "\n")
