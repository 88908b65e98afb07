"""A sample of the table of parameter values through every front: all send the same and say the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_kfp_mt import cli
from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.magics.kfp import KfpMagics
from tests.laptop import Laptop, laptop
from tests.pipeline_spec.value_table import CASES, name_of

__all__ = ["laptop"]

NAMES = {"NUMBER_INTEGER": "epochs", "NUMBER_DOUBLE": "seconds", "BOOLEAN": "flag", "STRUCT": "config"}
SUITED = [case for case in CASES if case["type"] in NAMES and "spec" not in case]
TYPED = [case for case in SUITED if case.get("text", "").strip() and case["text"].isprintable()][::7]
GIVEN = [case for case in SUITED if "value" in case and "problem" in case and case["value"] is not None]

# name and text of a parameter → the parameters that are sent, or the message of the error
Front = Callable[[str, str], dict[str, Any] | str]


@pytest.fixture
def magic(laptop: Laptop) -> Iterator[Front]:
    shell = InteractiveShell()
    shell.register_magics(KfpMagics(shell, laptop.connect, live=False))

    def submit(name: str, text: str) -> dict[str, Any] | str:
        word = shlex.quote(f"{name}={text}")
        try:
            body = shell.run_line_magic("kfp", f"submit {laptop.quick} {word} --dry-run")
        except KfpInputError as error:
            return error.message
        sent: dict[str, Any] = body["runtime_config"]["parameters"]
        return sent

    yield submit
    shell.history_manager.end_session()


@pytest.fixture
def command_line(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> Front:
    def submit(name: str, text: str) -> dict[str, Any] | str:
        line = ["submit", laptop.quick, f"{name}={text}", "--dry-run", "--json", "--data", str(laptop.folder)]
        code = cli.main(line)
        printed = capsys.readouterr()
        if code:
            message: str = json.loads(printed.err.splitlines()[-1])["message"]
            return message
        sent: dict[str, Any] = json.loads(printed.out)["runtime_config"]["parameters"]
        return sent

    return submit


@pytest.mark.parametrize("case", TYPED, ids=name_of)
@pytest.mark.parametrize("front", ["magic", "command_line"])
def test_a_typed_value(front: str, case: dict[str, Any], request: pytest.FixtureRequest) -> None:
    submit: Front = request.getfixturevalue(front)
    name = NAMES[case["type"]]

    assert submit(name, case["text"]) == (
        f"{name}: {case['problem']}." if "problem" in case else {name: case["sent"]}
    )


@pytest.fixture
def jp_server_config(laptop: Laptop) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": {"data_dir": str(laptop.folder)},
        }
    )


@pytest.mark.parametrize("case", GIVEN, ids=name_of)
async def test_a_value_over_rest(case: dict[str, Any], laptop: Laptop, jp_fetch: Any) -> None:
    name = NAMES[case["type"]]
    source = {"kind": "text", "path": "quick.yaml", "text": Path(laptop.quick).read_text()}
    body = json.dumps({"source": source, "parameters": {name: case["value"]}})

    response = await jp_fetch(
        "jupyter-kfp-mt", "namespaces", "ana", "runs", method="POST", body=body, raise_error=False
    )

    assert (response.code, json.loads(response.body)["message"]) == (400, f"{name}: {case['problem']}.")
