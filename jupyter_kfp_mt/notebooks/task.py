"""Write a pipeline of one task, without the SDK.

The task has the form of a lightweight Python component (KFP IR 2.1.0, `kfp.dsl.executor_main`), so that every
KFP runs it.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from ..models import ParameterSpec, ParameterType

KFP_RUNTIME = "2.17.0"  # what the task installs when its image lacks it
NOTEBOOK_PACKAGES = ("nbclient", "ipykernel")  # what executes a notebook
EXECUTE = "execute_notebook"  # the function that does it
OUTPUT = "notebook"  # the name of the executed notebook among the outputs
PYTHON = {
    ParameterType.BOOLEAN: "bool",
    ParameterType.INTEGER: "int",
    ParameterType.NUMBER: "float",
    ParameterType.STRING: "str",
    ParameterType.LIST: "list",
    ParameterType.STRUCT: "dict",
}
_PART = 96 * 1024  # characters of a variable; Linux takes 128 KiB

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
_HEAD = "import kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\n"
_CELL = """
_CODE = {code!r}

def cell({signature}){returns}:
    import json
    import linecache

{files}    linecache.cache["<cell>"] = (len(_CODE), None, _CODE.splitlines(True), "<cell>")
    names = {{"__name__": "__main__", {given}}}
    exec(compile(_CODE, "<cell>", "exec"), names)
{result}
"""
_NOTEBOOK = """
def execute_notebook({signature}):
    run_notebook({{{given}}}, {output})
"""


def build_cell(
    name: str,
    code: str,
    *,
    inputs: Sequence[ParameterSpec] = (),
    output: str = "",
    packages: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
    folder: Sequence[str] = (),
    image: str,
) -> dict[str, Any]:
    """Return the pipeline `name` that runs `code` as a program.

    `output` is the name of a variable to bring back as JSON text, since its type is unknown before it has
    run. `files` have paths from the top of a folder tree, and `folder` is the one to run in.
    """
    result = (
        "    from collections import namedtuple\n\n"
        f"    return namedtuple('Outputs', ['{output}'])(json.dumps(names['{output}'], allow_nan=False))"
    )
    program = (_read_runner() if files else "") + _CELL.format(
        code=code,
        signature=_declare(inputs),
        returns=f" -> NamedTuple('Outputs', [('{output}', str)])" if output else "",
        given=", ".join(f"'{spec.name}': {spec.name}" for spec in inputs),
        files="    place_files(unpack(os.environ))\n" if files else "",
        result=result if output else "",
    )
    container = _make_container("cell", _HEAD + program, packages, image)
    if files:
        container["env"] = _pack({"folder": list(folder), "files": _encode(files)})
    outputs = {"parameters": {output: {"parameterType": "STRING"}}} if output else {}
    return _build_pipeline(name, name, inputs, outputs, container, cached=True)


def build_notebook(
    name: str,
    title: str,
    content: Mapping[str, Any],
    *,
    subject: str = "",
    parameters: Sequence[ParameterSpec] = (),
    packages: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
    folder: Sequence[str] = (),
    image: str,
) -> dict[str, Any]:
    """Return the pipeline `name` that executes a notebook, whose file is called `title`.

    A sentence about a failed cell begins with `subject`, or with its number and that file. Its result is not taken from the cache unless that is asked for: what it reads may have changed.
    """
    program = _read_runner() + _NOTEBOOK.format(
        signature=", ".join(filter(None, [f"{OUTPUT}: Output[Artifact]", _declare(parameters)])),
        given=", ".join(f"'{spec.name}': {spec.name}" for spec in parameters),
        output=OUTPUT,
    )
    container = _make_container(
        EXECUTE, _HEAD + program, [*NOTEBOOK_PACKAGES, *packages], image
    )
    sent = {
        "name": title,
        "subject": subject,
        "notebook": content,
        "defaults": {spec.name: spec.default for spec in parameters if spec.has_default},
        "folder": list(folder),
        "files": _encode(files or {}),
    }
    container["env"] = _pack(sent)
    artifact = {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}
    outputs = {"artifacts": {OUTPUT: artifact}}
    shown = title.rpartition(".")[0] or title
    return _build_pipeline(name, shown, parameters, outputs, container, cached=False)


def _read_runner() -> str:
    return resources.files(__package__).joinpath("runner.py").read_text(encoding="utf-8")


def _declare(specs: Sequence[ParameterSpec]) -> str:
    """Return the parameters of a function; those that may be left out come last."""
    needed = [f"{spec.name}: {PYTHON[spec.type]}" for spec in specs if spec.has_default]
    return ", ".join(needed + [f"{spec.name}: {PYTHON[spec.type]} = None" for spec in specs if not spec.has_default])


def _encode(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: base64.b64encode(data).decode() for path, data in files.items()}


def _pack(sent: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the variables that carry `sent`."""
    text = base64.b64encode(zlib.compress(json.dumps(sent).encode(), 9)).decode()
    parts = [text[start : start + _PART] for start in range(0, len(text), _PART)]
    return [{"name": f"KFP_NOTEBOOK_{number}", "value": part} for number, part in enumerate(parts, 1)]


def _make_container(function: str, program: str, packages: Sequence[str], image: str) -> dict[str, Any]:
    install = f"{_PIP} 'kfp=={KFP_RUNTIME}' '--no-deps'"
    if packages:
        install += f" && {_PIP} " + " ".join(f"'{package}'" for package in packages)
    return {
        "image": image,
        "command": ["sh", "-c", _INSTALL.format(install=install), "sh", "-ec", _RUN, program],
        "args": ["--executor_input", "{{$}}", "--function_to_execute", function],
    }


def _build_pipeline(
    name: str,
    title: str,
    inputs: Sequence[ParameterSpec],
    outputs: dict[str, Any],
    container: dict[str, Any],
    *,
    cached: bool,
) -> dict[str, Any]:
    component: dict[str, Any] = {"executorLabel": f"exec-{name}"}
    task: dict[str, Any] = {
        "cachingOptions": {"enableCache": True} if cached else {},
        "componentRef": {"name": f"comp-{name}"},
        "taskInfo": {"name": title},
    }
    root: dict[str, Any] = {"dag": {"tasks": {name: task}}}
    if inputs:
        component["inputDefinitions"] = {"parameters": {spec.name: _define(spec) for spec in inputs}}
        root["inputDefinitions"] = {
            "parameters": {spec.name: _define(spec, whole=True) for spec in inputs}
        }
        task["inputs"] = {
            "parameters": {spec.name: {"componentInputParameter": spec.name} for spec in inputs}
        }
    if outputs:
        component["outputDefinitions"] = outputs
    return {
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "sdkVersion": f"kfp-{KFP_RUNTIME}",
        "components": {f"comp-{name}": component},
        "deploymentSpec": {"executors": {f"exec-{name}": {"container": container}}},
        "root": root,
    }


def _define(spec: ParameterSpec, *, whole: bool = False) -> dict[str, Any]:
    """Return the definition of a parameter; the `whole` one, of the pipeline, has its default."""
    definition: dict[str, Any] = {"parameterType": spec.type.value}
    if not spec.has_default:
        definition["isOptional"] = True
    if whole:
        if spec.has_default:
            definition |= {"defaultValue": spec.default, "isOptional": True}
        if spec.description:
            definition["description"] = spec.description
        if spec.literals:
            definition["literals"] = list(spec.literals)
    return definition
