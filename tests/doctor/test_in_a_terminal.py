"""`jupyter kfp doctor --json` as a process of its own, in five prepared environments."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.doctor.world import CANARY, NOW, PATIENCE, World

pytestmark = pytest.mark.slow  # a process for every test

HERE = Path(__file__).parents[2]
IN_A_POD = """
import json, sys
from pathlib import Path
from jupyter_kfp_mt.cli import main
from jupyter_kfp_mt.kube import read_environment_with_kubeconfig
variables, root, patience = json.loads(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
pod = read_environment_with_kubeconfig()._replace(variables=variables, root=root, patience=patience)
sys.exit(main(sys.argv[4:], environment=pod))
"""


def doctor(world: World, variables: dict[str, str], root: Path, *words: str) -> tuple[int, str, str]:
    """The command in a pod, or on a laptop, that is a folder and variables."""
    settings = {"JUPYTER_KFP_MT_DATA_DIR": str(world.root / "data"), "PYTHONPATH": str(HERE)}
    if variables:
        settings["JUPYTER_KFP_MT_ENDPOINT"] = world.kfp.url
    done = subprocess.run(
        [sys.executable, "-c", IN_A_POD, json.dumps(variables), str(root), str(PATIENCE), "doctor", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **settings},
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def on_a_terminal(world: World, *words: str) -> str:
    """What the screen is sent, with line ends as programs write them."""
    settings = {"JUPYTER_KFP_MT_DATA_DIR": str(world.root / "data"), "PYTHONPATH": str(HERE)}
    settings |= {"JUPYTER_KFP_MT_ENDPOINT": world.kfp.url, "NO_COLOR": "1", "COLUMNS": "100"}
    ours, theirs = pty.openpty()
    pod = [json.dumps(world.variables), str(world.root), str(PATIENCE)]
    command = [sys.executable, "-c", IN_A_POD, *pod, *words]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, **settings}) as process:
        os.close(theirs)
        sent = b"".join(iter(partial(read_terminal, ours), b""))
        os.close(ours)
        process.wait(60)
    return sent.decode().replace("\r\n", "\n")


def read_terminal(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody is at its other end
        return b""


@pytest.mark.parametrize(
    ("kind", "exit_code", "cause", "cure"),
    [
        ("healthy", 0, "", ""),
        ("late token", 1, "", ""),
        ("no option", 3, "no-token-no-option", "kind: PodDefault"),
        ("wrong audience", 3, "token-audience", "audience: pipelines.kubeflow.org"),
        ("forbidden", 3, "forbidden", "kubectl create rolebinding"),
        ("laptop", 3, "no-kubeflow", "jupyter kfp serve"),
    ],
)
def test_each_environment_has_its_own_cause_cure_and_exit_code(
    world: World, kind: str, exit_code: int, cause: str, cure: str
) -> None:
    variables, root = world.variables, world.root
    since = int((datetime.now(timezone.utc) - NOW).total_seconds() // 60)
    if kind == "laptop":
        variables, root = {}, world.root / "none"
    elif kind == "no option":
        world.options()
    else:
        audience = "https://kubernetes" if kind == "wrong audience" else "pipelines.kubeflow.org"
        world.token(audience=audience, minutes=since + (5 if kind == "late token" else 100))
    if kind == "forbidden":
        world.kfp.recorded("no rights")

    code, out, err = doctor(world, variables, root, "--json")

    report: dict[str, Any] = json.loads(out)
    found = report["cause"] or {"code": "", "command": ""}
    assert (code, found["code"], err) == (exit_code, cause, "")
    assert cure in found["command"]
    assert CANARY not in out


def test_a_person_at_a_terminal_sees_each_check_until_the_report_is_there(world: World) -> None:
    world.options()
    screen = on_a_terminal(world, "doctor")
    rows, _, report = screen.partition("\x1b[14A\x1b[J")
    assert rows.count("\n") == 14
    assert rows.startswith("✓ Configuration  endpoint = ")
    assert report.index("no-token-no-option") < report.index("Configuration")


def test_as_text_the_cause_and_who_can_mend_it_come_first(world: World) -> None:
    world.options()
    code, out, _ = doctor(world, world.variables, world.root)
    assert code == 3
    assert out.index("no-token-no-option") < out.index("Who can do it: you.") < out.index("Configuration")
