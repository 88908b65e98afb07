"""A preview sends nothing, equals what a submit sends, and comes with code that sends the same."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.commands.code import place_source, write_line, write_python
from jupyter_kfp_mt.commands.tokenizer import split_line
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.models import CachePolicy, Source, SourceKind, SubmitRequest
from jupyter_kfp_mt.service import KfpService
from tests.fakes import FakeTransport, ManualClock
from tests.notebooks.making import make_notebook
from tests.pipeline_spec.pipelines import SIMPLE
from tests.service.stand_ins import OURS, RUNS, kfp

Fetch = Callable[..., Awaitable[HTTPResponse]]
HERE = ("jupyter-kfp-mt", "namespaces", "alice")
SECRET = "canary-of-a-preview"
RUN = {
    "source": {"kind": "file", "path": "sub/train.yaml"},
    "parameters": {"name": "it's $5 {x}"},
    "display_name": "mine",
    "description": "a note",
    "cache": "off",
    "service_account": "robot",
}


@pytest.fixture
def fake() -> FakeTransport:
    return kfp()


@pytest.fixture
def jp_server_config(jp_server_config: Any, fake: FakeTransport, tmp_path: Path) -> Any:
    (tmp_path / "token").write_text(SECRET)
    token = TokenFile(tmp_path / "token", "http://kfp:8888")
    context = Context("http://kfp:8888", namespace="alice", credential=token)
    service = KfpService(context, fake, clock=ManualClock())
    jp_server_config.KfpExtension.service_factory = lambda *, start_embedded: service
    return jp_server_config


@pytest.fixture
def pipeline(jp_root_dir: Path) -> None:
    (jp_root_dir / "sub").mkdir()
    (jp_root_dir / "sub" / "train.yaml").write_text(SIMPLE)


async def ask(jp_fetch: Fetch, run: dict[str, Any], **options: Any) -> dict[str, Any]:
    body = json.dumps({"run": run, **options})
    shown: dict[str, Any] = json.loads((await jp_fetch(*HERE, "preview", method="POST", body=body)).body)
    return shown


@pytest.mark.usefixtures("pipeline")
async def test_the_preview_is_what_run_sends(jp_fetch: Fetch, fake: FakeTransport) -> None:
    shown = await ask(jp_fetch, RUN)
    assert fake.sent("POST", RUNS) == []
    await jp_fetch(*HERE, "runs", method="POST", body=json.dumps(RUN))
    sent = json.loads(fake.sent("POST", RUNS)[0].body)
    del sent["run_id"]
    assert json.loads(shown["body"]) == sent
    assert sent["experiment_id"] == OURS
    assert shown["notes"] == []
    assert SECRET not in json.dumps(shown)


@pytest.mark.usefixtures("pipeline")
async def test_the_code_names_the_file_as_the_notebook_sees_it(jp_fetch: Fetch) -> None:
    shown = await ask(jp_fetch, RUN, folder="sub/notebooks", is_named=False)
    assert shown["line"].startswith("%kfp submit ../train.yaml ")
    assert '"../train.yaml"' in shown["python"].replace("'", '"')
    assert "mine" not in shown["line"] + shown["python"]


async def test_the_code_of_a_notebook_has_what_goes_along(jp_fetch: Fetch, jp_root_dir: Path) -> None:
    (jp_root_dir / "a.ipynb").write_text(json.dumps(make_notebook("lr = 0.1", tagged=1)))
    (jp_root_dir / "b.csv").write_text("secret")
    source = {
        "kind": "notebook",
        "path": "a.ipynb",
        "files": ["b.csv"],
        "packages": ["numpy"],
        "image": "x:1",
    }

    shown = await ask(jp_fetch, {"source": source, "parameters": {"lr": 0.5}}, is_named=False)

    assert shown["line"] == "%kfp submit a.ipynb lr=0.5 --files b.csv --packages numpy --image x:1"
    for part in ("'a.ipynb'", "files=['b.csv']", "packages=['numpy']", "image='x:1'"):
        assert part in shown["python"]


@pytest.mark.usefixtures("pipeline")
async def test_an_experiment_that_is_missing_is_said_and_not_created(
    jp_fetch: Fetch, fake: FakeTransport
) -> None:
    fake.answer("GET", "/apis/v2beta1/experiments", {"experiments": []})
    shown = await ask(jp_fetch, {**RUN, "experiment": "new one"})
    assert shown["notes"] == ["Experiment new one is created first."]
    assert "experiment_id" not in json.loads(shown["body"])
    assert fake.sent("POST", "/apis/v2beta1/experiments") == []


@pytest.mark.usefixtures("pipeline")
async def test_curl_sends_the_body_and_leaves_the_token_to_the_shell(jp_fetch: Fetch, tmp_path: Path) -> None:
    shown = await ask(jp_fetch, RUN)
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > arguments\ncat > body\n')
    curl.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "KFP_TOKEN": "from-the-shell"}
    subprocess.run(["/bin/sh", "-c", shown["curl"]], cwd=tmp_path, env=environ, check=True)
    assert json.loads((tmp_path / "body").read_text()) == json.loads(shown["body"])
    said = (tmp_path / "arguments").read_text()
    assert "http://kfp:8888/apis/v2beta1/runs" in said
    assert "Authorization: Bearer from-the-shell" in said


def request(**values: Any) -> SubmitRequest:
    return SubmitRequest(source=Source(kind=SourceKind.FILE, path="a b.yaml"), **values)


def service() -> KfpService:
    return KfpService(Context("http://kfp", namespace="team-a"), FakeTransport(), clock=ManualClock())


@pytest.mark.parametrize(
    "value", ["plain", "", "it's", 'a "b"', "$HOME", "a b", "{x}", "ä*?", "\\", "#", "- -"]
)
def test_a_text_is_one_word_of_the_line_whatever_is_in_it(value: str) -> None:
    line = write_line(service(), request(parameters={"name": value}))
    words = split_line(line.removeprefix("%kfp "), {})
    assert words == ["submit", "a b.yaml", f"name={value}"]


def test_a_text_of_several_lines_becomes_a_variable() -> None:
    line = write_line(service(), request(parameters={"text": "one\ntwo"}))
    assert line == "text = 'one\\ntwo'\n%kfp submit 'a b.yaml' text=$text"


def test_the_options_are_those_of_the_form() -> None:
    line = write_line(
        service(),
        request(
            parameters={"n": 3, "on": True, "config": {"a": [1]}},
            experiment="churn",
            cache=CachePolicy.OFF,
            pipeline_root="s3://x",
        ),
    )
    assert shlex.split(line) == [
        *("%kfp", "submit", "a b.yaml", "n=3", "on=true", 'config={"a":[1]}'),
        *("--experiment", "churn", "--cache", "off", "--root", "s3://x"),
    ]


def test_python_makes_the_same_request() -> None:
    written = write_python(service(), request(parameters={"n": 3, "on": None}, cache=CachePolicy.ON))
    calls: list[Any] = []

    class Recorder:
        def submit(self, *arguments: Any, **options: Any) -> str:
            calls.append((arguments, options))
            return "the run"

    names: dict[str, Any] = {"connect": lambda **where: calls.append(where) or Recorder()}
    with contextlib.redirect_stdout(io.StringIO()):
        exec("\n".join(written.splitlines()[1:]), names)
    assert calls == [
        {"namespace": "team-a"},
        (("a b.yaml", {"n": 3, "on": None}), {"experiment": "Default", "cache": "on"}),
    ]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (Source(kind=SourceKind.EXAMPLE), "submit example:hello"),
        (Source(kind=SourceKind.ADDRESS, path="https://x/p.yaml"), "submit https://x/p.yaml"),
        (Source(kind=SourceKind.FILE, path="p.py", function="train"), "submit p.py:train"),
    ],
)
def test_each_source_has_its_word(source: Source, word: str) -> None:
    assert write_line(service(), SubmitRequest(source=source)) == f"%kfp {word}"


def test_a_source_that_is_only_bytes_has_no_line_but_python() -> None:
    upload = SubmitRequest(source=Source(kind=SourceKind.DATA, path="x.zip", data=b"zip"))
    assert write_line(service(), upload) == ""
    assert "SourceKind.TEXT" in write_python(service(), upload, {"pipelineInfo": {"name": "x"}})


def test_a_cloned_run_is_cloned_again() -> None:
    text = SubmitRequest(source=Source(kind=SourceKind.TEXT, text=SIMPLE), parameters={"n": 1})
    assert write_line(service(), text, clone_of=OURS) == f"%kfp clone {OURS} n=1 --experiment Default"


def test_a_path_below_the_folder_stays() -> None:
    assert place_source(Source(kind=SourceKind.FILE, path="a/b.yaml"), "a").path == "b.yaml"
    assert place_source(Source(kind=SourceKind.FILE, path="b.yaml"), "").path == "b.yaml"
