"""Random programs: each is written as a compiled pipeline (IR), and evaluated by rules of its own.

The rules are those of KFP's pages on control flow, in the order of the steps: nothing here knows how the
engine plans. A value is a whole number; a loop gives the list of its iterations' values.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

NEVER = 9  # no remainder
TEXTS = ("plain", "<{a}>", "{a} and {a}", "é {a}", '{"a": "{a}"}')
# Counts its attempts in a folder, fails as it is asked to, and writes its number and its text.
SCRIPT = """
mkdir -p "$5" && n=$(ls "$5" | wc -l) && mkdir "$5/$n" || exit 7
[ "$n" -ge "$4" ] && [ $(( ($1 % 5 + 5) % 5 )) -ne "$3" ] || exit 3
mkdir -p "$(dirname "$6")" "$(dirname "$8")"
printf %s $(($1 + $2)) > "$6" && printf %s "$7" > "$8"
"""


@dataclass(frozen=True)
class Step:
    """One task of a scope; `source` and `after` name earlier ones, `source` "" is the value of the scope."""

    name: str
    kind: str  # leaf, if, loop, nested
    source: str = ""
    reads_list: bool = False  # its source is a loop
    after: tuple[str, ...] = ()
    always: bool = False  # also after a failure
    plus: int = 0
    fails_on: int = NEVER
    flaky: int = 0
    retries: int = 0
    text: str = TEXTS[0]
    limit: int = 0
    items: tuple[int, ...] = ()
    parallel: int = 0
    body: tuple[Step, ...] = ()
    gives: str = ""  # the leaf of the body whose value it has

    @property
    def upstream(self) -> list[str]:
        return sorted({*self.after, *filter(None, [self.source])})


@dataclass
class Outcome:
    """What a run comes to: per path the state, the attempts, and the values of leaves."""

    state: str = ""
    tasks: dict[str, tuple[str, int, dict[str, Any]]] = field(default_factory=dict)


@st.composite
def programs(draw: st.DrawFn, depth: int = 0) -> tuple[Step, ...]:
    """Draw the steps of a scope."""
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 4 if depth < 2 else 2))):
        kinds = ["leaf", "leaf", "leaf", *(["if", "loop", "nested"] if depth < 2 else [])]
        steps.append(draw(_steps(f"s{number}", draw(st.sampled_from(kinds)), tuple(steps), depth)))
    return tuple(steps)


@st.composite
def _steps(draw: st.DrawFn, name: str, kind: str, earlier: tuple[Step, ...], depth: int) -> Step:
    giving = [step.name for step in earlier if step.kind == "leaf"]
    if kind == "leaf":
        giving += [step.name for step in earlier if step.gives]
    lists = [step.name for step in earlier if step.kind == "loop" and step.gives]
    if kind == "loop":
        giving += lists
    source = draw(st.sampled_from(["", *giving]))
    after = tuple(step.name for step in earlier if draw(st.integers(0, 3)) == 0)
    common: dict[str, Any] = {"name": name, "kind": kind, "source": source, "after": after}
    common["reads_list"] = source in lists
    if kind == "leaf":
        return Step(
            **common,
            always=bool(source or after) and draw(st.integers(0, 4)) == 0,
            plus=draw(st.integers(-3, 3)),
            fails_on=draw(st.sampled_from([NEVER, NEVER, 0, 1, 2])),
            flaky=draw(st.sampled_from([0, 0, 1, 2])),
            retries=draw(st.integers(0, 2)),
            text=draw(st.sampled_from(TEXTS)),
        )
    body = draw(programs(depth + 1))
    leaves = [step.name for step in body if step.kind == "leaf"]
    return Step(
        **common,
        limit=draw(st.integers(-2, 4)),
        items=tuple(draw(st.lists(st.integers(-5, 9), max_size=3))),
        parallel=draw(st.integers(0, 2)),
        body=body,
        gives=draw(st.sampled_from(["", *leaves])) if kind != "if" else "",
    )


# ---- the reference


def evaluate(program: tuple[Step, ...], value: int) -> Outcome:
    """Return what the program comes to."""
    outcome = Outcome()
    outcome.state = _evaluate_scope(program, value, "", outcome)[0]
    return outcome


def _evaluate_scope(
    steps: tuple[Step, ...], value: int, path: str, outcome: Outcome
) -> tuple[str, dict[str, Any]]:
    states: dict[str, str] = {}
    values: dict[str, Any] = {}
    for step in steps:
        own = path + step.name
        if not step.always and any(states[other] != "SUCCEEDED" for other in step.upstream):
            states[step.name] = "SKIPPED"
            outcome.tasks[own] = ("SKIPPED", 0, {})
            continue
        given = values.get(step.source) if step.source else value
        if step.kind == "leaf":
            state, attempts, made = _evaluate_leaf(step, given)
            outcome.tasks[own] = (state, attempts, made)
            if state == "SUCCEEDED":
                values[step.name] = made["out"]
        else:
            state = _evaluate_group(step, given, own, values, outcome)
            outcome.tasks[own] = (state, 0, {})
        states[step.name] = state
    # A cluster cannot have a task that needs the success of one that always runs: there, that one counts.
    decisive = {other for step in steps if not step.always for other in [step.name, *step.upstream]}
    failed = any(states[name] == "FAILED" for name in decisive)
    return "FAILED" if failed else "SUCCEEDED", values


def _evaluate_leaf(step: Step, given: Any) -> tuple[str, int, dict[str, Any]]:
    if given is None:
        return "FAILED", 0, {}
    number = 0 if step.reads_list else given
    if number % 5 == step.fails_on or step.flaky > step.retries:
        return "FAILED", step.retries + 1, {}
    text = step.text.replace("{a}", json.dumps(given, separators=(",", ":")))
    return "SUCCEEDED", step.flaky + 1, {"out": number + step.plus, "text": text}


def _evaluate_group(step: Step, given: Any, own: str, values: dict[str, Any], outcome: Outcome) -> str:
    if step.kind == "loop":
        ends = []
        for number, item in enumerate(given if step.reads_list else step.items):
            below = f"{own}/iteration-{number}"
            ends.append(_evaluate_scope(step.body, item, f"{below}/", outcome))
            outcome.tasks[below] = (ends[-1][0], 0, {})
        if step.gives:
            values[step.name] = [made[step.gives] for _, made in ends if step.gives in made]
        return "FAILED" if any(state == "FAILED" for state, _ in ends) else "SUCCEEDED"
    if step.kind == "if" and not given > step.limit:
        return "SKIPPED"
    state, made = _evaluate_scope(step.body, given, f"{own}/", outcome)
    if step.gives in made:
        values[step.name] = made[step.gives]
    return state


# ---- the compiled pipeline


def compile_program(program: tuple[Step, ...], marks: str) -> dict[str, Any]:
    """Return the program as the SDK would compile it; leaves count their attempts in the folder `marks`."""
    spec: dict[str, Any] = {
        "pipelineInfo": {"name": "program"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.14.0",
        "components": {},
        "deploymentSpec": {"executors": {}},
    }
    spec["root"] = {
        "dag": {"tasks": _compile_scope(program, "x", "comp", spec, marks)},
        "inputDefinitions": {"parameters": {"x": {"parameterType": "NUMBER_INTEGER"}}},
    }
    return spec


def _compile_scope(
    steps: tuple[Step, ...], value: str, prefix: str, spec: dict[str, Any], marks: str
) -> dict[str, Any]:
    kinds = {step.name: step.kind for step in steps}
    tasks = {}
    for step in steps:
        name = f"{prefix}-{step.name}"
        reference: dict[str, Any] = {"componentInputParameter": value}
        if step.source:
            key = "out" if kinds[step.source] == "leaf" else "given"
            reference = {"taskOutputParameter": {"producerTask": step.source, "outputParameterKey": key}}
        task: dict[str, Any] = {
            "componentRef": {"name": name},
            "taskInfo": {"name": step.name},
            "inputs": {"parameters": {"a": reference}},
            **({"dependentTasks": step.upstream} if step.upstream else {}),
        }
        if step.kind == "leaf":
            _compile_leaf(step, name, task, spec, marks)
        else:
            _compile_group(step, name, task, spec, marks)
        tasks[step.name] = task
    return tasks


def _compile_leaf(step: Step, name: str, task: dict[str, Any], spec: dict[str, Any], marks: str) -> None:
    inputs = task["inputs"]["parameters"]
    inputs["text"] = {"runtimeValue": {"constant": step.text.replace("{a}", "{{$.inputs.parameters['a']}}")}}
    if step.retries:
        task["retryPolicy"] = {"maxRetryCount": step.retries, "backoffDuration": "0s"}
    if step.always:
        task["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    kind = "LIST" if step.reads_list else "NUMBER_INTEGER"
    spec["components"][name] = {
        "executorLabel": name,
        "inputDefinitions": {
            "parameters": {"a": {"parameterType": kind}, "text": {"parameterType": "STRING"}}
        },
        "outputDefinitions": {
            "parameters": {"out": {"parameterType": "NUMBER_INTEGER"}, "text": {"parameterType": "STRING"}}
        },
    }
    number = "0" if step.reads_list else "{{$.inputs.parameters['a']}}"
    out, text = (f"{{{{$.outputs.parameters['{key}'].output_file}}}}" for key in ("out", "text"))
    written = "{{$.inputs.parameters['text']}}"
    mark = f"{marks}/{{{{$.pipeline_task_uuid}}}}"
    settings = [str(each) for each in (step.plus, step.fails_on, step.flaky)]
    spec["deploymentSpec"]["executors"][name] = {
        "container": {
            "image": "python:3.11",
            "command": ["sh", "-c", SCRIPT],
            "args": ["step", number, *settings, mark, out, written, text],
        }
    }


def _compile_group(step: Step, name: str, task: dict[str, Any], spec: dict[str, Any], marks: str) -> None:
    kind = "LIST" if step.reads_list else "NUMBER_INTEGER"
    inputs: dict[str, Any] = {"a": {"parameterType": kind}}
    if step.kind == "loop":
        items = {"inputParameter": "a"} if step.reads_list else {"raw": json.dumps(step.items)}
        inputs["item"] = {"parameterType": "NUMBER_INTEGER"}
        task["parameterIterator"] = {"itemInput": "item", "items": items}
        task["iteratorPolicy"] = {"parallelismLimit": step.parallel}
    if step.kind == "if":
        condition = f"int(inputs.parameter_values['a']) > {step.limit}"
        task["triggerPolicy"] = {"condition": condition}
    value = "item" if step.kind == "loop" else "a"
    dag: dict[str, Any] = {"tasks": _compile_scope(step.body, value, name, spec, marks)}
    component: dict[str, Any] = {"dag": dag, "inputDefinitions": {"parameters": inputs}}
    if step.gives:
        kind = "LIST" if step.kind == "loop" else "NUMBER_INTEGER"
        selected = {"producerSubtask": step.gives, "outputParameterKey": "out"}
        dag["outputs"] = {"parameters": {"given": {"valueFromParameter": selected}}}
        component["outputDefinitions"] = {"parameters": {"given": {"parameterType": kind}}}
    spec["components"][name] = component
