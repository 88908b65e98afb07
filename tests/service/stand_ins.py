"""A KFP that has an experiment of alice, its answers and a service on it."""

from __future__ import annotations

import json
from typing import Any

from jupyter_kfp_mt.client import Request, Response
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.models import (
    Source,
    SourceKind,
    SubmitRequest,
)
from jupyter_kfp_mt.service import KfpService
from tests.fakes import FakeTransport, ManualClock, ok
from tests.pipeline_spec.pipelines import SIMPLE

RUNS = "/apis/v2beta1/runs"
EXPERIMENTS = "/apis/v2beta1/experiments"
OURS = "11111111-1111-4111-8111-111111111111"
RUN_ID = "33333333-3333-4333-8333-333333333333"
CONTEXT = Context("http://kfp:8888", namespace="alice")


def run(**values: Any) -> dict[str, Any]:
    return {"run_id": RUN_ID, "experiment_id": OURS, "display_name": "train", "state": "RUNNING", **values}


def service(fake: FakeTransport, clock: ManualClock | None = None) -> KfpService:
    return KfpService(CONTEXT, fake, clock=clock or ManualClock())


TRAIN = Source(kind=SourceKind.TEXT, path="train.yaml", text=SIMPLE)
PLAIN = SubmitRequest(source=TRAIN, parameters={"name": "x"})


def kfp() -> FakeTransport:
    """A server that has the experiment Default, and takes runs."""
    ours = {"experiment_id": OURS, "display_name": "Default", "namespace": "alice"}
    fake = FakeTransport({("GET", EXPERIMENTS): {"experiments": [ours]}})
    return fake.answer("GET", f"{EXPERIMENTS}/{OURS}", ours).answer("POST", RUNS, accepted)


def accepted(request: Request[Any]) -> Response:
    return ok({**json.loads(request.body), "state": "PENDING"})
