"""A laptop with the embedded server running, for the tests of what people touch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings

PIPELINES = Path(__file__).parent.parent / "notebooks" / "pipelines"
HELLO = str(PIPELINES / "hello.yaml")
BROKEN = str(PIPELINES / "broken.yaml")

_HEAD = """
pipelineInfo: {name: quick}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
components:
  comp-step:
    executorLabel: exec-step
    inputDefinitions:
      parameters: {seconds: {parameterType: NUMBER_DOUBLE}}
deploymentSpec:
  executors:
    exec-step:
      container: {image: python,
                  command: [sh, -c, 'for i in 1 2 3; do echo line $i; done; sleep "$0"; echo end'],
                  args: ['{{$.inputs.parameters[''seconds'']}}']}
root:
  inputDefinitions:
    parameters:
      seconds: {parameterType: NUMBER_DOUBLE, defaultValue: 0.0, isOptional: true}
      epochs: {parameterType: NUMBER_INTEGER, defaultValue: 10.0, isOptional: true}
      config: {parameterType: STRUCT, isOptional: true}
      flag: {parameterType: BOOLEAN, defaultValue: true, isOptional: true}
  dag:
    tasks:
      step:
        componentRef: {name: comp-step}
        taskInfo: {name: step}
        inputs: {parameters: {seconds: {componentInputParameter: seconds}}}
"""


@dataclass
class Laptop:
    """Where the server of this test session is, and how to reach it."""

    folder: Path
    settings: KfpSettings

    def connect(self, **where: Any) -> KfpService:
        """As `jupyter_kfp_mt.connect`, with the folder of this laptop."""
        return connect(**{"settings": self.settings, **{k: v for k, v in where.items() if v is not None}})

    @property
    def quick(self) -> str:
        """A pipeline of one task that sleeps for `seconds`."""
        return str(self.folder / "quick.yaml")


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The embedded server, started once for all tests of a session."""
    folder = tmp_path_factory.mktemp("kfp")
    settings = KfpSettings(data_dir=str(folder), embedded="auto")
    (folder / "quick.yaml").write_text(_HEAD)
    with warnings.catch_warnings():  # the server outlives its Popen on purpose
        warnings.simplefilter("ignore", ResourceWarning)
        embedded.ensure_running(folder, namespace="ana")
    yield Laptop(folder, settings)
    embedded.stop(folder)


@pytest.fixture(scope="session")
def service(laptop: Laptop) -> KfpService:
    """The service on the laptop."""
    return laptop.connect()
