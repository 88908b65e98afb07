"""JupyterLab on the recorded cluster, as in a notebook's pod: `python -m tests.replay [plain|shipped]`.

Each recorded run is there; a pipeline that was recorded over time (`broken`, `digits`, `flow`, `sleeper`)
runs when it is submitted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.replay.cluster import ReplayCluster
from tests.replay.lab import write_config
from tests.replay.recordings import CONFIGURATIONS
from tests.replay.server import serve


def main() -> int:
    """Serve the cluster and run JupyterLab until it ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configuration", nargs="?", default="shipped", choices=CONFIGURATIONS)
    arguments, rest = parser.parse_known_args()
    cluster = ReplayCluster(arguments.configuration, time.monotonic)
    cluster.add_all()
    with tempfile.TemporaryDirectory() as folder, serve(cluster, Path(folder)) as pod:
        config = write_config(pod.variables, pod.root, pod.root)
        command = [sys.executable, "-m", "jupyterlab", f"--config={config}", "--ServerApp.root_dir=notebooks"]
        command.append(f"--KfpSettings.ca_file={pod.ca_file}")
        try:
            return subprocess.call([*command, *rest])
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
