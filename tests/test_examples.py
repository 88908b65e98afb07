"""The pipelines of the notebooks are what their sources compile to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jupyter_kfp_mt.service.submit.sources import EXAMPLES

pytestmark = pytest.mark.slow  # a process that imports the SDK for every test

PIPELINES = Path(__file__).parent.parent / "notebooks" / "pipelines"
PACKAGED = Path(__file__).parent.parent / "jupyter_kfp_mt" / "example"
SDK_VERSION = re.compile(r"kfp(==|-)[0-9.]+")


@pytest.mark.parametrize("name", ["hello", "broken", "digits"])
def test_yaml_is_compiled_from_its_source(name: str, tmp_path: Path) -> None:
    source = tmp_path / f"{name}.py"
    source.write_text((PIPELINES / f"{name}.py").read_text(encoding="utf-8"), encoding="utf-8")

    subprocess.run([sys.executable, "-W", "ignore", source], check=True)

    fresh, committed = (
        yaml.safe_load(SDK_VERSION.sub("kfp", path.read_text(encoding="utf-8")))
        for path in (tmp_path / f"{name}.yaml", PIPELINES / f"{name}.yaml")
    )
    assert fresh == committed


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_packaged_examples_are_those_of_the_notebooks(name: str) -> None:
    packaged, ours = (folder / f"{name}.yaml" for folder in (PACKAGED, PIPELINES))
    assert packaged.read_text(encoding="utf-8") == ours.read_text(encoding="utf-8")
