from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kube.recorded import Pod, pod_of_a_cluster


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as found:
        yield found
