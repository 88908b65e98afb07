"""The smoke test of a deployment."""

from __future__ import annotations

from jupyter_kfp_mt.service import KfpService
from tests.service.stand_ins import TRAIN


def smoke(kfp: KfpService, namespace: str) -> None:
    """Who, where, submit, list, look, terminate: what every deployment has to do."""
    status = kfp.status()
    assert (status.connected, status.error) == (True, None)
    run = kfp.submit(TRAIN, {"name": "x"})
    assert (run.namespace, run.experiment_name) == (namespace, "Default")
    assert [row.run_id for row in kfp.list_runs()] == [run.run_id]
    assert kfp.view_run(run.run_id).run.display_name == run.display_name
    assert kfp.terminate(run).phase.value == "CANCELING"
    kfp.close()
