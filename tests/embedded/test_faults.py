"""What a client sees when something of ours breaks, and when a log is not whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.embedded.engine import LogPart
from tests.contract.packages import specs
from tests.embedded.running import Reply, Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as made:
        yield made


def create_run(server: Running) -> Reply:
    token, where = server.token("alice"), {"display_name": "e", "namespace": "alice"}
    experiment = server.call("POST", "/apis/v2beta1/experiments", where, token=token).json
    spec = next(iter(specs().values()))
    run = {"display_name": "r", "experiment_id": experiment["experiment_id"], "pipeline_spec": spec}
    return server.call("POST", "/apis/v2beta1/runs", run, token=token)


def test_a_fault_is_told_as_json_and_stays_with_its_call(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    server.runner.fault = KeyError("s3cret")

    answer = create_run(server)

    assert (answer.status, answer.headers["content-type"]) == (500, "application/json")
    assert answer.json == {"code": 13, "message": "Internal error, see server.log"}
    assert sum(record.exc_info is not None for record in caplog.records) == 1
    server.runner.fault = None
    assert server.call("GET", "/apis/v2beta1/healthz").status == 200


@pytest.mark.parametrize("truncated", [True, False])
def test_a_log_beyond_its_limit_says_so(truncated: bool, server: Running) -> None:
    run_id = create_run(server).json["run_id"]
    server.runner.log = LogPart(data=b"some", attempt=1, next_offset=4, size=4, truncated=truncated)

    path = f"/apis/v1alpha1/runs/{run_id}/nodes/n/log"
    answer = server.call("GET", path, token=server.token("alice"))

    assert (answer.body, answer.headers["x-log-truncated"]) == (b"some", str(truncated).lower())
