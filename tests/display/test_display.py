from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest

from jupyter_kfp_mt import display
from jupyter_kfp_mt.display.runs import describe_runs
from jupyter_kfp_mt.errors import kfp_error
from jupyter_kfp_mt.lists import RunList, TaskList
from jupyter_kfp_mt.models import (
    AccessList,
    Check,
    DoctorReport,
    Grant,
    Identity,
    Phase,
    Progress,
    Run,
    RunMetrics,
    RunView,
    Status,
    Task,
)
from jupyter_kfp_mt.results import MetricTable, Outputs, Text

NOW = datetime(2026, 3, 12, 15, 0, 0).astimezone()
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b]0;owned\x07\x1b[2J"


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 3, day, hour, minute).astimezone()


def a_run(name: str = "prepare-data", **fields: object) -> Run:
    made = {
        "run_id": "3f9c1a7e-0000-4000-8000-000000000000",
        "display_name": name,
        "experiment_name": "default",
        "namespace": "team-a",
        "state": "FAILED",
        "phase": Phase.FAILED,
        "created_at": at(12, 9, 14),
        "finished_at": at(12, 9, 14) + timedelta(seconds=48),
    }
    return Run(**{**made, **fields})  # type: ignore[arg-type]  # a test's shorthand


def test_runs_are_the_table_of_the_spec() -> None:
    other = a_run(
        "train-churn",
        run_id="91b0c2d4-1",
        experiment_name="churn",
        created_at=at(11, 17, 40),
        finished_at=at(11, 17, 46),
    )
    shown = display.draw_text(describe_runs(RunList([a_run(), other], total_size=7), NOW))
    assert shown.splitlines() == [
        "  State   Name          Experiment  Started              Took  Id",
        "✗ Failed  prepare-data  default     today 09:14          48 s  3f9c1a7e",
        "✗ Failed  train-churn   churn       11 Mar, 17:40  6 min 00 s  91b0c2d4",
        "2 of 7. More: -n 7",
    ]


def test_no_runs_are_a_sentence() -> None:
    assert display.render_text(RunList()) == "No runs match.   %kfp experiments lists what there is."


def test_who_has_access_is_a_table_or_the_right_that_is_missing() -> None:
    grants = [
        Grant(who="ana@example.com", role="owner", origin="profile"),
        Grant(who="sa team-b/default-editor", role="edit", origin="RoleBinding allow-team-b"),
    ]
    unread = "Who else may see team-a cannot be read with your rights (list rolebindings)."
    known = AccessList(namespace="team-a", grants=grants)
    assert display.render_text(known).splitlines() == [
        "Who has access to team-a:",
        "Who                       Role   From",
        "ana@example.com           owner  profile",
        "sa team-b/default-editor  edit   RoleBinding allow-team-b",
    ]
    assert display.render_text(AccessList(namespace="team-a", unread=unread)) == unread
    lines = display.render_text(
        Identity(status=Status(connected=True, namespace="team-a", identity="default-editor"), access=known)
    ).splitlines()
    assert lines[0].startswith("team-a as default-editor")
    assert lines[-1].startswith("sa team-b/default-editor")


def test_status_is_four_lines() -> None:
    status = Status(
        connected=True,
        namespace="team-a",
        identity="default-editor",
        can_run=True,
        endpoint="http://ml-pipeline.kubeflow:8888",
        kfp_version="2.15.0",
        multi_user=True,
        source="from this notebook's pod",
        token_expires_at=datetime.now(timezone.utc) + timedelta(hours=1, minutes=42, seconds=30),
        running=2,
        failed_today=1,
    )
    assert display.render_text(status).splitlines() == [
        "team-a as default-editor (may run)              from this notebook's pod",
        "KFP 2.15.0, multi-user, http://ml-pipeline.kubeflow:8888      connected",
        "token valid 1 h 42 min",
        "2 running, 1 failed today                       %kfp runs   %kfp help",
    ]


def test_status_without_a_connection_says_what_to_do() -> None:
    lines = display.render_text(Status(connected=False, error=kfp_error("no-kubeflow").body)).splitlines()
    assert lines[0] == "Not connected"
    assert lines[1] == "[no-kubeflow]  No Kubeflow Pipelines found."
    assert lines[-2] == "  →     jupyter kfp serve"
    assert lines[-1] == "%kfp submit example:hello starts the server here and runs an example."


def test_a_card_has_tasks_and_progress() -> None:
    start = at(12, 14, 2)
    run = a_run(
        "train 14-02",
        phase=Phase.RUNNING,
        state="RUNNING",
        experiment_name="churn",
        finished_at=None,
        progress=Progress(done=1, total=4),
    )
    check = Task(name="check", phase=Phase.SUCCEEDED, start_time=start, end_time=start + timedelta(seconds=1))
    view = RunView(run=run, tasks=[check, Task(name="train")])
    assert display.draw_text(display.describe_view(view, message="train: epoch 3")).splitlines() == [
        "◐ Running  train 14-02    churn · team-a · 3f9c1a7e",
        "✓ check 1 s   ○ train      1 of 4 tasks",
        "train: epoch 3",
    ]


def test_an_error_is_four_lines() -> None:
    error = kfp_error(
        "bad-input",
        field="epochs",
        problem="“three” is not an integer",
        why="It wants 3.",
        next="write epochs=3",
    )
    assert display.draw_text(display.describe_error(error)).splitlines() == [
        "KfpInputError [bad-input]  epochs: “three” is not an integer.",
        "  Why   It wants 3.",
        "  Next  write epochs=3",
    ]


def test_metrics_are_columns_and_what_is_missing_is_a_dash() -> None:
    table = MetricTable(
        [
            RunMetrics(run_id="a" * 8, display_name="one", metrics={"accuracy": 0.93123}),
            RunMetrics(run_id="b" * 8, display_name="two"),
        ]
    )
    assert display.render_text(table).splitlines()[1:] == [
        "one    0.9312  aaaaaaaa",
        "two         –  bbbbbbbb",
    ]


def test_the_doctor_counts_problems() -> None:
    report = DoctorReport(
        checks=[
            Check(name="Pod", level="ok", evidence="a"),
            Check(name="Token", level="error", evidence="b"),
        ],
        cause=kfp_error("no-kubeflow").body,
    )
    assert display.render_text(report).splitlines()[-1] == "1 problem"


class Seen(HTMLParser):
    """What a browser would make of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


ANSWERS = [
    RunList([a_run(HOSTILE, experiment_name=HOSTILE, run_id=HOSTILE)]),
    a_run(HOSTILE, experiment_name=HOSTILE, run_id=HOSTILE, state=HOSTILE, phase=Phase.UNKNOWN),
    TaskList([Task(name=HOSTILE, reason=HOSTILE, task_id=HOSTILE)]),
    Outputs({HOSTILE: {HOSTILE: HOSTILE}}, {HOSTILE: HOSTILE}),
    MetricTable([RunMetrics(run_id="a", display_name=HOSTILE, metrics={HOSTILE: 1.0}, unread=HOSTILE)]),
    Status(connected=True, namespace=HOSTILE, endpoint=HOSTILE, source=HOSTILE),
    Status(connected=False, error=kfp_error("kfp-dns", host=HOSTILE, kfp=HOSTILE).body),
    DoctorReport(
        checks=[Check(name=HOSTILE, level="error", evidence=HOSTILE)],
        cause=kfp_error("kfp-dns", host=HOSTILE).body,
    ),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_hostile_names_stay_text(answer: object) -> None:
    seen = Seen(display.render_html(answer))
    assert not {"script", "img"} & set(seen.tags)
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert "&lt;script&gt;" in display.render_html(answer)
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", display.render_html(answer) + display.render_text(answer)
    )


def test_hostile_names_do_not_steer_a_terminal_even_in_colour() -> None:
    shown = display.render_text(RunList([a_run(HOSTILE)]), paint=display.sgr)
    assert re.findall(r"\x1b\[[^m]*m", shown) == ["\x1b[31m", "\x1b[0m"]
    assert shown.count("\x1b") == 2


def test_html_needs_no_style_sheet_and_no_script() -> None:
    html = display.render_html(RunList([a_run()]))
    assert "var(--jp-error-color1, #d32f2f)" in html
    assert "<style" not in html


def test_text_is_shown_as_it_is() -> None:
    assert display.render_text(Text("a: 1\nb: 2\n")) == "a: 1\nb: 2\n"


def test_wide_letters_keep_the_columns_straight() -> None:
    lines = display.render_text(RunList([a_run("訓練"), a_run("train")])).splitlines()
    assert lines[1].index("default") + 2 == lines[2].index("default")
