"""The artifact of an importer, which no launcher prints: the compiler's JSON in its node has it. Pure.

Only an address that a parameter gives is not there: the run's own parameters have it, or the line that the
launcher writes. Sources, in github.com/kubeflow/pipelines: backend/src/v2/compiler/argocompiler/importer.go
and backend/src/v2/component/importer_launcher.go.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from ...models import Artifact, TaskValues
from .launcher import read_object, take_object, title_of
from .workflow import ImporterSpecs

_OUTPUT = "artifact"  # the name that the SDK gives to the output of each importer
_ADDRESS = re.compile(
    r"^[IWEF]\d{4} \S+ +\d+ \S+\.go:\d+\] Artifact URI from runtime parameter: (\S.*)$", re.MULTILINE
)


class ImportedArtifact(NamedTuple):
    """What an importer makes known."""

    output: str
    artifact: Artifact  # without an address where a parameter gives it
    parameter: str  # of the task that gives it
    source: str  # the parameter of the pipeline around the task that this one comes from
    given: dict[str, Any]  # the constants among the inputs of the task

    def at(self, uri: str) -> tuple[TaskValues, TaskValues]:
        """Return the inputs and the outputs of the task for the address that its artifact has."""
        artifact = msgspec.structs.replace(self.artifact, uri=uri)
        inputs = {**self.given, self.parameter: uri} if self.parameter else self.given
        return TaskValues(parameters=inputs), TaskValues(artifacts={self.output: [artifact]})


def read_import(specs: ImporterSpecs) -> ImportedArtifact:
    """Return what the importer with these specs makes known."""
    importer, component, task = map(read_object, specs)
    output = next(iter(take_object(take_object(component, "outputDefinitions"), "artifacts")), _OUTPUT)
    address = take_object(importer, "artifactUri")
    constant = _constant(address)
    artifact = Artifact(
        name=output,
        type=title_of(importer.get("typeSchema")),
        uri=constant if isinstance(constant, str) else "",
        metadata=take_object(importer, "metadata"),
    )
    parameter = str(address.get("runtimeParameter", ""))
    inputs = take_object(take_object(task, "inputs"), "parameters")
    source = str(take_object(inputs, parameter).get("componentInputParameter", ""))
    constants = {name: _constant(take_object(take_object(inputs, name), "runtimeValue")) for name in inputs}
    given = {name: value for name, value in constants.items() if value is not None}
    return ImportedArtifact(output, artifact, parameter, source, given)


def find_address(log: str) -> str:
    """Return the address that the launcher of an importer took from a parameter; empty without one."""
    addresses = _ADDRESS.findall(log)
    return str(addresses[-1]).strip() if addresses else ""


def _constant(value: dict[str, Any]) -> Any:
    """Return a constant of a spec, which early releases wrap in its type; None where it is none."""
    constant = value.get("constant", value.get("constantValue"))
    return next(iter(constant.values()), None) if isinstance(constant, dict) else constant
