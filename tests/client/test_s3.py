"""The signature of requests to an S3 store, by the example of its documentation."""

from __future__ import annotations

import io
from datetime import datetime, timezone

import pytest

from jupyter_kfp_mt.client.s3 import ArtifactStore, download, sign
from tests.replay.kubernetes import KEY
from tests.replay.store import serve_store

NOW = datetime(2013, 5, 24, tzinfo=timezone.utc)
EXAMPLE = ArtifactStore(
    "https://examplebucket.s3.amazonaws.com",
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
)


def test_the_signature_is_that_of_the_documented_example() -> None:
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-amz-date": "20130524T000000Z",
    }
    signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert sign(EXAMPLE, "/test.txt", headers, NOW).endswith(f"Signature={signature}")


def test_no_text_shows_the_keys() -> None:
    assert EXAMPLE.secret_key not in repr(EXAMPLE)


def test_an_object_is_read_up_to_a_limit() -> None:
    with serve_store({"/b/a key": b"12345"}) as address:
        store = ArtifactStore(f"http://{address}", KEY, KEY)
        file = io.BytesIO()
        assert download(store, "b", "a key", file, now=NOW, limit=5) == ""
        assert file.getvalue() == b"12345"
        assert download(store, "b", "a key", io.BytesIO(), now=NOW, limit=4) == "It is larger than 0 MiB."
        assert "no such object" in download(store, "b", "other", io.BytesIO(), now=NOW, limit=5)
        other = ArtifactStore(f"http://{address}", "other", KEY)
        assert "refuses" in download(other, "b", "a key", io.BytesIO(), now=NOW, limit=5)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1", "http://127.0.0.1:port", "http://[", "http://a b"]
)
def test_a_store_that_is_away_is_named(endpoint: str) -> None:
    said = download(ArtifactStore(endpoint, KEY, KEY), "b", "k", io.BytesIO(), now=NOW, limit=5)
    assert said.startswith(f"The store {endpoint} cannot be read:")
