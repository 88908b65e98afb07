"""The owner's line to an embedded server that does not answer."""

from __future__ import annotations

import socket

import pytest

from jupyter_kfp_mt.cli.owner_api import OwnerApi
from jupyter_kfp_mt.client.gateway_errors import timeout_error
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import RuntimeFile


def test_a_server_that_is_gone_is_started_again_not_looked_for_in_a_cluster() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        runtime = RuntimeFile(
            url=url, pid=1, namespace="ana", token_path="t", owner_key="canary", version="0"
        )
        with pytest.raises(KfpError) as caught:
            OwnerApi(runtime).call("GET", "profiles")
    error = caught.value
    assert (error.code, error.command) == ("kfp-unavailable", "jupyter kfp serve")
    assert "kubectl" not in f"{error.body}"
    assert "canary" not in f"{error.body}"


def test_a_server_that_is_slow_is_no_matter_of_the_network() -> None:
    error = timeout_error(Context("http://127.0.0.1:1", embedded=True, timeout=30))
    assert error.why == "Nothing from 127.0.0.1:1 in 30 s. This machine may be busy."
    assert "kubectl" not in error.command
