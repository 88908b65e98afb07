"""One engine and one compilation of each pipeline for all rows of the feature table."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import pipeline_spec as spec
from jupyter_kfp_mt.pipeline_spec import Package
from tests.engine.bench import Bench


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], Package]:
    """Compile a pipeline with the official compiler, once."""
    folder = tmp_path_factory.mktemp("compiled")
    done: dict[str, Package] = {}

    def compile_pipeline(pipeline: Any) -> Package:
        from kfp import compiler

        path = folder / f"{pipeline.pipeline_func.__name__}.yaml"
        if str(path) not in done:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the SDK's advice about images
                compiler.Compiler().compile(pipeline, str(path))
            done[str(path)] = spec.parse(path.read_text())
        return done[str(path)]

    return compile_pipeline


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("engine"), tasks=16)
    bench.store_secrets("ana", "s3cret")
    yield bench
    bench.close()


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Make engines for one test alone, and close them."""
    made: list[Bench] = []

    def make(**options: Any) -> Bench:
        made.append(Bench(tmp_path / "engine", **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder where tasks leave marks."""
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder
