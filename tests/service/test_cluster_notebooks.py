"""A notebook that failed on a cluster whose store cannot be read, or has nothing of a task that failed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nbformat import from_dict

from jupyter_kfp_mt import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.notebooks.runner import MARK, pack_for_log
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.settings import KfpSettings
from tests.notebooks.making import make_notebook
from tests.replay.cluster import ReplayCluster
from tests.replay.recordings import CONFIGURATIONS, Moment, load_run
from tests.replay.server import Pod, serve

FAULT = "Cell 2 of analysis.ipynb stopped: ZeroDivisionError: division by zero"
PICTURE = "iVBORw0KGgo" * 10


@pytest.fixture(params=CONFIGURATIONS)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with serve(ReplayCluster(request.param), tmp_path) as served:
        yield served


def service_of(pod: Pod) -> KfpService:
    settings = KfpSettings(endpoint=pod.url, ca_file=pod.ca_file, data_dir=str(pod.root / "kfp"))
    return connect(settings=settings, environment=Environment(pod.variables, root=pod.root))


def failed_notebook(configuration: str, *printed: str) -> Moment:
    """A recorded run whose only task failed, with what a notebook's task prints."""
    moment = load_run(configuration, "exit-three")
    name = next(name for name in moment.logs if name.endswith("/main") and "container-impl" in name)
    head, mark, tail = moment.logs[name].body.partition("err\n")
    assert mark
    body = "".join([head, *(f"{line}\n" for line in printed), tail])
    moment.logs[name] = moment.logs[name]._replace(body=body)
    moment.workflow, moment.v1 = _execute_notebook(moment.workflow), _execute_notebook(moment.v1)
    return moment


def _execute_notebook(recorded: Any) -> Any:
    """Return what was recorded of a task as if it were a notebook's."""
    text = (
        json.dumps(recorded).replace("echo before", "execute_notebook").replace("executor-logs", "notebook")
    )
    return json.loads(text)


def test_it_comes_back_out_of_the_log_which_does_not_show_it(pod: Pod) -> None:
    content = from_dict({**make_notebook("plot()", "1 / 0")})
    content.metadata["jupyter_kfp_mt"] = {"name": "analysis.ipynb"}
    content.cells[0].outputs = [from_dict({"output_type": "display_data", "data": {"image/png": PICTURE}})]
    line = MARK + pack_for_log(content)
    run_id = pod.cluster.put(failed_notebook(pod.cluster.configuration, "Cell 2 of 2", line, FAULT))
    service = service_of(pod)

    executed = service.read_notebook(run_id)
    (task,) = service.view_run(run_id).tasks
    log, why = service.logs(run_id), service.why(run_id)

    assert (executed.name, list(task.outputs.artifacts)) == ("analysis.ipynb", ["notebook"])
    assert PICTURE in msgspec.json.encode(executed).decode()
    assert why is not None
    assert why.message == f"{FAULT}."
    assert f"Cell 2 of 2\n{MARK}open it from the run.\n{FAULT}\n" in log


def test_a_task_that_printed_none_has_none(pod: Pod) -> None:
    run_id = pod.cluster.put(failed_notebook(pod.cluster.configuration, MARK + "A" * 200))
    with pytest.raises(KfpError, match="There is no executed notebook"):
        service_of(pod).read_notebook(run_id)


def test_large_outputs_are_left_out_of_the_log() -> None:
    content = from_dict(make_notebook("a", "b"))
    noise = random.Random(1).randbytes(600 * 1024).hex()
    for cell, text in zip(content.cells, (noise, "kept"), strict=True):
        cell.outputs = [from_dict({"output_type": "stream", "name": "stdout", "text": text})]

    line = pack_for_log(content)

    assert len(line) < 10_000
    assert [cell.outputs[0].text for cell in content.cells] == ["Left out: too large for the log.\n", "kept"]
