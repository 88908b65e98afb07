"""Translates v2beta1 requests and responses for servers that know v1beta1 only (Kubeflow ≤ 1.7).

`versions.py` decides when. The routes are those of kubeflow/pipelines, backend/api/v1beta1/*.proto.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from ..errors import kfp_error
from ..models import NOT_JSON
from .http import V1, V2, Request, Response, Transport, segment
from .v1models import (
    experiment_of,
    page_of,
    pipeline_of,
    recurring_run_of,
    run_of,
    version_of,
    wanted_storage,
)
from .v1requests import experiment_body, list_query, recurring_run_body, run_body

_ROUTES: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (method, re.compile(V2 + path), name)
    for method, path, name in (
        ("GET", "/healthz", "healthz"),
        ("GET", "/runs", "list_runs"),
        ("POST", "/runs", "create_run"),
        ("GET", "/runs/([^/:]+)", "get_run"),
        ("DELETE", "/runs/([^/:]+)", "same"),
        ("POST", "/runs/([^/:]+):(archive|unarchive)", "same"),
        ("POST", "/runs/([^/:]+):(terminate|retry)", "change_run"),
        ("GET", "/experiments", "list_experiments"),
        ("POST", "/experiments", "create_experiment"),
        ("GET", "/experiments/([^/:]+)", "get_experiment"),
        ("POST", "/experiments/([^/:]+):(archive|unarchive)", "same"),
        ("DELETE", "/experiments/([^/:]+)", "same"),
        ("GET", "/pipelines", "list_pipelines"),
        ("GET", "/pipelines/([^/:]+)", "get_pipeline"),
        ("DELETE", "/pipelines/([^/:]+)", "same"),
        ("POST", "/pipelines/upload", "upload"),
        ("POST", "/pipelines/upload_version", "upload_version"),
        ("GET", "/pipelines/([^/:]+)/versions", "list_versions"),
        ("GET", "/pipelines/([^/:]+)/versions/([^/:]+)", "get_version"),
        ("DELETE", "/pipelines/([^/:]+)/versions/([^/:]+)", "delete_version"),
        ("GET", "/recurringruns", "list_recurring_runs"),
        ("POST", "/recurringruns", "create_recurring_run"),
        ("GET", "/recurringruns/([^/:]+)", "get_recurring_run"),
        ("DELETE", "/recurringruns/([^/:]+)", "delete_recurring_run"),
        ("POST", "/recurringruns/([^/:]+):(enable|disable)", "change_recurring_run"),
    )
)


class Translation:
    """One v2beta1 request for a server that knows v1beta1."""

    def __init__(self, inner: Transport, request: Request[Any]) -> None:
        self._inner = inner
        self._request = request

    def send(self) -> Response:
        """Return the response in v2beta1's terms; raises `old-server` for what v1beta1 does not have."""
        for method, pattern, name in _ROUTES:
            match = pattern.fullmatch(self._request.path)
            if match is not None and method == self._request.method:
                response: Response = getattr(self, f"_{name}")(*match.groups())
                return response
        raise kfp_error("old-server", feature="this", v="v1beta1", w="KFP 2.0")

    def _send(self, path: str, **changes: Any) -> Response:
        return self._inner.send(msgspec.structs.replace(self._request, path=V1 + path, **changes))

    def _healthz(self) -> Response:
        return self._send("/healthz")

    def _same(self, *_: str) -> Response:
        return self._send(self._request.path.removeprefix(V2))

    def _change_run(self, run_id: str, verb: str) -> Response:
        return self._send(f"/runs/{run_id}/{verb}")

    def _list_runs(self) -> Response:
        return _translate(self._send("/runs", query=list_query(self._request.query)), self._run_page)

    def _run_page(self, body: dict[str, Any]) -> dict[str, Any]:
        storage = wanted_storage(self._request.query)
        runs = [run_of(each) for each in body.get("runs", [])]
        return page_of(body, runs=[run for run in runs if storage in ("", run["storage_state"])])

    def _get_run(self, run_id: str) -> Response:
        return _translate(self._send(f"/runs/{run_id}"), lambda body: run_of(body.get("run", {})))

    def _create_run(self) -> Response:
        body = msgspec.json.encode(run_body(msgspec.json.decode(self._request.body)))
        return _translate(self._send("/runs", body=body), lambda body: run_of(body.get("run", {})))

    def _list_experiments(self) -> Response:
        return _translate(
            self._send("/experiments", query=list_query(self._request.query)),
            lambda body: page_of(
                body, experiments=[experiment_of(each) for each in body.get("experiments", [])]
            ),
        )

    def _get_experiment(self, experiment_id: str) -> Response:
        return _translate(self._send(f"/experiments/{experiment_id}"), experiment_of)

    def _create_experiment(self) -> Response:
        body = msgspec.json.encode(experiment_body(msgspec.json.decode(self._request.body)))
        return _translate(self._send("/experiments", body=body), experiment_of)

    def _list_pipelines(self) -> Response:
        return _translate(
            self._send("/pipelines", query=list_query(self._request.query)),
            lambda body: page_of(body, pipelines=[pipeline_of(each) for each in body.get("pipelines", [])]),
        )

    def _get_pipeline(self, pipeline_id: str) -> Response:
        return _translate(self._send(f"/pipelines/{pipeline_id}"), pipeline_of)

    def _upload(self) -> Response:
        return _translate(self._send("/pipelines/upload"), pipeline_of)

    def _upload_version(self) -> Response:
        pipeline_id = dict(self._request.query).get("pipelineid", "")
        response = self._send("/pipelines/upload_version")
        return _translate(response, lambda body: version_of(body, pipeline_id))

    def _list_versions(self, pipeline_id: str) -> Response:
        owner = (("resource_key.type", "PIPELINE"), ("resource_key.id", unquote(pipeline_id)))
        return _translate(
            self._send("/pipeline_versions", query=(*owner, *list_query(self._request.query))),
            lambda body: page_of(
                body,
                pipeline_versions=[
                    version_of(each, unquote(pipeline_id)) for each in body.get("versions", [])
                ],
            ),
        )

    def _get_version(self, pipeline_id: str, version_id: str) -> Response:
        response = self._send(f"/pipeline_versions/{version_id}")
        template = self._send(f"/pipeline_versions/{segment(unquote(version_id))}/templates")
        if template.status >= 300:
            return template
        text = msgspec.json.decode(template.body).get("template", "")
        return _translate(response, lambda body: version_of(body, unquote(pipeline_id), text))

    def _delete_version(self, _: str, version_id: str) -> Response:
        return self._send(f"/pipeline_versions/{version_id}")

    def _list_recurring_runs(self) -> Response:
        return _translate(
            self._send("/jobs", query=list_query(self._request.query)),
            lambda body: page_of(
                body, recurringRuns=[recurring_run_of(each) for each in body.get("jobs", [])]
            ),
        )

    def _create_recurring_run(self) -> Response:
        body = msgspec.json.encode(recurring_run_body(msgspec.json.decode(self._request.body)))
        return _translate(self._send("/jobs", body=body), recurring_run_of)

    def _get_recurring_run(self, recurring_run_id: str) -> Response:
        return _translate(self._send(f"/jobs/{recurring_run_id}"), recurring_run_of)

    def _delete_recurring_run(self, recurring_run_id: str) -> Response:
        return self._send(f"/jobs/{recurring_run_id}", query=())

    def _change_recurring_run(self, recurring_run_id: str, verb: str) -> Response:
        return self._send(f"/jobs/{recurring_run_id}/{verb}")


def _translate(response: Response, translate: Any) -> Response:
    """Return a successful response in v2beta1's terms, and any other as it is."""
    if not 200 <= response.status < 300 or "html" in response.headers.get("content-type", ""):
        return response
    try:
        body = translate(msgspec.json.decode(response.body))
    except (*NOT_JSON, AttributeError, TypeError):
        return response  # `api.decode` reports what is not understood
    return msgspec.structs.replace(response, body=msgspec.json.encode(body))
