"""JupyterLab as in a Kubeflow notebook pod, which is a folder and variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conftest import Lab, start_lab

from tests.replay.lab import write_config


@contextmanager
def lab_in_pod(
    variables: Mapping[str, str], pod: Path, environ: dict[str, str], root: Path, *options: str
) -> Iterator[Lab]:
    """Start JupyterLab on the folder `root`, in a pod with these variables and the file system `pod`."""
    config = write_config(variables, pod, root)
    with start_lab(root, environ, f"--config={config}", *options) as started:
        yield started
