from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.cli.owner_api import OwnerApi
from jupyter_kfp_mt.commands import Session, perform
from jupyter_kfp_mt.display import render_text
from jupyter_kfp_mt.errors import (
    KfpError,
    KfpInputError,
    KfpNotFoundError,
    KfpUsageError,
    RunFailed,
    RunTimeout,
)
from jupyter_kfp_mt.lists import RunList
from jupyter_kfp_mt.models import Experiment, Phase, PipelineVersion, Run, RunView, Status
from jupyter_kfp_mt.results import BulkResult, FollowedLog, Outputs
from jupyter_kfp_mt.service import KfpService
from tests.commands.console import Console, Screen
from tests.laptop import BROKEN, HELLO, Laptop


@pytest.fixture
def console(laptop: Laptop) -> Console:
    return Console(laptop)


def test_status_says_who_and_where(console: Console) -> None:
    status = console.do("")
    assert isinstance(status, Status)
    assert (status.connected, status.namespace, status.embedded) == (True, "ana", True)


def test_submit_and_wait_returns_the_finished_run(console: Console) -> None:
    run = console.do(f"submit {HELLO} name=Ada -e greetings --name hello-ada --wait")
    assert (run.phase, run.display_name, run.experiment_name) == (Phase.SUCCEEDED, "hello-ada", "greetings")
    assert console.screen.watched[-1] is Phase.SUCCEEDED
    assert console.do("logs @last say-hello") == "Hello, Ada!\n"
    assert console.do("outputs @last say-hello") == Outputs({"say-hello": {"Output": "Hello, Ada!"}})


def test_last_is_the_newest_run_from_here(console: Console, laptop: Laptop) -> None:
    mine = console.do(f"submit {laptop.quick}")
    Console(laptop).do(f"submit {laptop.quick}")
    assert console.do("show @last").run_id == mine.run_id


def test_a_value_of_the_notebook_keeps_its_type(console: Console, laptop: Laptop) -> None:
    console.variables["n"] = 3
    console.variables["data"] = {"a": [1, 2]}
    sent = console.do(f"submit {laptop.quick} epochs=$n config=$data flag=false --dry-run")
    assert sent["runtime_config"]["parameters"] == {"epochs": 3, "config": {"a": [1, 2]}, "flag": False}


def test_a_text_of_the_notebook_is_not_a_number(console: Console, laptop: Laptop) -> None:
    console.variables["n"] = "3"
    with pytest.raises(KfpInputError, match="epochs: “3” is not an integer"):
        console.do(f"submit {laptop.quick} epochs=$n")


def test_json_can_be_typed(console: Console, laptop: Laptop) -> None:
    sent = console.do(f"""submit {laptop.quick} 'config={{"a": 1}}' --dry-run""")
    assert sent["runtime_config"]["parameters"]["config"] == {"a": 1}


def test_a_wrong_value_names_parameter_type_and_cure(console: Console, laptop: Laptop) -> None:
    with pytest.raises(KfpInputError) as caught:
        console.do(f"submit {laptop.quick} epochs=three")
    assert caught.value.lines() == [
        "KfpInputError [bad-input]  epochs: “three” is not an integer.",
        "  Why   quick.yaml wants epochs: integer (default 10).",
        "  Next  write epochs=3",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "submit nowhere.yaml",
        "submit setup.cfg",
        f"submit {HELLO} nme=x",
        "submit pipeline:none",
        f"submit {HELLO} --cache maybe",
    ],
)
def test_a_submit_that_cannot_be_is_refused_and_starts_nothing(console: Console, line: str) -> None:
    before = console.do("runs").total_size
    with pytest.raises(KfpError) as caught:
        console.do(line)
    assert caught.value.status < 500
    assert console.do("runs").total_size == before


def test_a_dry_run_starts_nothing(console: Console) -> None:
    before = console.do("runs").total_size
    assert (
        console.do(f"submit {HELLO} --dry-run")["pipeline_spec"]["pipelineInfo"]["name"] == "hello-pipeline"
    )
    assert console.do("runs").total_size == before


def test_a_failed_run_is_explained(console: Console) -> None:
    with pytest.raises(RunFailed) as caught:
        console.do(f"submit {BROKEN} --wait")
    assert caught.value.exit_code == 1
    assert "data/raw.csv" in console.do("why @last")
    assert [task.phase for task in console.do("tasks @last")][-2:] == [Phase.FAILED, Phase.SKIPPED]
    assert console.do("logs @last").task == "load"


def test_a_limit_ends_the_waiting_and_not_the_run(console: Console, laptop: Laptop) -> None:
    with pytest.raises(RunTimeout):
        console.do(f"submit {laptop.quick} seconds=60 --wait --timeout 0.2s")
    assert not console.do("show @last").ended
    assert console.do("terminate @last").phase in {Phase.CANCELING, Phase.CANCELED}


def test_terminate_wait_retry(console: Console, laptop: Laptop) -> None:
    console.do(f"submit {laptop.quick} seconds=60")
    console.do("terminate @last")
    with pytest.raises(RunFailed, match="canceled"):
        console.do("wait @last --timeout 60s")
    assert console.do("show @last").phase is Phase.CANCELED


def test_a_log_is_followed_to_its_end(console: Console, laptop: Laptop) -> None:
    console.do(f"submit {laptop.quick} seconds=0.7 --cache off")
    log = console.do("logs @last --follow")
    assert isinstance(log, FollowedLog)
    assert log == "".join(console.screen.written) == "line 1\nline 2\nline 3\nend\n"
    assert (log.task, log.source) == ("step", "embedded")


def test_the_end_of_a_log_and_lines_that_match(console: Console, laptop: Laptop) -> None:
    console.do(f"submit {laptop.quick} --cache off --wait")
    assert console.do("logs @last --tail 2") == "line 3\nend\n"
    assert console.do("logs @last step --search LINE --tail 3") == "line 2\nline 3\n"


def test_a_task_that_is_not_there_is_said(console: Console, laptop: Laptop) -> None:
    console.do(f"submit {laptop.quick} --wait")
    with pytest.raises(KfpNotFoundError, match="No such task") as caught:
        console.do("logs @last stepp")
    assert "Did you mean “step”?" in caught.value.why


@pytest.mark.parametrize(
    "word", ["00000000-0000-4000-8000-000000000000", "no-such-run", "../../etc", "🙂", "''"]
)
def test_a_run_that_is_not_there_is_said(console: Console, word: str) -> None:
    with pytest.raises(KfpError) as caught:
        console.do(f"show {word}")
    assert caught.value.status in {400, 404}


def test_a_run_is_found_by_start_name_and_value(console: Console, laptop: Laptop) -> None:
    run = console.do(f"submit {laptop.quick} --name only-one-of-this-name")
    console.variables["mine"] = run
    for word in (run.run_id, run.run_id[:8], "only-one-of-this-name", "$mine"):
        assert console.do(f"show {word}").run_id == run.run_id


def test_a_name_of_two_runs_lists_both(console: Console, laptop: Laptop) -> None:
    runs = [console.do(f"submit {laptop.quick} --name twice") for _ in range(2)]
    with pytest.raises(KfpInputError) as caught:
        console.do("show twice")
    assert caught.value.code == "ambiguous"
    assert all(run.run_id[:8] in caught.value.next_step for run in runs)


def test_runs_are_filtered_and_counted(console: Console, laptop: Laptop) -> None:
    for _ in range(3):
        console.do(f"submit {laptop.quick} -e counted")
    found = console.do("runs --experiment counted -n 2")
    assert isinstance(found, RunList)
    assert (len(found), found.total_size) == (2, 3)
    assert console.do("runs --experiment counted --df").shape[0] == 3


def test_a_run_that_has_not_failed_has_no_reason(console: Console, laptop: Laptop) -> None:
    console.do(f"submit {laptop.quick} --name fine --wait")
    assert console.do("why @last") == "fine has not failed. It has succeeded."


def test_a_run_and_its_tasks_print_as_a_line(console: Console, laptop: Laptop) -> None:
    run = console.do(f"submit {laptop.quick} --name printed --wait")
    assert str(run) == f"printed (succeeded, {run.run_id})"
    assert [str(task) for task in console.do("tasks @last")] == ["step (succeeded)"]


def test_a_function_that_is_written_wrongly_is_found(console: Console) -> None:
    console.variables["train_digits"] = print
    with pytest.raises(KfpNotFoundError) as caught:
        console.do("submit train_digit")
    assert caught.value.message == "No such file or function."
    assert "nor a function of this notebook. Did you mean “train_digits”?" in caught.value.why


def test_no_runs_is_an_empty_list(console: Console) -> None:
    assert console.do("runs --search nothing-has-this-name") == []
    for word, said in (("experiments", "No experiments match."), ("pipelines", "No pipelines match.")):
        assert render_text(console.do(f"{word} --search nothing-has-this-name")).strip() == said


def test_archive_restore_delete(console: Console, laptop: Laptop) -> None:
    run = console.do(f"submit {laptop.quick} --name box --wait")
    console.do("archive box")
    assert console.screen.said[-1] == "Archived box."
    assert [run.display_name for run in console.do("runs --archived --search box")] == ["box"]
    console.do("restore box")
    assert console.screen.said[-1] == "Restored box."
    assert console.do("terminate box").run_id == run.run_id
    assert console.screen.said[-1] == "box has already ended."
    with pytest.raises(KfpUsageError, match=r"Delete box\? Nothing was done"):
        console.do("delete box")
    assert console.do("delete box --yes") == BulkResult(done=[run.run_id])
    with pytest.raises(KfpNotFoundError):
        console.do("show box")


def test_an_experiment_is_archived_restored_and_deleted(console: Console, laptop: Laptop) -> None:
    console.do("experiment create shelf")
    console.do(f"submit {laptop.quick} -e shelf --wait")

    assert console.do("experiment archive shelf").storage_state == "ARCHIVED"
    assert console.screen.said[-1] == "Archived shelf with its runs."
    assert console.do("runs --archived --experiment shelf").total_size == 1
    assert console.do("experiment restore shelf").storage_state == "AVAILABLE"
    with pytest.raises(KfpUsageError, match=r"Delete shelf\? Nothing was done") as caught:
        console.do("experiment delete shelf")
    assert caught.value.why.startswith("Its 1 run stays but")  # although it is archived
    assert len(console.do("experiment delete shelf --yes").done) == 1
    with pytest.raises(KfpNotFoundError):
        console.do("experiment archive shelf")


def test_a_pipeline_is_deleted_by_version_and_whole(console: Console, laptop: Laptop) -> None:
    first = console.do(f"upload {laptop.quick} --name goner")
    second = console.do(f"upload {HELLO} --name goner")

    with pytest.raises(KfpUsageError) as caught:
        console.do("pipeline delete goner")
    assert caught.value.why.startswith("2 versions are removed.")
    newest = f"goner@{second.display_name}"
    assert console.do(f"pipeline delete '{newest}' --yes").done == [second.pipeline_version_id]
    assert [each.display_name for each in console.do("versions goner")] == [first.display_name]
    assert console.do("pipeline delete goner --yes").done == [first.pipeline_id]
    with pytest.raises(KfpNotFoundError):
        console.do("versions goner")


def test_several_runs_at_once(console: Console, laptop: Laptop) -> None:
    runs = [console.do(f"submit {laptop.quick} --wait") for _ in range(2)]
    words = " ".join(run.run_id for run in runs)
    assert console.do(f"archive {words}") == BulkResult(done=[run.run_id for run in runs])
    with pytest.raises(KfpError, match="0 of 2 done"):
        console.do(f"retry {words}")


def test_a_list_stands_for_its_runs(console: Console, laptop: Laptop) -> None:
    runs = [console.do(f"submit {laptop.quick} seconds=0.01") for _ in range(2)]
    console.variables.update(runs=runs, ids=[run.run_id for run in runs], none=[], one=runs[:1])
    ended = console.do("wait $runs --timeout 60s")
    assert [run.run_id for run in ended] == [run.run_id for run in runs]
    assert [row.run_id for row in console.do("metrics $ids")] == [run.run_id for run in runs]
    console.variables["ended"] = ended
    assert console.do("archive $ended").done == [run.run_id for run in runs]
    assert console.do("show $one").run_id == runs[0].run_id
    with pytest.raises(KfpInputError, match="“\\$runs” is a list of 2"):
        console.do("show $runs")
    with pytest.raises(KfpInputError, match="“\\$none” is empty"):
        console.do("wait $none")


def test_of_several_runs_only_those_that_run_are_terminated(console: Console, laptop: Laptop) -> None:
    ended = console.do(f"submit {laptop.quick} --name ended --wait")
    running = console.do(f"submit {laptop.quick} seconds=60 --cache off")
    words = f"terminate {ended.run_id} {running.run_id}"
    assert console.do(words) == BulkResult(done=[running.run_id])
    assert "ended has already ended." in console.screen.said


def test_pipelines_are_registered_and_run(console: Console, laptop: Laptop) -> None:
    version = console.do(f"upload {laptop.quick} --name registered")
    assert isinstance(version, PipelineVersion)
    assert "registered" in [each.display_name for each in console.do("pipelines")]
    listed = console.do("versions registered")
    assert [each.pipeline_version_id for each in listed] == [version.pipeline_version_id]
    run = console.do(f"submit pipeline:registered@{shlex.quote(listed[0].display_name)} epochs=4 --wait")
    assert run.pipeline_version_reference.pipeline_version_id == version.pipeline_version_id


def test_sharing_asks_first_and_an_address_is_checked(console: Console, laptop: Laptop) -> None:
    with pytest.raises(KfpUsageError, match="with everyone"):
        console.do(f"upload {laptop.quick} --shared")
    version = console.do(f"upload {laptop.quick} --name for-all --version v1 --shared --yes")
    assert version.display_name == "v1"
    assert "for-all" in [each.display_name for each in console.do("pipelines --shared")]
    with pytest.raises(KfpInputError, match="inside a private network"):
        console.do("upload https://localhost/p.yaml")


def test_an_experiment_is_created_once(console: Console) -> None:
    assert isinstance(console.do("experiment create churn-2 --description 'who leaves'"), Experiment)
    with pytest.raises(KfpError) as caught:
        console.do("experiment create churn-2")
    assert caught.value.code == "conflict"


def test_the_spec_of_a_run_is_yaml(console: Console) -> None:
    console.do(f"submit {HELLO}")
    assert "name: hello-pipeline" in console.do("spec @last")


def test_the_spec_of_a_registered_pipeline_is_that_of_its_newest_or_named_version(
    console: Console, tmp_path: Path
) -> None:
    console.do(f"upload {HELLO} --name with-a-spec")
    first = console.do("versions with-a-spec")[0].display_name
    console.do(f"upload {BROKEN} --name with-a-spec")
    assert "name: broken" in console.do("spec pipeline:with-a-spec")
    assert "name: hello-pipeline" in console.do(f"spec 'pipeline:with-a-spec@{first}'")
    file = tmp_path / "of a version.yaml"
    assert console.do(f"spec pipeline:with-a-spec -o '{file}'") == f"Wrote {file}."
    assert file.read_text() == console.do("spec pipeline:with-a-spec")


@pytest.mark.parametrize("word", ["pipeline:not-there", "pipeline:with-a-spec@not-there"])
def test_the_spec_of_a_pipeline_that_is_not_there_is_said(console: Console, word: str) -> None:
    with pytest.raises(KfpNotFoundError):
        console.do(f"spec {word}")


def test_a_spec_that_cannot_be_written_is_said(console: Console, tmp_path: Path) -> None:
    console.do(f"submit {HELLO}")
    with pytest.raises(KfpInputError, match="cannot be written: Is a directory"):
        console.do(f"spec @last -o {tmp_path}")


@pytest.fixture
def team(laptop: Laptop) -> Iterator[str]:
    """A second profile, added to the server that runs."""
    runtime = embedded.find(laptop.folder)
    assert runtime is not None
    OwnerApi(runtime).call("POST", "profiles", body={"namespace": "team-c", "owner": ""})
    yield "team-c"
    OwnerApi(runtime).call("DELETE", "profiles", "team-c")


def test_another_namespace_of_the_same_server_is_chosen_and_not_detected(laptop: Laptop, team: str) -> None:
    opened: list[KfpService] = []

    def connect(**where: Any) -> KfpService:
        opened.append(laptop.connect(**where))
        return opened[-1]

    session = Session(connect, Screen(), settings=laptop.settings)
    assert perform(session, ["use", team]).source == "chosen by you"
    assert perform(session, []).namespace == team
    assert perform(session, ["use", "--default"]).source == "from the embedded server"
    assert len(opened) == 1


def test_a_namespace_that_was_added_since_is_found(console: Console, request: pytest.FixtureRequest) -> None:
    assert console.do("").namespace == "ana"
    team = request.getfixturevalue("team")
    assert console.do(f"use {team}").namespace == team
    assert console.do("runs") == []


def test_what_is_no_name_of_a_namespace_is_refused_and_the_old_one_stays(console: Console) -> None:
    with pytest.raises(KfpInputError, match="is not a name of one"):
        console.do("use Somebody_Else")
    assert console.do("").namespace == "ana"


def test_another_namespace_is_refused_and_the_old_one_stays(console: Console) -> None:
    with pytest.raises(KfpError) as caught:
        console.do("use somebody-else")
    assert caught.value.status in {403, 404}
    assert console.do("").namespace == "ana"


def test_the_doctor_finds_nothing(console: Console) -> None:
    report = console.do("doctor")
    assert report.cause is None, report.cause
    assert {check.level for check in report.checks} == {"ok"}


def test_a_clone_takes_pipeline_and_values(console: Console, laptop: Laptop) -> None:
    first = console.do(f"submit {laptop.quick} epochs=3 flag=false -e sweep")
    second = console.do(f"clone {first.run_id} epochs=4 --name again --wait")
    assert second.run_id != first.run_id
    assert second.experiment_name == "sweep"
    assert console.do(f"clone {first.run_id} -e other").experiment_name == "other"
    assert console.session.service().get_run(second).runtime_config.parameters == {"epochs": 4, "flag": False}


def test_a_clone_of_a_version_stays_with_the_version(console: Console, laptop: Laptop) -> None:
    version = console.do(f"upload {laptop.quick} --name cloned")
    console.do("submit pipeline:cloned")
    clone = console.do("clone @last")
    assert clone.pipeline_version_reference.pipeline_version_id == version.pipeline_version_id


def test_a_log_that_was_taken_from_the_cache_says_where_it_is(console: Console, laptop: Laptop) -> None:
    for _ in range(2):
        console.do(f"submit {laptop.quick} seconds=0.01 --cache on --wait")
    assert console.do("logs @last") == ""
    assert "was taken from the cache. Its log: %kfp logs" in console.screen.said[-1]


def test_who_stops_waiting_does_not_stop_the_run(console: Console, laptop: Laptop) -> None:
    def interrupt(_run: Run, _view: Callable[[], RunView]) -> None:
        raise KeyboardInterrupt

    console.screen.show_progress = interrupt  # type: ignore[method-assign]  # as Ctrl-C would
    with pytest.raises(RunTimeout, match=r"Stopped waiting\. The run goes on\."):
        console.do(f"submit {laptop.quick} seconds=60 --wait")
    assert not console.do("show @last").ended
    console.do("terminate @last")
