"""The same cases against another server: a process of its own, reached by address and token files.

Every 36th case, or all of them in the long form.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.models import RuntimeFile
from tests.contract.case import names
from tests.contract.target import NAMESPACES, URL, WRITERS
from tests.embedded.running import send
from tests.scale import FULL

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(URL), reason="this run is about another server already"),
    pytest.mark.timeout(600),  # the whole suite over again
]


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[RuntimeFile]:
    """A server as `jupyter kfp serve` starts it."""
    command = [sys.executable, "-m", "jupyter_kfp_mt.embedded", "--data", str(folder), "--namespace", "alice"]
    folder.mkdir(mode=0o700)
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen([*command, *options], cwd=ROOT, stderr=log) as process,
    ):
        try:
            while (runtime := embedded.find(folder)) is None:
                assert process.poll() is None
                time.sleep(0.05)
            yield runtime
        finally:
            process.terminate()


def tenants(runtime: RuntimeFile, folder: Path) -> None:
    """The profiles that the cases speak of, and a file with a token for each caller."""

    def owner(method: str, path: str, body: object) -> Any:
        key = [("X-Kfp-Owner-Key", runtime.owner_key)]
        reply = send(runtime.url, method, f"/embedded/profiles{path}", body, key)
        assert reply.status == 200, reply.body
        return reply.json

    for name in NAMESPACES:
        if name != "alice":
            owner("POST", "", {"namespace": name, "owner": f"{name}@example.com"})
        for role in ("editor", "viewer"):
            token = owner("POST", f"/{name}/tokens", {"account": f"default-{role}"})["token"]
            (folder / f"{name}-{role}").write_text(token)
    for name in WRITERS:
        owner("PUT", f"/shared/contributors/{name}", {"role": "edit"})
    (folder / "anna-editor-expired").write_text(owner("POST", "/anna/tokens", {"seconds": 1})["token"])


def ask_cases(url: str, tokens: Path, chosen: Sequence[str]) -> str:
    """Ask these cases of that server; return what pytest says at the end."""
    environment = {**os.environ, "KFP_CONTRACT_URL": url, "KFP_CONTRACT_TOKENS": str(tokens)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    ids = [f"tests/contract/test_cases.py::test_case[{name}]" for name in chosen]
    ended = subprocess.run(
        [*command, *ids], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    return ended.stdout


def count(summary: str, word: str) -> int:
    found = re.search(rf"(\d+) {word}", summary)
    return int(found.group(1)) if found else 0


def test_the_cases_pass_on_a_server_that_is_a_process_of_its_own(tmp_path: Path) -> None:
    chosen = names() if FULL else names()[::36]
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    with serving(tmp_path / "kfp", "--identity-header", "kubeflow-userid") as runtime:
        tenants(runtime, tokens)
        summary = ask_cases(runtime.url, tokens, chosen)
    print(summary)  # noqa: T201 - which cases were left out, and why
    assert count(summary, "passed") > 0.75 * len(chosen)
    assert count(summary, "skipped") == summary.count("left out: ")


def test_the_cases_of_single_user_mode_pass_there_too(tmp_path: Path) -> None:
    chosen = [name for name in names() if "single" in name]
    with serving(tmp_path / "kfp", "--single-user") as runtime:
        summary = ask_cases(runtime.url, tmp_path, chosen)
    assert count(summary, "passed") >= 15
