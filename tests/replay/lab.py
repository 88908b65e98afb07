"""The configuration of a Jupyter server that lives in a notebook's pod."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_CONFIG = """
from pathlib import Path

from jupyter_kfp_mt.context import Environment

c.KfpSettings.data_dir = {data!r}
c.KfpExtension.surroundings = lambda: Environment({variables!r}, root=Path({root!r}))
"""


def write_config(variables: Mapping[str, str], root: Path, folder: Path) -> Path:
    """Write it into `folder` and return its path.

    `variables` and `root` are the environment and the file system of the pod.
    """
    path = folder / "jupyter_server_config.py"
    text = _CONFIG.format(data=str(folder / "kfp"), variables=dict(variables), root=str(root))
    path.write_text(text, encoding="utf-8")
    return path
