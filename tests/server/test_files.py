"""Pipelines in files are read through Jupyter's contents manager."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

INSPECT = ("jupyter-kfp-mt", "namespaces", "team-a", "inspect")


@pytest.fixture
def jp_server_config(jp_server_config: Config) -> Config:
    jp_server_config.KfpSettings.max_upload_mib = 1
    return jp_server_config


async def inspected(jp_fetch: Any, path: str) -> dict[str, Any]:
    body = json.dumps({"kind": "file", "path": path})
    answer = await jp_fetch(*INSPECT, method="POST", body=body)
    result: dict[str, Any] = json.loads(answer.body)
    return result


async def test_the_text_of_a_file_is_handed_on_with_its_name(jp_fetch: Any, jp_root_dir: Path) -> None:
    (jp_root_dir / "sub").mkdir()
    (jp_root_dir / "sub" / "a b.yaml").write_text("the text")
    seen = await inspected(jp_fetch, "sub/a b.yaml")
    assert (seen["pipeline"]["name"], seen["display_name"]) == ("the text", "sub/a b.yaml")


async def test_an_archive_is_handed_on_as_bytes(jp_fetch: Any, jp_root_dir: Path) -> None:
    (jp_root_dir / "p.tar.gz").write_bytes(b"\x1f\x8b\xff")
    seen = await inspected(jp_fetch, "p.tar.gz")
    assert (seen["pipeline"]["name"], seen["display_name"]) == ("1f8bff", "p.tar.gz")


async def test_bytes_over_the_limit_are_refused(jp_fetch: Any) -> None:
    body = json.dumps({"kind": "data", "path": "p.zip", "data": b64encode(b"x" * ((1 << 20) + 1)).decode()})
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*INSPECT, method="POST", body=body)
    assert caught.value.code == 413


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("gone.yaml", None, (404, "not-found")),
        ("../outside.yaml", b"secret", (404, "not-found")),
        (".hidden.yaml", b"secret", (404, "not-found")),
        ("binary.yaml", b"\xff\xfe\x00", (400, "not-a-pipeline")),
        ("large.yaml", b"x" * ((1 << 20) + 1), (413, "too-large")),
        ("", None, (400, "bad-input")),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused(
    jp_fetch: Any, jp_root_dir: Path, path: str, content: bytes | None, expected: Any
) -> None:
    if content is not None:
        (jp_root_dir / path).write_bytes(content)
    with pytest.raises(HTTPClientError) as caught:
        await inspected(jp_fetch, path)
    body = json.loads(caught.value.response.body)  # type: ignore[union-attr]  # it was answered
    assert (caught.value.code, body["code"]) == expected
    assert str(jp_root_dir) not in json.dumps(body)
