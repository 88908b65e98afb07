"""Verbs beyond a single run: recurring runs, presets, comparisons, tables of sweeps, links."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from jupyter_kfp_mt.display import render_html, render_text
from jupyter_kfp_mt.errors import KfpInputError, KfpNotFoundError, KfpUsageError
from jupyter_kfp_mt.models import Phase, RecurringRun, Run
from jupyter_kfp_mt.results import BulkResult, RunDiff, RunLink
from tests.commands.console import Console
from tests.laptop import HELLO, Laptop


@pytest.fixture
def console(laptop: Laptop) -> Console:
    return Console(laptop)


def test_a_recurring_run_from_its_first_to_its_last_day(console: Console, laptop: Laptop) -> None:
    made = console.do(
        f'submit {laptop.quick} epochs=3 --name nightly --cron "0 9 * * 1-5" --timezone Europe/Berlin'
    )
    assert isinstance(made, RecurringRun)
    assert (made.enabled, made.display_name, made.time_zone) == (True, "nightly", "Europe/Berlin")
    assert console.screen.said[-1].startswith("Weekdays 09:00 (Europe/Berlin). The next start is ")
    assert "Next starts: " in render_text(made)

    assert "nightly" in render_text(console.do("recurring"))
    assert console.do("recurring --df").shape[0] == len(console.do("recurring"))
    assert not console.do("recurring off nightly").enabled
    assert "(off)" in render_text(console.do("recurring off nightly"))
    assert console.do("recurring on nightly").enabled

    run = console.do("recurring run nightly")
    assert isinstance(run, Run)
    assert run.parameters["epochs"] == 3
    assert [row.run_id for row in console.do("runs --recurring nightly")] == [run.run_id]
    assert console.do("show @last").run_id == run.run_id

    changed = console.do("recurring edit nightly epochs=5 --every 6h")
    assert changed.recurring_run_id != made.recurring_run_id
    assert changed.runtime_config.parameters == {"epochs": 5}
    assert changed.trigger.periodic_schedule.interval_second == 6 * 3600
    with pytest.raises(KfpUsageError, match=r"Delete nightly\? Nothing was done"):
        console.do("recurring delete nightly")
    assert console.do("recurring delete nightly --yes") == BulkResult(done=[changed.recurring_run_id])
    assert console.do(f"recurring delete {made.recurring_run_id} --yes").done == [made.recurring_run_id]
    with pytest.raises(KfpNotFoundError):
        console.do("recurring on nightly")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("--cron '61 * * * *'", "cron: "),
        ("--every 6h --cron '0 9 * * *'", "Take one of --every and --cron."),
        ("--timezone Europe/Berlin", "--timezone belongs to --cron."),
        ("--cron '0 9 * * *' --timezone Nowhere/City", "time_zone: "),
        ("--every 0s", "--every: it takes whole seconds"),
        ("--every soon", "--every: “soon” is not a duration"),
        ("--every 6h --wait", "--wait and --timeout are for a run that starts now."),
    ],
)
def test_a_wrong_schedule_is_refused(console: Console, laptop: Laptop, options: str, problem: str) -> None:
    before = console.do("recurring").total_size
    with pytest.raises(KfpInputError) as caught:
        console.do(f"submit {laptop.quick} {options}")
    assert problem in caught.value.message
    assert console.do("recurring").total_size == before


def test_a_dry_run_of_a_schedule_creates_nothing(console: Console, laptop: Laptop) -> None:
    before = console.do("recurring").total_size
    sent = console.do(f"submit {laptop.quick} --every 1d --dry-run")
    assert sent["trigger"]["periodic_schedule"]["interval_second"] == 86400
    assert console.do("recurring").total_size == before


def test_a_preset_is_kept_and_taken_again(console: Console, laptop: Laptop) -> None:
    console.do(f"submit {laptop.quick} epochs=7 flag=false -e kept --save-preset small")
    assert console.screen.said[-1] == "Kept as preset small."
    again = console.do(f"submit {laptop.quick} --preset small flag=true")
    assert again.experiment_name == "kept"
    assert (again.parameters["epochs"], again.parameters["flag"]) == (7, True)
    with pytest.raises(KfpNotFoundError, match="No such preset") as caught:
        console.do(f"submit {laptop.quick} --preset smal")
    assert "small" in caught.value.next_step


def test_a_dict_gives_all_its_values(console: Console, laptop: Laptop) -> None:
    console.variables["values"] = {"epochs": 4, "flag": False}
    for words in ("$values", "**values"):
        sent = console.do(f"submit {laptop.quick} {words} flag=true --dry-run")
        assert sent["runtime_config"]["parameters"] == {"epochs": 4, "flag": True}
    console.variables["values"] = {"stepz": 1}
    with pytest.raises(KfpInputError, match="stepz"):
        console.do(f"submit {laptop.quick} $values --dry-run")


def test_a_variable_is_a_text_where_a_text_is_wanted(console: Console, laptop: Laptop) -> None:
    console.variables.update(label="from a variable", many=2)
    run = console.do(f"submit {laptop.quick} --name $label -e $label")
    assert (run.display_name, run.experiment_name) == ("from a variable", "from a variable")
    assert len(console.do("runs -e $label -n $many")) == 1
    console.variables.update(mine=run.run_id, file=laptop.quick)
    assert console.do("show $mine").run_id == run.run_id
    assert console.do("submit $file --dry-run")["pipeline_spec"]["pipelineInfo"]["name"] == "quick"
    console.variables["made"] = console.do(f"submit {laptop.quick} --name scheduled --every 1d")
    assert not console.do("recurring off $made").enabled
    assert len(console.do("recurring delete $made --yes").done) == 1


def test_a_scalar_of_numpy_is_a_number(console: Console, laptop: Laptop) -> None:
    numpy = pytest.importorskip("numpy")
    console.variables["n"] = numpy.int64(6)
    sent = console.do(f"submit {laptop.quick} epochs=$n --dry-run")
    assert sent["runtime_config"]["parameters"] == {"epochs": 6}


def test_a_sweep_is_one_table(console: Console, laptop: Laptop) -> None:
    runs = [console.do(f"submit {laptop.quick} epochs={n} -e grid --name grid-{n} --wait") for n in (1, 2)]
    console.variables["runs"] = runs
    assert (runs[0].parameters, runs[0].metrics) == ({"seconds": 0.0, "epochs": 1, "flag": True}, {})
    frame = console.do("metrics $runs --df")
    assert list(frame["param.epochs"]) == [1, 2]
    assert list(console.do("runs -e grid --sort 'created_at asc' --df")["param.epochs"]) == [1, 2]
    shown = render_text(console.do("runs -e grid --metrics accuracy,loss"))
    assert shown.splitlines()[0].split()[-2:] == ["accuracy", "loss"]
    with pytest.raises(KfpInputError, match="it takes one to three names"):
        console.do("runs --metrics a,b,c,d")


def test_two_runs_differ_in_what_was_changed(console: Console, laptop: Laptop) -> None:
    runs = [console.do(f"submit {laptop.quick} epochs={n} --name d{n} -e diffs --wait") for n in (1, 2)]
    console.variables["runs"] = runs
    diff = console.do("diff $runs")
    assert isinstance(diff, RunDiff)
    assert [(row.part, row.name, row.values) for row in diff if row.name != "took_s"] == [
        ("parameter", "epochs", [1, 2])
    ]
    assert diff.subjects == ["d1", "d2"]
    assert len(console.do("diff $runs --all")) > len(diff)
    assert list(console.do("diff d1 d2 --df").columns) == ["part", "name", "d1", "d2"]
    with pytest.raises(KfpUsageError, match="Two are needed"):
        console.do("diff d1")
    with pytest.raises(KfpUsageError, match="cannot be compared"):
        console.do("diff d1 pipeline:quick")


def test_two_versions_differ_in_one_line_of_code(console: Console, laptop: Laptop, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(Path(laptop.quick).read_text().replace("echo end", "echo done"))
    first = console.do(f"upload {laptop.quick} --name compared --version one")
    console.do(f"upload {changed} --name compared --version two")
    diff = console.do("diff pipeline:compared@one pipeline:compared@two")
    assert first.display_name == "one"
    assert [(row.part, row.name) for row in diff] == [("code", "step")]
    assert "echo end" in diff[0].values[0]
    assert "echo done" in diff[0].values[1]
    assert (
        render_text(console.do("diff pipeline:compared@one pipeline:compared@one")).strip()
        == "No differences."
    )
    console.do(f"upload {HELLO} --name compared --version three")
    others = console.do("diff pipeline:compared@one pipeline:compared@three")
    found = [row.values for row in others if (row.part, row.name) == ("code", "step")]
    assert found == [["4 lines", None]]


def test_help_of_a_verb_lists_those_that_begin_with_it(console: Console) -> None:
    assert "recurring delete" in console.do("help recurring")
    assert "%%kfp --help explains it." in console.do("help")


def test_inputs_are_shown_instead_of_outputs(console: Console) -> None:
    console.do(f"submit {HELLO} name=Grace --wait")
    assert console.do("outputs @last count-letters --inputs") == {"count-letters": {"text": "Hello, Grace!"}}
    with pytest.raises(KfpUsageError, match="Take one of --inputs and --save"):
        console.do("outputs @last --inputs --save x")


WRITES = """
pipelineInfo: {name: writes}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
components:
  comp-write:
    executorLabel: exec-write
    outputDefinitions:
      artifacts: {table: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}
deploymentSpec:
  executors:
    exec-write:
      container: {image: python,
                  command: [sh, -c, 'mkdir -p "$(dirname "$0")"; head -c 2048 /dev/zero > "$0"'],
                  args: ['{{$.outputs.artifacts[''table''].path}}']}
root:
  dag:
    tasks:
      write: {componentRef: {name: comp-write}, taskInfo: {name: write}}
"""


def test_artifacts_have_a_type_and_a_size(console: Console, tmp_path: Path) -> None:
    (tmp_path / "writes.yaml").write_text(WRITES)
    console.do(f"submit {tmp_path}/writes.yaml --wait")
    outputs = console.do("outputs @last write")
    assert outputs.artifacts == {("write", "table"): ("Dataset", 2048)}
    assert re.search(r"Dataset +2\.0 KiB", render_text(outputs))
    console.do(f"outputs @last --save {tmp_path}/saved")
    assert (tmp_path / "saved" / "write" / "table").stat().st_size == 2048


def test_a_run_opens_in_the_jupyterlab_that_runs(
    console: Console, laptop: Laptop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    run = console.do(f"submit {laptop.quick}")
    assert isinstance(console.do("open @last"), RunLink)
    assert console.do("open @last").url == ""
    server = {"pid": os.getpid(), "url": "http://127.0.0.1:8888/user/", "token": "canary"}
    (tmp_path / "jpserver-1.json").write_text(json.dumps(server))
    (tmp_path / "jpserver-2.json").write_text("half writ")
    link = console.do("open @last")
    assert link.url == f"http://127.0.0.1:8888/user/lab?kfp-run={run.run_id}&kfp-ns=ana"
    assert "jupyter-kfp-mt:open-run" in render_html(link)
    assert "canary" not in render_html(link)
    assert console.do("open").url == "http://127.0.0.1:8888/user/lab"


def test_the_report_of_the_doctor_is_markdown(console: Console) -> None:
    assert console.do("doctor --report").startswith("#")


def test_runs_of_a_registered_pipeline(console: Console, laptop: Laptop) -> None:
    console.do(f"upload {laptop.quick} --name of-one")
    run = console.do("submit pipeline:of-one --wait")
    assert run.phase is Phase.SUCCEEDED
    assert [row.run_id for row in console.do("runs --pipeline pipeline:of-one")] == [run.run_id]
