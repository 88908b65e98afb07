from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_kfp_mt import cli, commands
from jupyter_kfp_mt.commands import Command
from jupyter_kfp_mt.errors import CATALOGUE, text_for_program
from jupyter_kfp_mt.plain_text import clean
from tests.cli.outcome import Outcome
from tests.laptop import BROKEN, HELLO, Laptop

ROOT = Path(__file__).parents[2]


class Prompt:
    """A command line on the laptop."""

    def __init__(self, laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
        self._laptop = laptop
        self._capsys = capsys

    def do(self, line: str, *more: str) -> Outcome:
        self._capsys.readouterr()
        code = cli.main([*line.split(), *more, "--data", str(self._laptop.folder)])
        return Outcome(code, *self._capsys.readouterr())


@pytest.fixture
def prompt(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> Prompt:
    return Prompt(laptop, capsys)


def test_submit_wait_json_prints_the_finished_run(prompt: Prompt) -> None:
    outcome = prompt.do(f"submit {HELLO} --wait --json")
    assert (outcome.code, outcome.document["state"]) == (0, "SUCCEEDED")
    assert "phase" not in outcome.document["run_details"]["task_details"][0]
    assert "Succeeded" in outcome.err


def test_a_value_that_looks_like_a_credential_is_warned_of_and_not_repeated(prompt: Prompt) -> None:
    key = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    outcome = prompt.do(f"submit {HELLO} name={key} --dry-run")
    assert outcome.code == 0
    assert "name looks like a password or key. Everybody who may look at" in outcome.err
    assert "Use a secret: → jupyter kfp secrets set name value=-" in outcome.err
    assert key not in outcome.err
    assert "password or key" not in prompt.do(f"submit {HELLO} name=Ana --dry-run").err


def test_a_failing_pipeline_exits_1_and_prints_the_run(prompt: Prompt) -> None:
    outcome = prompt.do(f"submit {BROKEN} --wait --json")
    assert (outcome.code, outcome.document["state"], outcome.error["code"]) == (1, "FAILED", "run-failed")
    assert outcome.error["command"].startswith("jupyter kfp logs ")


ONE_TASK = """
pipelineInfo: {name: one-task}
schemaVersion: 2.1.0
components: {comp-t: {executorLabel: exec-t}}
deploymentSpec: {executors: {exec-t: {container: {image: alpine, command: [sh, -c, exit 3]}}}}
root: {dag: {tasks: {t: {componentRef: {name: comp-t}, taskInfo: {name: t}}}}}
"""
SECRET = """---
platforms:
  kubernetes:
    deploymentSpec:
      executors: {exec-t: {secretAsEnv: [{secretName: nothing, keyToEnv: [{secretKey: a, envVar: A}]}]}}
"""
LOOP = """
pipelineInfo: {name: a-loop}
schemaVersion: 2.1.0
components:
  comp-t: {executorLabel: exec-t}
  comp-loop:
    dag: {tasks: {t: {componentRef: {name: comp-t}, taskInfo: {name: t}}}}
    inputDefinitions: {parameters: {items: {parameterType: LIST}, item: {parameterType: STRING}}}
deploymentSpec: {executors: {exec-t: {container: {image: alpine, command: [sh, -c, exit 3]}}}}
root:
  inputDefinitions: {parameters: {items: {parameterType: LIST, isOptional: true}}}
  dag:
    tasks:
      loop:
        componentRef: {name: comp-loop}
        taskInfo: {name: loop}
        inputs: {parameters: {items: {componentInputParameter: items}}}
        parameterIterator: {items: {inputParameter: items}, itemInput: item}
"""


@pytest.mark.parametrize(
    ("text", "why", "log"),
    [
        (ONE_TASK, "Task t stopped: exit code 3. It wrote nothing.", ""),
        (LOOP, "Loop loop stopped: the loop cannot iterate over None: it is not a list.", ""),
        (
            ONE_TASK + SECRET,
            "Task t stopped: There is no secret nothing with key a in this namespace.",
            "There is no secret nothing with key a in this namespace.\n",
        ),
    ],
    ids=["silent", "loop", "secret"],
)
def test_a_log_is_pointed_at_only_where_there_is_one(
    text: str, why: str, log: str, prompt: Prompt, tmp_path: Path
) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(text)

    outcome = prompt.do(f"submit {path} --wait --json")

    assert (outcome.error["code"], outcome.error["why"]) == ("run-failed", why)
    assert outcome.error["next"] == ("Look at its log." if log else "")
    shown = prompt.do("logs @last")
    assert shown.out == log
    assert log or shown.err.strip()


def test_a_loop_that_failed_beside_tasks_is_named(prompt: Prompt, tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    alone = "  dag:\n    tasks:\n"
    before = "      before: {componentRef: {name: comp-t}, taskInfo: {name: before}}\n"
    path.write_text(LOOP.replace("exit 3", "echo fine").replace(alone, alone + before))
    reason = "Loop loop stopped: the loop cannot iterate over None: it is not a list."

    assert prompt.do(f"submit {path} --wait --json").error["why"] == reason
    assert "the loop cannot iterate over None: it is not a list" in prompt.do("tasks @last").out
    shown = prompt.do("logs @last")
    assert (shown.out, shown.err.strip()) == ("fine\n", reason)


def test_a_file_that_is_no_pipeline_exits_2(prompt: Prompt) -> None:
    outcome = prompt.do(f"submit {ROOT / 'setup.cfg'}")
    assert (outcome.code, outcome.out) == (2, "")
    assert "not-a-pipeline" in outcome.err


def test_a_limit_exits_5(prompt: Prompt, laptop: Laptop) -> None:
    assert prompt.do(f"submit {laptop.quick} seconds=60 --wait --timeout 0.2s").code == 5
    assert prompt.do("terminate @last").code == 0


def test_what_is_not_there_and_what_is_refused_exit_4(prompt: Prompt) -> None:
    assert prompt.do("show no-such-run").code == 4
    assert prompt.do("runs --namespace somebody-else").code == 4


@pytest.mark.parametrize(
    "line",
    ["rnus", "runs --stat x", "show", "runs --namespace", "submit", "serve --stop --status", "profiles"],
)
def test_wrong_usage_exits_2_and_says_nothing_on_stdout(prompt: Prompt, line: str) -> None:
    outcome = prompt.do(line)
    assert (outcome.code, outcome.out) == (2, "")
    assert "%kfp" not in outcome.err


@pytest.mark.parametrize(
    "line",
    [
        "",
        "help",
        "help submit",
        "doctor",
        "namespaces",
        "runs",
        "runs --search none",
        "experiments",
        "pipelines",
        "pipelines --shared",
        "show @last",
        "tasks @last",
        "why @last",
        "logs @last",
        "outputs @last",
        "metrics @last",
        "spec @last",
        "wait @last",
        "archive @last",
        "profiles list",
        "secrets list",
        "configmaps list",
        "serve --status",
        "experiment create for-json",
        f"submit {HELLO} --dry-run",
        f"upload {HELLO} --name for-json",
        "versions for-json",
        f"submit {HELLO}",
        "terminate @last",
    ],
)
def test_json_is_one_document(prompt: Prompt, line: str) -> None:
    if "@last" in line:
        assert prompt.do(f"submit {HELLO} --wait --json").code == 0
    outcome = prompt.do(line, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.document is not None


def test_lists_have_the_names_of_kfp(prompt: Prompt) -> None:
    prompt.do(f"submit {HELLO}")
    outcome = prompt.do("runs -n 1 --json")
    assert set(outcome.document) == {"runs", "total_size"}
    assert {"run_id", "display_name", "state", "experiment_id", "created_at"} <= set(
        outcome.document["runs"][0]
    )


def test_a_log_is_lines(prompt: Prompt, laptop: Laptop) -> None:
    prompt.do(f"submit {laptop.quick} --wait --cache off")
    document = prompt.do("logs @last --follow --json").document
    assert (document["task"], document["lines"]) == ("step", ["line 1", "line 2", "line 3", "end"])
    assert prompt.do("logs @last --follow").out == "line 1\nline 2\nline 3\nend\n"


def test_a_log_that_looks_like_json_is_a_log_document(prompt: Prompt, tmp_path: Path, laptop: Laptop) -> None:
    source = Path(laptop.quick).read_text()
    pipeline = tmp_path / "json.yaml"
    pipeline.write_text(source.replace("for i in 1 2 3; do echo line $i; done;", 'echo "{";'))
    prompt.do(f"submit {pipeline} --wait --cache off")
    assert prompt.do("logs @last --json").document["lines"] == ["{", "end"]


def test_a_namespace_that_is_named_is_chosen(prompt: Prompt) -> None:
    prompt.do("profiles add team-d")
    outcome = prompt.do(" --namespace team-d --json")
    assert (outcome.document["namespace"], outcome.document["source"]) == ("team-d", "chosen by you")


def test_quiet_leaves_the_answer_alone(prompt: Prompt) -> None:
    outcome = prompt.do(f"submit {HELLO} --wait --quiet")
    assert outcome.err == ""
    assert outcome.out.startswith("✓ Succeeded")


def test_without_a_server_exits_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["runs", "--json", "--data", str(tmp_path)]) == 3
    outcome = Outcome(3, *capsys.readouterr())
    assert (outcome.out, outcome.error["code"]) == ("", "no-kubeflow")
    assert cli.main(["--data", str(tmp_path)]) == 3
    assert cli.main(["doctor", "--data", str(tmp_path)]) == 3
    assert cli.main(["whoami", "--data", str(tmp_path)]) == 3


def test_a_server_that_does_not_answer_exits_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["runs", "--endpoint", "http://127.0.0.1:9", "--data", str(tmp_path)]) == 3
    assert "jupyter" not in capsys.readouterr().out


@pytest.mark.parametrize("each", commands.COMMANDS, ids=lambda each: each.name or "status")
def test_help_is_the_help_of_the_magic(prompt: Prompt, each: Command) -> None:
    if each.name:
        magic = commands.render_manual("%kfp", each.name.split()).replace("%kfp", "jupyter kfp")
        outcome = prompt.do(f"help {each.name}").out
        assert outcome.split() == magic.split()  # only the lines break elsewhere
        assert prompt.do(f"{each.name} --help").out == outcome


def test_the_list_of_commands_begins_with_those_of_the_magic(prompt: Prompt) -> None:
    outcome = prompt.do("--help").out.splitlines()
    for line, each in zip(outcome, commands.COMMANDS, strict=False):
        assert line.split() == ["jupyter", "kfp", *each.name.split(), *each.summary.split()]


def test_the_help_lists_the_exit_code_of_every_error(prompt: Prompt) -> None:
    listed = prompt.do("--help").out.partition("Exit codes:\n")[2].splitlines()
    codes = {int(line.split()[0]) for line in listed if line.split()[0].isdecimal()}
    errors = {entry.kind.exit_code for entry in CATALOGUE.values()}
    assert codes == {0, *errors, 130}


def test_tenants_see_their_own_runs_only(prompt: Prompt) -> None:
    assert prompt.do("profiles add team-b").code == 0
    assert prompt.do("profiles add team-b").code == 4
    assert "team-b" in [each["namespace"] for each in prompt.do("profiles list --json").document["profiles"]]
    token = prompt.do("token team-b --duration 10m").out
    assert token.count(".") == 2
    assert prompt.do("profiles share ana team-b --role view").code == 0
    assert prompt.do("profiles remove team-b").code == 2
    assert prompt.do("profiles remove team-b --yes").code == 0
    assert prompt.do("token team-b").code == 4


@pytest.mark.parametrize("kind", ["secrets", "configmaps"])
def test_values_come_from_stdin_and_are_not_shown(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hunter2\n"))
    assert prompt.do(f"{kind} set database password=-").code == 0
    outcome = prompt.do(f"{kind} list --json")
    assert outcome.document == {kind: {"database": ["password"]}}
    assert "hunter2" not in outcome.out + outcome.err
    assert prompt.do(f"{kind} set database password=hunter2").code == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO("one\n"))
    outcome = prompt.do(f"{kind} set database user=- password=- --json")
    assert outcome.error["message"] == "2 values are needed on stdin, one a line; there are 1."
    assert prompt.do(f"{kind} remove database").code == 0
    assert prompt.do(f"{kind} remove database").code == 4


def test_the_end_of_input_is_no_value(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Tty(""))
    outcome = prompt.do("configmaps set database user=- --json")
    assert (outcome.code, outcome.error["message"]) == (2, "No value was given. Nothing was done.")


def test_one_word_of_two_is_explained_by_all_that_begin_with_it(prompt: Prompt) -> None:
    outcome = prompt.do("help secrets").out.splitlines()
    assert [line.split()[2:4] for line in outcome[:3]] == [
        ["secrets", verb] for verb in ("set", "list", "remove")
    ]


def test_a_wrong_duration_names_its_option(prompt: Prompt) -> None:
    assert prompt.do("token ana --duration 2y --json").error["next"] == "write --duration 2h"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("secrets set db key=-", "kubectl create secret generic db -n NAMESPACE --from-literal=…"),
        ("configmaps set db key=- --namespace a", "kubectl create configmap db -n a --from-literal=…"),
        ("configmaps remove db --namespace a", "kubectl delete configmap db -n a"),
    ],
)
def test_the_line_for_an_administrator_is_one(prompt: Prompt, line: str, command: str) -> None:
    outcome = prompt.do(f"{line} --endpoint http://127.0.0.1:9 --json")
    assert (outcome.code, outcome.error["command"]) == (4, command)


def test_on_a_cluster_an_administrator_does_that(prompt: Prompt) -> None:
    outcome = prompt.do("profiles remove team-b --yes --endpoint http://127.0.0.1:9 --json")
    assert (outcome.code, outcome.error["command"]) == (4, "kubectl delete profile team-b")


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=env, timeout=60, check=False
    )


def test_the_start_is_light() -> None:
    code = "import sys; from jupyter_kfp_mt.cli import main; main(['help']); print(sorted(sys.modules))"
    loaded = python("-c", code).stdout.splitlines()[-1]
    for heavy in ("kfp", "kubernetes", "pandas", "ipywidgets", "IPython", "requests"):
        assert f"'{heavy}'" not in loaded, heavy


@pytest.mark.slow
def test_serve_in_front_ends_with_its_server(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "jupyter_kfp_mt.cli", "serve", "--data", str(tmp_path), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        again = python("-m", "jupyter_kfp_mt.cli", "serve", "--data", str(tmp_path), "--json")
        process.terminate()
        assert process.wait(30) == 0
    assert json.loads(again.stdout)["url"] == facts["url"]
    assert "owner_key" not in facts
    assert python("-m", "jupyter_kfp_mt.cli", "serve", "--status", "--data", str(tmp_path)).returncode == 3


@pytest.mark.slow
def test_serve_in_the_background_is_stopped_by_word(tmp_path: Path) -> None:
    serve = ("-m", "jupyter_kfp_mt.cli", "serve", "--data", str(tmp_path))
    started = python(*serve, "--background")
    assert started.returncode == 0, started.stderr
    assert "credentials=ServiceAccountTokenVolumeCredentials(" in started.stdout
    assert f"Stop         jupyter kfp serve --stop --data {tmp_path}" in started.stdout
    assert f"JupyterLab   with JUPYTER_KFP_MT_DATA_DIR={tmp_path}" in started.stdout
    assert python(*serve, "--status").returncode == 0
    assert python(*serve, "--stop").returncode == 0
    assert python(*serve, "--stop").returncode == 3


def test_a_backup_of_the_store(prompt: Prompt, laptop: Laptop, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    outcome = prompt.do(f"backup {copy}")
    assert (outcome.code, copy.stat().st_size > 0) == (0, True)
    assert f"cp {copy} {laptop.folder}/store.sqlite" in outcome.out
    again = prompt.do(f"backup {copy}")
    assert (again.code, "exists already" in again.err) == (2, True)
    recover = prompt.do("serve --recover")
    assert (recover.code, "The server runs" in recover.err) == (2, True)


def test_a_backup_without_a_store(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["backup", str(tmp_path / "copy"), "--data", str(tmp_path / "none")]) == 2
    assert "store.sqlite does not exist" in capsys.readouterr().err


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_kfp_mt.cli.terminal import wants_colour

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert (wants_colour(Tty()), wants_colour(io.StringIO())) == (True, False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(Tty())


def test_hostile_names_do_not_steer_the_terminal(prompt: Prompt, laptop: Laptop) -> None:
    laptop.connect().submit(laptop.quick, name="evil<b>" + "\u202e" + "x", experiment="Default")
    outcome = prompt.do("runs -n 1")
    assert "evil<b>x" in outcome.out
    assert clean(outcome.out) == " ".join(outcome.out.split())


def test_a_terminal_says_how_to_work_in_another_namespace(prompt: Prompt) -> None:
    outcome = prompt.do("use team-b")
    assert (outcome.code, "A terminal does not stay in a namespace." in outcome.err) == (2, True)
    assert "write --namespace team-b, or export JUPYTER_KFP_MT_NAMESPACE=team-b" in outcome.err
    assert (
        text_for_program("%kfp use NAMESPACE", "jupyter kfp") == "jupyter kfp COMMAND --namespace NAMESPACE"
    )
