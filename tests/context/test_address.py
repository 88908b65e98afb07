"""Addresses as people write and paste them."""

from __future__ import annotations

import pytest

from jupyter_kfp_mt.context.address import endpoint_of
from jupyter_kfp_mt.errors import KfpInputError


@pytest.mark.parametrize(
    ("written", "endpoint"),
    [
        (" http://kfp:8888/ \n", "http://kfp:8888"),
        ("HTTP://KFP", "http://kfp"),
        ("https://kf.example/pipeline//", "https://kf.example/pipeline"),
        ("https://kf.example/pipeline/#/runs", "https://kf.example/pipeline"),
        ("https://kf.example/_/pipeline/?ns=team-a", "https://kf.example/pipeline"),
        ("http://kfp/apis/v2beta1", "http://kfp"),
        ("http://kfp/pipeline/apis/v2beta1/runs?namespace=x", "http://kfp/pipeline"),
        ("kf.example/pipeline", "https://kf.example/pipeline"),
        ("localhost:8080/pipeline", "http://localhost:8080/pipeline"),
        ("127.0.0.1:8888", "http://127.0.0.1:8888"),
        ("ml-pipeline.kubeflow:8888", "http://ml-pipeline.kubeflow:8888"),
        ("ml-pipeline.kubeflow.svc.cluster.local:8888", "http://ml-pipeline.kubeflow.svc.cluster.local:8888"),
        ("http://[::1]:8888", "http://[::1]:8888"),
        ("https://b\u00fccher.example", "https://b\u00fccher.example"),
    ],
)
def test_an_address_is_understood_as_it_was_meant(written: str, endpoint: str) -> None:
    assert endpoint_of(written, "endpoint") == endpoint


@pytest.mark.parametrize(
    "written",
    [
        *(
            "::1",
            "http://::1:80",
            "http://kfp:abc",
            "http://kfp:0",
            "http://kfp:99999",
            "http://-kfp",
            "http://",
        ),
        *(
            "http:/kfp",
            "http:///x",
            "//kfp",
            "ftp://kfp",
            "file:///etc/passwd",
            "unix:/x",
            "javascript:alert(1)",
        ),
        *("http://kf example", "http://kfp\n/x", "http://kfp\\x", "http://kfp/a b", "x" * 300),
    ],
)
def test_what_is_no_address_is_told(written: str) -> None:
    with pytest.raises(KfpInputError, match="KF_PIPELINES_ENDPOINT: it is not an address"):
        endpoint_of(written, "KF_PIPELINES_ENDPOINT")


@pytest.mark.parametrize("written", ["http://u:secret@kfp", "u:secret@kfp"])
def test_a_credential_in_an_address_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(KfpInputError, match="it holds a user name") as caught:
        endpoint_of(written, "endpoint")

    assert "secret" not in str(caught.value.body)
