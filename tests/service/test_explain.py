from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_kfp_mt.kube import KubernetesEvent, Pod
from jupyter_kfp_mt.models import Phase, Task
from jupyter_kfp_mt.service.details.cluster.facts import events_of, states_of
from jupyter_kfp_mt.service.explain import (
    RULES,
    Facts,
    Said,
    explain,
    explain_task,
    explain_wait,
    make_facts,
)
from jupyter_kfp_mt.service.explain.packages import find_package
from jupyter_kfp_mt.service.tasks.rows import select_failed_itself

DATA = Path(__file__).parent / "data"
CASES: list[dict[str, Any]] = json.loads((DATA / "explain.json").read_text())


def facts_of_case(case: dict[str, Any]) -> Facts:
    log = (DATA / f"logs/{case['log']}.log").read_text() if "log" in case else case.get("lines", "")
    log += case.get("more", "") + "".join(f"step {number}\n" for number in range(case.get("more_lines", 0)))
    task = Task(display_name="load", reason=case.get("said", ""), exit_code=case.get("exit_code"))
    states, events = ([Said(*pair) for pair in case.get(key, [])] for key in ("states", "events"))
    facts = make_facts(task, log, states=states, events=events, driver=case.get("driver", False))
    return facts._replace(upstream=case.get("upstream", ""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_each_real_case_is_explained_in_these_words(case: dict[str, Any]) -> None:
    failure = explain_task(facts_of_case(case)).failure
    wanted = {key: case[key] for key in ("message", "why", "next", "line") if key in case}
    assert {key: getattr(failure, key) for key in wanted} == wanted


def test_every_rule_has_a_case() -> None:
    first = [next((rule for rule in RULES if rule(facts_of_case(case))), None) for case in CASES]
    assert set(RULES) <= set(first)


@given(
    st.builds(
        Facts,
        st.text(max_size=20),
        st.text(),
        st.none() | st.integers(-64, 300),
        st.lists(st.text()).map(tuple),
        st.lists(st.builds(Said, st.text(), st.text())).map(tuple),
        upstream=st.sampled_from(["", "schema"]),
    )
)
def test_there_is_always_an_answer_of_one_sentence(facts: Facts) -> None:
    failure = explain_task(facts).failure
    assert failure.message.startswith(f"{facts.subject} ")
    assert failure.message.endswith(".")
    assert "\n" not in failure.message.removeprefix(facts.subject)


def test_the_first_failure_is_explained_and_the_others_named() -> None:
    tasks = [Task(task_id=name, display_name=name, phase=Phase.FAILED) for name in ("load", "train")]
    failure = explain(tasks, make_facts(tasks[0], "boom"), run_name="prep").failure
    assert (failure.task, failure.task_id, failure.others) == ("load", "load", ["train"])


def test_a_loop_or_condition_that_failed_itself_is_called_so() -> None:
    loop = Task(display_name="for-loop-1", type="LOOP", reason="The loop cannot iterate over None.")
    branch = Task(
        display_name="condition-1", type="CONDITION", reason="there is no value for pipelinechannel--mode"
    )
    messages = [explain_task(make_facts(task)).failure.message for task in (loop, branch)]
    assert messages == [
        "Loop for-loop-1 stopped: the loop cannot iterate over None.",
        "Condition condition-1 stopped: there is no value for mode.",
    ]


def test_of_groups_that_failed_only_the_innermost_failed_itself() -> None:
    outer = Task(task_id="a", type="LOOP", phase=Phase.FAILED)
    inner = Task(task_id="b", parent_task_id="a", type="CONDITION", phase=Phase.FAILED)
    other = Task(task_id="c", parent_task_id="a", type="CONDITION", phase=Phase.SUCCEEDED)
    assert select_failed_itself([outer, inner, other]) == [inner]


def test_a_run_without_a_failed_task_is_explained_as_a_whole() -> None:
    assert explain([], None, run_name="prep").failure.message == "prep failed."


def test_a_recorded_pod_tells_why_it_waits() -> None:
    recorded = json.loads((DATA.parent.parent / "kube/data/kubernetes.json").read_text())
    bodies = {entry["what"]: entry["response"]["body"] for entry in recorded}
    pod = msgspec.convert(bodies["pods of a run"]["items"][0], Pod)
    events = msgspec.convert(bodies["events of a pod"]["items"], list[KubernetesEvent], strict=False)
    facts = make_facts(Task(display_name="echo"), states=states_of(pod), events=events_of(events))
    explanation = explain_wait(facts, 75)
    assert explanation is not None
    failure = explanation.failure
    assert failure.message == "Task echo has waited 1 min."
    assert failure.why == "Its image cannot be pulled (nosuch.example/img:1). The registry does not have it."


@pytest.mark.parametrize(
    ("seconds", "waited"), [(60, "1 min"), (365, "6 min"), (3600, "1 h 00 min"), (90_000, "1 d 1 h")]
)
def test_a_task_that_waits_says_for_what(seconds: float, waited: str) -> None:
    states = (Said("Unschedulable", "0/4 nodes are available: 4 Insufficient nvidia.com/gpu."),)
    explanation = explain_wait(Facts("train", states=states), seconds)
    assert explanation is not None
    failure = explanation.failure
    assert failure.message == f"Task train has waited {waited}."
    assert failure.why == "No node has a free GPU (0/4 nodes: insufficient nvidia.com/gpu)."
    assert failure.next == "Ask for less, or wait."
    assert explanation.short.startswith("No node has a free GPU (0/4 nodes")
    assert explanation.short.endswith(f" · waiting for {waited}")


def test_a_wait_of_less_than_a_minute_is_no_news() -> None:
    assert explain_wait(Facts("train"), 59.9) is None


def test_a_wait_without_a_reason_says_so() -> None:
    explanation = explain_wait(Facts("train"), 61)
    assert explanation is not None
    failure = explanation.failure
    assert failure.why == "The cluster does not say for what."


def test_colours_and_control_characters_are_gone() -> None:
    failure = explain_task(make_facts(Task(display_name="load"), "\x1b[31mfatal:\x1b[0m \x07bad\r\n")).failure
    assert failure.line == "fatal: bad"


def test_a_pod_that_was_pushed_out_says_by_what() -> None:
    said = {"reason": "PreemptionByScheduler", "message": "preempting to accommodate a higher priority pod"}
    condition = {"type": "DisruptionTarget", "status": "True", **said}
    pod = msgspec.convert({"status": {"phase": "Failed", "conditions": [condition]}}, Pod)
    failure = explain_task(make_facts(Task(display_name="load"), states=states_of(pod))).failure
    assert failure.message == "Task load stopped: it gave way to something more important."


@pytest.mark.parametrize(
    "line",
    [
        "Failed to initialize: my own model",
        "bash: /bin/ls: Argument list too long",
        "rpc error: code = Unavailable desc = my own server",
        "ERROR: nothing was built",
    ],
)
def test_words_of_the_task_s_own_code_are_not_taken_for_kfp_s(line: str) -> None:
    failure = explain_task(make_facts(Task(display_name="load", exit_code=1), line)).failure
    assert failure.message == "Task load stopped: exit code 1."


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("cv2", "opencv-python-headless"),
        ("sklearn.svm", "scikit-learn"),
        ("google.cloud.bigquery", "google-cloud-bigquery"),
        ("azure.storage.blob", "azure-storage-blob"),
        ("xgboost", "xgboost"),
        ("utils", ""),
        ("my_project.data", ""),
        ("google", ""),
    ],
)
def test_only_packages_that_are_known_are_advised(module: str, package: str) -> None:
    assert find_package(module) == package
