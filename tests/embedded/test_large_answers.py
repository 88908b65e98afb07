"""Large values of tasks take a bounded part of a response, which is made while it is sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from jupyter_kfp_mt.embedded.api.shared.task_values import MOST_OF_RESPONSE, MOST_OF_TASK
from jupyter_kfp_mt.embedded.store.runs import RunRow
from jupyter_kfp_mt.embedded.store.tasks import TaskRow
from jupyter_kfp_mt.models import Artifact, TaskPage, TaskValues
from tests.embedded.running import Running, running

V2 = "/apis/v2beta1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as made:
        yield made


def store_run(server: Running, outputs: list[TaskValues]) -> str:
    """Store an ended run whose tasks have these outputs; returns its id."""
    store = server.manager.store
    row = RunRow(run_id="r", namespace="alice", experiment_id="e", display_name="r", created_at=1)
    store.runs.add(row)
    store.runs.set_state("r", "SUCCEEDED")
    root = TaskRow(run_id="r", task_id="root", path="", name="root", type="DAG")
    tasks = [
        TaskRow(
            run_id="r",
            task_id=f"t{number}",
            path=f"t{number}",
            parent_task_id="root",
            name=f"t{number}",
            type="RUNTIME",
            inputs=msgspec.json.encode(TaskValues()),
            outputs=msgspec.json.encode(values),
        )
        for number, values in enumerate(outputs)
    ]
    store.tasks.save([root, *tasks])
    return "r"


def read_tasks(server: Running) -> TaskPage:
    reply = server.call("GET", f"{V2}/runs/r/tasks", token=server.token("alice"))
    assert reply.status == 200
    return msgspec.json.decode(reply.body, type=TaskPage)


@pytest.mark.parametrize("count", [0, 1, 1500])
def test_every_task_is_listed_once_and_in_order(server: Running, count: int) -> None:
    metric = Artifact(name="m", type="system.Metrics", uri="/m", metadata={"accuracy": 0.5})
    values = [
        TaskValues(parameters={"o": [number, "x", None, 1.5]}, artifacts={"m": [metric]})
        for number in range(count)
    ]
    store_run(server, values)

    page = read_tasks(server)

    assert page.total_size == count + 1
    assert [task.name for task in page.tasks] == ["root", *(f"t{number}" for number in range(count))]
    assert [task.outputs for task in page.tasks[1:]] == values
    assert [child.task_id for child in page.tasks[0].child_tasks] == [f"t{number}" for number in range(count)]


def test_large_values_are_left_out_with_a_word(server: Running) -> None:
    metric = Artifact(name="m", type="system.Metrics", uri="/m", metadata={"text": "x" * 2000})
    large = TaskValues(parameters={"large": "x" * MOST_OF_TASK, "small": [1]}, artifacts={"m": [metric]})
    below = TaskValues(parameters={"large": "x" * (MOST_OF_TASK - 1000)})
    store_run(server, [large, below])

    _, first, second = read_tasks(server).tasks
    detail = server.call("GET", "/apis/v1beta1/runs/r", token=server.token("alice"))

    said = f"[{MOST_OF_TASK + 2:,} bytes, too many for this response]"
    assert first.outputs.parameters == {"large": said, "small": [1]}
    assert first.outputs.artifacts["m"] == [Artifact(name="m", type="system.Metrics", uri="/m")]
    assert second.outputs == below
    assert said in detail.json["pipeline_runtime"]["workflow_manifest"]


def test_the_values_of_all_tasks_are_bounded_together(server: Running) -> None:
    values = TaskValues(parameters={"o": "x" * (MOST_OF_TASK - 1000)})
    store_run(server, [values] * (MOST_OF_RESPONSE // MOST_OF_TASK + 5))

    reply = server.call("GET", f"{V2}/runs/r/tasks", token=server.token("alice"))

    assert len(reply.body) < MOST_OF_RESPONSE + MOST_OF_TASK
    assert reply.body.count(b"too many for this response") == 5


def test_a_caller_that_leaves_stops_the_response(server: Running) -> None:
    store_run(server, [TaskValues(parameters={"o": "x" * 1_000_000})] * 30)
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port or 0)) as caller:
        lines = [f"GET {V2}/runs/r/tasks HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"Authorization: Bearer {server.token('alice')}", "", ""]
        caller.sendall("\r\n".join(lines).encode())
        assert caller.recv(12) == b"HTTP/1.1 200"

    assert len(read_tasks(server).tasks) == 31


def test_a_page_of_runs_has_a_bounded_number_of_tasks(server: Running) -> None:
    store = server.manager.store
    for number in range(4):
        row = RunRow(
            run_id=f"r{number}",
            namespace="alice",
            experiment_id="e",
            display_name=f"r{number}",
            created_at=number,
        )
        store.runs.add(row)
        store.tasks.save(
            TaskRow(run_id=row.run_id, task_id=f"{number}-{task}", path=f"t{task}", name="t", type="RUNTIME")
            for task in range(8_000)
        )

    reply = server.call("GET", f"{V2}/runs?namespace=alice", token=server.token("alice"))

    counts = {
        run["run_id"]: len(run.get("run_details", {}).get("task_details", [])) for run in reply.json["runs"]
    }
    assert sorted(counts.values()) == [0, 0, 8_000, 8_000]
