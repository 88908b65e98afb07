"""Who may call a server that knows no tokens, and which hosts and web pages may call at all."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from jupyter_kfp_mt import cli, embedded
from jupyter_kfp_mt.embedded.peers import SameUser, can_find_users, find_user
from jupyter_kfp_mt.models import RuntimeFile
from tests.embedded.running import running, send

NOBODY = 65534
EXPERIMENTS = "/apis/v2beta1/experiments"
FRONT = "http://127.0.0.1:3000"
# Becomes the user once it has imported what it needs: nobody may not read the Python of root.
AS_USER = """
import os, socket, sys
host, port, user, path = sys.argv[1:]
os.setuid(int(user))
connection = socket.socket()
connection.connect((host, int(port)))
connection.sendall(f"GET {path} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\n\\r\\n".encode())
print(connection.recv(100).split()[1].decode())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("JUPYTER_KFP_MT_DATA_DIR", str(tmp_path / "kfp"))
    yield tmp_path / "kfp"
    embedded.stop(tmp_path / "kfp")


def ask_as(user: int, runtime: RuntimeFile, path: str = EXPERIMENTS) -> int:
    """Return the status that a process of `user` gets."""
    address = runtime.url.removeprefix("http://").split(":")
    words = [sys.executable, "-c", AS_USER, *address, str(user), path]
    return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param(["--single-user"], 403, id="single user"),
        pytest.param(["--identity-header", "kubeflow-userid"], 403, id="identity header"),
        pytest.param(["--single-user", "--open"], 200, id="open"),
    ],
)
def test_other_users_of_the_machine(folder: Path, options: Sequence[str], status: int) -> None:
    runtime = embedded.ensure_running(folder, options=options)
    path = "/apis/v2beta1/healthz"
    assert ask_as(NOBODY, runtime, path) == status
    assert ask_as(os.geteuid(), runtime, path) == 200


def test_a_stranger_is_told_why(tmp_path: Path) -> None:
    stranger = SameUser(os.geteuid() + 1)
    with running(tmp_path, multi_user=False, admits=stranger.admits) as server:
        for path in (EXPERIMENTS, "/apis/v2beta1/healthz", "/embedded/state"):
            reply = server.call("GET", path)
            assert reply.status == 403
            assert "for processes of its own user only; --open admits" in reply.json["message"]


def test_tools_without_a_token_go_on_working(tmp_path: Path) -> None:
    with running(tmp_path, multi_user=False, admits=SameUser().admits) as server:
        assert server.call("POST", EXPERIMENTS, {"display_name": "e"}).status == 200


def test_the_user_of_a_connection(tmp_path: Path) -> None:
    assert can_find_users()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = listener.getsockname()
        with socket.create_connection(there) as caller, listener.accept()[0] as accepted:
            here = caller.getsockname()
            assert find_user(here, there) == os.geteuid()
            assert find_user(there, here) == os.geteuid()
            caller.shutdown(socket.SHUT_WR)  # half closed, as by a client that has sent its request
            assert find_user(here, there) == os.geteuid()
            accepted.recv(1)
        assert find_user(here, there) is None  # closed: the kernel writes root as its user
    assert find_user(("127.0.0.1", 1), there) is None


def test_a_connection_over_mapped_addresses_has_a_user() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_INET6) as caller:
        caller.connect((f"::ffff:{listener.getsockname()[0]}", listener.getsockname()[1]))
        assert find_user(("127.0.0.1", caller.getsockname()[1]), listener.getsockname()) == os.geteuid()


def test_where_users_cannot_be_told_apart_a_token_is_needed(tmp_path: Path) -> None:
    with running(tmp_path, multi_user=False, token_required=True) as server:
        assert server.call("GET", EXPERIMENTS).status == 401
        assert server.call("GET", EXPERIMENTS, token=server.token("alice")).status == 200


def test_the_client_sends_its_token_where_it_is_needed_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded.ensure_running(folder, options=["--single-user"])
    assert cli.main(["serve", "--status"]) == 0
    assert "processes of your own user only" in capsys.readouterr().out
    assert cli.main(["runs"]) == 0


def test_open_is_for_servers_without_tokens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--open", "--background"]) == 2
    assert "--open is for a server without tokens" in capsys.readouterr().err
    assert cli.main(["serve", "--single-user", "--open", "--background"]) == 0
    assert "Warning      every user of this machine can run code as you" in capsys.readouterr().out
    assert "every user of this machine can run code as" in (folder / "server.log").read_text()


def test_a_front_may_call_when_it_is_named(folder: Path) -> None:
    options = ["--identity-header", "kubeflow-userid", "--allowed-origins", f"{FRONT}/, https://kfp.example"]
    runtime = embedded.ensure_running(folder, options=[*options, "--allowed-hosts", "ML-pipeline.kubeflow"])
    user = ("kubeflow-userid", "system:serviceaccount:" + runtime.namespace + ":default-editor")
    page, cross = ("Origin", FRONT), ("Sec-Fetch-Site", "cross-site")
    host = ("Host", "ml-pipeline.kubeflow:8888")

    def status(*headers: tuple[str, str]) -> int:
        body = {"display_name": f"{headers}", "namespace": runtime.namespace}
        return send(runtime.url, "POST", EXPERIMENTS, body, [user, *headers]).status

    named = ("Origin", "https://KFP.example")
    assert [status(page), status(page, host), status(page, cross, host), status(named)] == [200] * 4
    for foreign in ("http://127.0.0.1:3001", "https://127.0.0.1:3000", "null", f"{FRONT}.evil.example"):
        assert status(("Origin", foreign)) == 403
    assert status(cross) == 403
    assert status(("Host", "evil.example")) == 403


def test_an_origin_is_an_address(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--background", "--allowed-origins", "localhost:3000"]) == 2
    assert "“localhost:3000” is not an origin" in capsys.readouterr().err
    assert embedded.find(folder) is None
