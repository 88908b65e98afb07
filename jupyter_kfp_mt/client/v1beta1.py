"""Servers that speak v1beta1 only (Kubeflow ≤ 1.7): v2beta1 requests out, v2beta1 answers back.

`versions.py` says when. Source: kfp-api §2, §3.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from ..errors import kfp_error
from ..models import NOT_JSON
from .http import V2, Request, Response, Transport, segment
from .v1models import experiment_of, page_of, pipeline_of, run_of, version_of, wanted_storage
from .v1requests import experiment_body, list_query, run_body
from .versions import V1

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
        ("POST", "/pipelines/upload", "upload"),
        ("POST", "/pipelines/upload_version", "upload_version"),
        ("GET", "/pipelines/([^/:]+)/versions", "list_versions"),
        ("GET", "/pipelines/([^/:]+)/versions/([^/:]+)", "get_version"),
    )
)


class Conversation:
    """One v2beta1 request to a server that knows v1beta1."""

    def __init__(self, inner: Transport, request: Request[Any]) -> None:
        self._inner = inner
        self._request = request

    def answer(self) -> Response:
        """Return the answer in v2beta1's words; raises `old-server` for what v1beta1 does not have."""
        for method, pattern, name in _ROUTES:
            found = pattern.fullmatch(self._request.path)
            if found is not None and method == self._request.method:
                response: Response = getattr(self, f"_{name}")(*found.groups())
                return response
        raise kfp_error("old-server", feature="this", v="v1beta1", w="KFP 2.0")

    def _ask(self, path: str, **changes: Any) -> Response:
        return self._inner.send(msgspec.structs.replace(self._request, path=V1 + path, **changes))

    def _healthz(self) -> Response:
        return self._ask("/healthz")

    def _same(self, *_: str) -> Response:
        return self._ask(self._request.path.removeprefix(V2))

    def _change_run(self, run_id: str, verb: str) -> Response:
        return self._ask(f"/runs/{run_id}/{verb}")

    def _list_runs(self) -> Response:
        return _told(self._ask("/runs", query=list_query(self._request.query)), self._run_page)

    def _run_page(self, body: dict[str, Any]) -> dict[str, Any]:
        storage = wanted_storage(self._request.query)
        runs = [run_of(each) for each in body.get("runs", [])]
        return page_of(body, runs=[run for run in runs if storage in ("", run["storage_state"])])

    def _get_run(self, run_id: str) -> Response:
        return _told(self._ask(f"/runs/{run_id}"), lambda body: run_of(body.get("run", {})))

    def _create_run(self) -> Response:
        body = msgspec.json.encode(run_body(msgspec.json.decode(self._request.body)))
        return _told(self._ask("/runs", body=body), lambda answer: run_of(answer.get("run", {})))

    def _list_experiments(self) -> Response:
        return _told(
            self._ask("/experiments", query=list_query(self._request.query)),
            lambda body: page_of(
                body, experiments=[experiment_of(each) for each in body.get("experiments", [])]
            ),
        )

    def _get_experiment(self, experiment_id: str) -> Response:
        return _told(self._ask(f"/experiments/{experiment_id}"), experiment_of)

    def _create_experiment(self) -> Response:
        body = msgspec.json.encode(experiment_body(msgspec.json.decode(self._request.body)))
        return _told(self._ask("/experiments", body=body), experiment_of)

    def _list_pipelines(self) -> Response:
        return _told(
            self._ask("/pipelines", query=list_query(self._request.query)),
            lambda body: page_of(body, pipelines=[pipeline_of(each) for each in body.get("pipelines", [])]),
        )

    def _get_pipeline(self, pipeline_id: str) -> Response:
        return _told(self._ask(f"/pipelines/{pipeline_id}"), pipeline_of)

    def _upload(self) -> Response:
        return _told(self._ask("/pipelines/upload"), pipeline_of)

    def _upload_version(self) -> Response:
        pipeline_id = dict(self._request.query).get("pipelineid", "")
        answer = self._ask("/pipelines/upload_version")
        return _told(answer, lambda body: version_of(body, pipeline_id))

    def _list_versions(self, pipeline_id: str) -> Response:
        owner = (("resource_key.type", "PIPELINE"), ("resource_key.id", unquote(pipeline_id)))
        return _told(
            self._ask("/pipeline_versions", query=(*owner, *list_query(self._request.query))),
            lambda body: page_of(
                body,
                pipeline_versions=[
                    version_of(each, unquote(pipeline_id)) for each in body.get("versions", [])
                ],
            ),
        )

    def _get_version(self, pipeline_id: str, version_id: str) -> Response:
        answer = self._ask(f"/pipeline_versions/{version_id}")
        template = self._ask(f"/pipeline_versions/{segment(unquote(version_id))}/templates")
        if template.status >= 300:
            return template
        text = msgspec.json.decode(template.body).get("template", "")
        return _told(answer, lambda body: version_of(body, unquote(pipeline_id), text))


def _told(response: Response, translate: Any) -> Response:
    """A good answer in v2beta1's words; a refusal as it is."""
    if not 200 <= response.status < 300 or "html" in response.headers.get("content-type", ""):
        return response
    try:
        body = translate(msgspec.json.decode(response.body))
    except (*NOT_JSON, AttributeError, TypeError):
        return response  # what is not understood is told where answers are decoded
    return msgspec.structs.replace(response, body=msgspec.json.encode(body))
