"""JupyterLab as in a Kubeflow notebook pod, which is a folder (`tests/doctor/world.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import Lab, start_lab

if TYPE_CHECKING:
    from tests.doctor.world import World

CONFIG = """
from pathlib import Path

from jupyter_kfp_mt.context import Environment

c.KfpSettings.endpoint = {endpoint!r}
c.KfpSettings.data_dir = {data!r}
c.KfpExtension.surroundings = lambda: Environment({variables!r}, root=Path({root!r}))
"""


@contextmanager
def lab_in_pod(world: World, environ: dict[str, str], root: Path) -> Iterator[Lab]:
    """Start JupyterLab in the pod of `world`, with its files in `root`."""
    config = root / "jupyter_server_config.py"
    values = {"endpoint": world.kfp.url, "data": str(root / "kfp"), "root": str(world.root)}
    config.write_text(CONFIG.format(variables=world.variables, **values), encoding="utf-8")
    with start_lab(root, environ, f"--config={config}") as started:
        yield started
