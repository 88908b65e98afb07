"""What a Jupyter server is told so that it lives in the pod of a replay cluster."""

from __future__ import annotations

from pathlib import Path

from tests.replay.server import Pod

_CONFIG = """
from pathlib import Path

from jupyter_kfp_mt.context import Environment

c.KfpSettings.endpoint = {endpoint!r}
c.KfpSettings.ca_file = {ca_file!r}
c.KfpSettings.data_dir = {data!r}
c.KfpExtension.surroundings = lambda: Environment({variables!r}, root=Path({root!r}))
"""


def write_config(pod: Pod, folder: Path) -> Path:
    """Write the configuration of a Jupyter server in `pod` into `folder`; return its path."""
    path = folder / "jupyter_server_config.py"
    text = _CONFIG.format(
        endpoint=pod.url,
        ca_file=pod.ca_file,
        data=str(folder / "kfp"),
        variables=pod.variables,
        root=str(pod.root),
    )
    path.write_text(text, encoding="utf-8")
    return path
