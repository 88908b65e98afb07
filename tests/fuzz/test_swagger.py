"""Odd requests made from the two official API descriptions: a running server answers as KFP may.

`KFP_FUZZ_EXAMPLES` sets how many; `make fuzz` takes many more, and other ones each time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.fuzz.world import DESCRIPTIONS, EXAMPLES, World, bounded

pytestmark = pytest.mark.slow

# Described and not served: 404, as a real server does; the reports are of cluster parts we do not have.
NOT_SERVED = {
    "GET /apis/v2beta1/auth",
    "GET /apis/v2beta1/filters",
    "POST /apis/v2beta1/visualizations/{namespace}",
    "POST /apis/v2beta1/workflows",
    "POST /apis/v2beta1/scheduledworkflows",
}

# The descriptions document 200 and "default"; these are the statuses of KFP, each with its gRPC codes.
STATUSES = {
    200: set(),
    301: set(),  # the path is cleaned: `//`, `..`
    400: {3, 9},
    401: {16},
    403: {7},
    404: {5},
    409: {6, 10},
    413: {3},
    501: {12},  # another method, or an unknown `:verb`
}


def operations() -> list[APIOperation]:
    """Every operation of both descriptions."""
    found = []
    for path in DESCRIPTIONS:
        schema = schemathesis.openapi.from_dict(described(path))
        found += [result.ok() for result in schema.get_all_operations()]
    return found


def described(path: Path) -> dict[str, Any]:
    """The description, without dots in the names of path parameters: the tool cannot fill those in."""
    text = path.read_text(encoding="utf-8").replace("pipeline.pipeline_id", "of_pipeline_id")
    for name in ("pipeline_id", "pipeline_version_id"):
        text = text.replace(f"pipeline_version.{name}", f"of_{name}")
    description: dict[str, Any] = json.loads(text)
    return description


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.label)
def test_every_answer_is_one_of_the_contract(world: World, operation: APIOperation) -> None:
    @bounded(EXAMPLES // 30)
    @given(case=cases(operation, world.seed(), world.token))
    def check(case: Case) -> None:
        response = case.call(base_url=world.url, allow_redirects=False)
        judge(operation, response)
        if response.status_code == 200:
            case.validate_response(response, checks=[response_schema_conformance])

    check()
    world.alive()


def judge(operation: APIOperation, response: Any) -> None:
    """Status and code belong together and are known."""
    status = response.status_code
    assert status in STATUSES, response.content
    assert operation.label not in NOT_SERVED or status in (404, 501)
    if status >= 400 and response.headers["content-type"][0].startswith("application/json"):
        body = json.loads(response.content)
        assert "error_message" in body or body["code"] in STATUSES[status], body


def cases(operation: APIOperation, known: dict[str, Any], token: str) -> st.SearchStrategy[Case]:
    """Requests as described or against it, often with what is there in place of random values."""
    kind = operation.path.split("/")[3].partition(":")[0]
    here = {**known, "id": known.get(kind, ""), "name": known["pipeline_name"]}
    here |= {f"of_{name}": value for name, value in known.items()}
    good = good_bodies(known).get(operation.label, {})
    made = st.one_of(
        operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE)
    )

    @st.composite
    def drawn(draw: st.DrawFn) -> Case:
        case = draw(made)
        if draw(st.integers(0, 3)):
            case.path_parameters = {
                name: here.get(name, v) for name, v in (case.path_parameters or {}).items()
            }
        wanted = draw(st.integers(0, 3))
        query = list((case.query or {}).items())[: max(1, wanted)]
        case.query = {name: here.get(name, value) if wanted else value for name, value in query}
        if isinstance(case.body, dict) and draw(st.booleans()):
            kept = draw(st.integers(0, 2))
            case.body = {**good, **dict(list(case.body.items())[:kept])}
        signed = {"Authorization": f"Bearer {token}"} if draw(st.integers(0, 9)) else {}
        case.headers = {**(case.headers or {}), **signed}
        return case

    return drawn()


def good_bodies(known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Bodies that are taken, to be spoiled a little."""
    name = {"display_name": "x"}
    inside = {"experiment_id": known["experiment_id"], "pipeline_spec": known["pipeline_spec"]}
    hourly = {"trigger": {"periodic_schedule": {"interval_second": "3600"}}, "max_concurrency": "1"}
    v1 = {"name": "x", "pipeline_spec": {"pipeline_id": known["pipeline_id"]}}
    v1_inside = {**v1, "resource_references": known["resource_references"]}
    version = {"key": {"type": "PIPELINE", "id": known["pipeline_id"]}, "relationship": "OWNER"}
    return {
        "POST /apis/v2beta1/experiments": {**name, "namespace": known["namespace"]},
        "POST /apis/v2beta1/runs": {**name, **inside},
        "POST /apis/v2beta1/recurringruns": {**name, **inside, **hourly, "mode": "DISABLE"},
        "POST /apis/v2beta1/pipelines": {"name": "x", "namespace": known["namespace"]},
        "PATCH /apis/v2beta1/pipelines/{of_pipeline_id}": {**name, "tags": {"a": "b"}},
        "PATCH /apis/v2beta1/pipelines/{of_pipeline_id}/versions/{of_pipeline_version_id}": {"tags": {}},
        "POST /apis/v1beta1/experiments": {"name": "x", "resource_references": [known["owner"]]},
        "POST /apis/v1beta1/runs": v1_inside,
        "POST /apis/v1beta1/jobs": {**v1_inside, **hourly},
        "POST /apis/v1beta1/pipeline_versions": {"name": "x", "resource_references": [version]},
    }
