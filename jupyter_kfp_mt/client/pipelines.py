"""Builds the requests for registered pipelines and their versions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..models import Pipeline, PipelinePage, PipelineVersion, PipelineVersionPage
from .filters import Predicate, page_query
from .http import V2, Empty, Request, T, delete, drop_empty, get, post, segment

_PATH = f"{V2}/pipelines"


def list_pipelines(
    namespace: str,
    predicates: Sequence[Predicate] = (),
    *,
    sort_by: str = "",
    page_size: int = 0,
    page_token: str = "",
) -> Request[PipelinePage]:
    """Build the request for a page of the pipelines of `namespace`, or of the shared ones if it is empty."""
    page = page_query(predicates, sort_by=sort_by, page_size=page_size, page_token=page_token)
    return get(_PATH, PipelinePage, (("namespace", namespace), *page))


def get_pipeline(pipeline_id: str) -> Request[Pipeline]:
    """Build the request for one pipeline."""
    return get(f"{_PATH}/{segment(pipeline_id)}", Pipeline, thing="pipeline", ref=pipeline_id)


def list_versions(
    pipeline_id: str, *, sort_by: str = "", page_size: int = 0, page_token: str = ""
) -> Request[PipelineVersionPage]:
    """Build the request for a page of the versions of a pipeline."""
    page = page_query((), sort_by=sort_by, page_size=page_size, page_token=page_token)
    path = f"{_PATH}/{segment(pipeline_id)}/versions"
    return get(path, PipelineVersionPage, page, thing="pipeline", ref=pipeline_id)


def get_version(pipeline_id: str, version_id: str) -> Request[PipelineVersion]:
    """Build the request for one version with its compiled pipeline."""
    path = f"{_PATH}/{segment(pipeline_id)}/versions/{segment(version_id)}"
    return get(path, PipelineVersion, thing="pipeline version", ref=version_id)


def delete_pipeline(pipeline_id: str) -> Request[Empty]:
    """Build the request that deletes a pipeline with its versions; its runs stay."""
    path = f"{_PATH}/{segment(pipeline_id)}"
    return delete(path, (("cascade", "true"),), thing="pipeline", ref=pipeline_id)


def delete_version(pipeline_id: str, version_id: str) -> Request[Empty]:
    """Build the request that deletes one version."""
    path = f"{_PATH}/{segment(pipeline_id)}/versions/{segment(version_id)}"
    return delete(path, thing="pipeline version", ref=version_id)


def create_pipeline(namespace: str, name: str, *, description: str = "") -> Request[Pipeline]:
    """Build the request that registers a pipeline without a version; without namespace it is shared."""
    body = {"display_name": name, "description": description, "namespace": namespace}
    present = {key: value for key, value in body.items() if value}
    return post(_PATH, Pipeline, present, thing="pipeline", ref=name)


def upload_pipeline(namespace: str, text: str, *, name: str, description: str = "") -> Request[Pipeline]:
    """Build the request that registers a pipeline and its first version; without namespace it is shared."""
    query = (("name", name), ("description", description), ("namespace", namespace))
    return _upload("upload", Pipeline, text, query, name)


def upload_version(
    pipeline_id: str, text: str, *, name: str, description: str = ""
) -> Request[PipelineVersion]:
    """Build the request that adds a version to a pipeline."""
    query = (("pipelineid", pipeline_id), ("name", name), ("description", description))
    return _upload("upload_version", PipelineVersion, text, query, name)


def _upload(
    verb: str, reply: type[T], text: str, query: tuple[tuple[str, str], ...], name: str
) -> Request[T]:
    content = text.encode()
    boundary = "kfp-" + hashlib.sha256(content).hexdigest()[:40]
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="uploadfile"; filename="pipeline.yaml"\r\n'
        "Content-Type: application/yaml\r\n\r\n"
    )
    return Request(
        method="POST",
        path=f"{_PATH}/{verb}",
        reply=reply,
        query=drop_empty(query),
        body=head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
        content_type=f"multipart/form-data; boundary={boundary}",
        thing="pipeline",
        ref=name,
        read_timeout=60.0,
    )
