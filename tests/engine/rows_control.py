"""Order, conditions, loops, exit handlers, nesting."""

# ruff: noqa: B006, SIM115, SIM117, UP006, UP014, UP035, UP045 - written as people write for the SDK
from typing import Dict, List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output, OutputPath

from tests.engine.rows import Row, component, states


@component
def text(value: str) -> str:
    return value


@component
def number(value: int) -> int:
    return value


@component
def truth(value: bool) -> bool:
    return value


@component
def square(value: int) -> int:
    assert type(value) is int, value
    return value * value


@component
def two() -> NamedTuple("Two", [("accuracy", float), ("epochs", int), ("label", str), ("items", list)]):  # type: ignore[valid-type]
    from collections import namedtuple

    return namedtuple("Two", "accuracy epochs label items")(0.95, 3, "good", [1, 2, 3])


@component
def expect(value: str, wanted: str):
    assert value == wanted, f"{value!r} is not {wanted!r}"


@component
def expect_int(value: int, wanted: int):
    assert type(value) is int, value
    assert value == wanted, f"{value!r} is not {wanted!r}"


@component
def expect_list(value: list, wanted: list):
    assert value == wanted, f"{value!r} is not {wanted!r}"
    assert [type(item) for item in value] == [type(item) for item in wanted], value


@component
def never():
    raise AssertionError("this must not run")


@component
def fail() -> str:
    raise RuntimeError("on purpose")


@component
def meet(folder: str, me: str, others: list):
    """Wait until all have come: only possible for tasks that run side by side."""
    import os
    import time

    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, me), "w").close()
    end = time.monotonic() + 20
    while not all(os.path.exists(os.path.join(folder, other)) for other in others):
        assert time.monotonic() < end, "the others did not come"
        time.sleep(0.01)


@component
def alone(folder: str):
    """Fail when another task is here at the same time."""
    import os
    import time

    os.mkdir(folder)
    time.sleep(0.05)
    os.rmdir(folder)


@component
def make(content: str, data: Output[Dataset]):
    with open(data.path, "w") as file:
        file.write(content)
    data.metadata["length"] = len(content)


@component
def read(data: Input[Dataset], wanted: str):
    assert open(data.path).read() == wanted
    assert data.metadata["length"] == len(wanted), data.metadata


@component
def read_all(data: Input[List[Dataset]], wanted: list):
    assert [open(one.path).read() for one in data] == wanted


@component
def total(values: List[int]) -> int:
    assert all(type(value) is int for value in values), values
    return sum(values)


@dsl.pipeline
def sequential(n: int = 3):
    first = square(value=n)
    second = text(value=f"n={n} square={first.output}").after(first)
    expect(value=second.output, wanted="n=3 square=9")
    named = two()
    expect(value=named.outputs["label"], wanted="good")
    expect_int(value=named.outputs["epochs"], wanted=3)


@dsl.pipeline
def independent(folder: str):
    meet(folder=folder, me="a", others=["b"])
    meet(folder=folder, me="b", others=["a"])


@dsl.pipeline
def independent_in_control_flow(folder: str, go: bool = True):
    with dsl.If(go == True):  # noqa: E712 - this is what the SDK overloads
        meet(folder=folder, me="a", others=["b"])
    meet(folder=folder, me="b", others=["a"])


@dsl.pipeline
def chain():
    last = number(value=0).output
    for _ in range(30):
        last = square(value=last).output
    expect_int(value=last, wanted=0)


@dsl.pipeline
def if_elif_else(which: str = "two"):
    flip = text(value=which)
    with dsl.If(flip.output == "one"):
        a = text(value="first")
        never()
    with dsl.Elif(flip.output == "two"):
        b = text(value="second")
    with dsl.Else():
        c = text(value="third")
        never()
    expect(value=dsl.OneOf(a.output, b.output, c.output), wanted="second")


@dsl.pipeline
def if_kinds(limit: int = 10, on: bool = True, x: float = 0.5):
    n = number(value=12)
    with dsl.If(n.output > limit):
        with dsl.If(truth(value=on).output == True):  # noqa: E712
            with dsl.If(x <= 0.5):
                expect_int(value=n.output, wanted=12)
            with dsl.Else():
                never()
    with dsl.If(n.output != 12):
        never()
    with dsl.If(on == False):  # noqa: E712
        never()


@dsl.pipeline
def inner_if(value: int) -> int:
    with dsl.If(value < 5):
        small = number(value=1)
    with dsl.Else():
        large = number(value=2)
    return dsl.OneOf(small.output, large.output)


@dsl.pipeline
def if_in_nested():
    expect_int(value=inner_if(value=3).output, wanted=1)
    expect_int(value=inner_if(value=7).output, wanted=2)


@component
def score(value: OutputPath(float)):  # type: ignore[valid-type]
    open(value, "w").write("0.95")


@dsl.pipeline
def if_named_output():
    made = two()
    with dsl.If(made.outputs["accuracy"] >= 0.9):
        good = text(value="good")
    with dsl.Else():
        bad = text(value="bad")
        never()
    expect(value=dsl.OneOf(good.output, bad.output), wanted="good")
    with dsl.If(score().outputs["value"] < 0.9):
        never()


@dsl.pipeline
def if_quotes(text_in: str):
    same = text(value=text_in)
    with dsl.If(same.output == 'it\'s\na "line"'):
        yes = text(value="yes")
    with dsl.Else():
        no = text(value="no")
        never()
    expect(value=dsl.OneOf(yes.output, no.output), wanted="yes")


@dsl.pipeline
def if_injection():
    evil = text(value="' or ().__class__.__base__ or '")
    with dsl.If(evil.output == "secret"):
        never()


@dsl.pipeline
def oneof_artifacts(which: str = "b"):
    with dsl.If(which == "a"):
        a = make(content="from a")
    with dsl.Else():
        b = make(content="from b")
    read(data=dsl.OneOf(a.outputs["data"], b.outputs["data"]), wanted="from b")


@dsl.pipeline
def loop_static(folder: str):
    with dsl.ParallelFor(["a", "b", "c", "d"], parallelism=4) as me:
        meet(folder=folder, me=me, others=["a", "b", "c", "d"])


@dsl.pipeline
def loop_one_by_one(folder: str):
    with dsl.ParallelFor([1, 2, 3, 4], parallelism=1):
        alone(folder=folder)


@component
def names(values: List[str]) -> str:
    return ",".join(sorted(values))


@component
def numbers() -> list:
    return [1, 2, 3]


@component
def pair(a: str, b: int) -> str:
    assert type(b) is int, b
    return f"{a}{b}"


@dsl.pipeline
def loop_sources(xs: list = [3, 4], pairs: List[dict] = [{"a": "x", "b": 1}, {"a": "y", "b": 2}]):
    with dsl.ParallelFor(numbers().output) as item:
        label = text(value=f"m{item}")
        squared = square(value=item)
    expect(value=names(values=dsl.Collected(label.output)).output, wanted="m1,m2,m3")
    expect_int(value=total(values=dsl.Collected(squared.output)).output, wanted=14)
    with dsl.ParallelFor(xs) as item:
        direct = square(value=item)
    expect_int(value=total(values=dsl.Collected(direct.output)).output, wanted=25)
    with dsl.ParallelFor(pairs) as item:
        joined = pair(a=item.a, b=item.b)
    expect(value=names(values=dsl.Collected(joined.output)).output, wanted="x1,y2")
    with dsl.ParallelFor([1, 0.5]) as rate:
        written = text(value=f"{rate}")
    expect_list(value=dsl.Collected(written.output), wanted=["1", "0.5"])


@component
def flat(values: List[List[str]]) -> str:
    return ";".join(",".join(inner) for inner in values)


@dsl.pipeline
def loop_nested():
    with dsl.ParallelFor(["a", "b"]) as outer:
        with dsl.ParallelFor([1, 2]) as inner:
            one = text(value=f"{outer}{inner}")
    expect(value=flat(values=dsl.Collected(one.output)).output, wanted="a1,a2;b1,b2")


@dsl.pipeline
def sub_loop(xs: list) -> List[int]:
    with dsl.ParallelFor(xs) as x:
        squared = square(value=x)
    return dsl.Collected(squared.output)


@dsl.pipeline
def loop_in_nested():
    expect_int(value=total(values=sub_loop(xs=[1, 2, 3]).output).output, wanted=14)


@dsl.pipeline
def if_in_loop():
    with dsl.ParallelFor([1, 5, 9]) as item:
        with dsl.If(item > 4):
            square(value=item)
        with dsl.If(item > 100):
            never()


@dsl.pipeline
def loop_in_if(go: str = "yes"):
    with dsl.If(go == "yes"):
        with dsl.ParallelFor(["a", "b"]) as item:
            text(value=f"item {item}")
    with dsl.Else():
        with dsl.ParallelFor(["a", "b"]):
            never()


@dsl.pipeline
def loop_empty(xs: list = []):
    with dsl.ParallelFor(xs) as item:
        inside = square(value=item)
    expect_int(value=total(values=dsl.Collected(inside.output)).output, wanted=0)


@dsl.pipeline
def collected_in_if():
    with dsl.ParallelFor([1, 2, 3]) as item:
        with dsl.If(item > 1):
            large = number(value=item)
    expect_int(value=total(values=dsl.Collected(large.output)).output, wanted=5)


@dsl.pipeline
def collected_artifacts():
    with dsl.ParallelFor(["x", "yy"]) as item:
        made = make(content=item)
    read_all(data=dsl.Collected(made.outputs["data"]), wanted=["x", "yy"])


@dsl.pipeline
def sub_artifacts() -> List[Dataset]:
    with dsl.ParallelFor(["p", "q"]) as item:
        made = make(content=item)
    return dsl.Collected(made.outputs["data"])


@component
def length_one(data: Input[Dataset]) -> str:
    content = open(data.path).read()
    assert len(content) == 1
    return content


@dsl.pipeline
def loop_over_artifacts():
    with dsl.ParallelFor(sub_artifacts().output) as data:
        seen = length_one(data=data)
    expect(value=names(values=dsl.Collected(seen.output)).output, wanted="p,q")


@component
def not_two(value: int):
    assert value != 2


@dsl.pipeline
def loop_with_a_failure():
    with dsl.ParallelFor([1, 2, 3]) as item:
        not_two(value=item)


def one_iteration_failed(tasks):
    found = {number: tasks[f"for-loop-2/iteration-{number}/not-two"].state for number in range(3)}
    assert found == {0: "SUCCEEDED", 1: "FAILED", 2: "SUCCEEDED"}
    assert tasks["for-loop-2"].state == "FAILED"


@component
def finish(status: dsl.PipelineTaskFinalStatus, wanted: str, message: Optional[str] = None):
    assert status.state == wanted, status
    assert status.pipeline_task_name == "exit-handler-1", status
    assert status.pipeline_job_resource_name, status
    if message is not None:
        assert message in status.error_message, status
    else:
        assert not status.error_message, status


@component
def clean_up():
    pass


@dsl.pipeline
def exit_after_success():
    with dsl.ExitHandler(finish(wanted="COMPLETE")):
        text(value="fine")


@dsl.pipeline
def exit_after_failure():
    with dsl.ExitHandler(finish(wanted="FAILED", message="fail")):
        fail()


@dsl.pipeline
def exit_plain():
    with dsl.ExitHandler(clean_up()):
        failed = fail()
        text(value="later").after(failed)


@dsl.pipeline
def exit_fails():
    with dsl.ExitHandler(fail()):
        text(value="fine")


@dsl.pipeline
def inner_artifacts(content: str) -> NamedTuple("Made", [("data", Dataset), ("size", int)]):  # type: ignore[valid-type]
    from typing import NamedTuple as Named

    made = make(content=content)
    size = number(value=5)
    outputs = Named("Made", [("data", Dataset), ("size", int)])
    return outputs(made.outputs["data"], size.output)


@dsl.pipeline
def nested_pipelines():
    one = inner_artifacts(content="hello")
    read(data=one.outputs["data"], wanted="hello")
    expect_int(value=one.outputs["size"], wanted=5)
    other = inner_artifacts(content="other")
    read(data=other.outputs["data"], wanted="other")


@dsl.pipeline
def same_component_twice():
    one = make(content="one")
    other = make(content="other")
    read(data=one.outputs["data"], wanted="one")
    read(data=other.outputs["data"], wanted="other")


@component
def with_default(value: str = "the default") -> str:
    return value


@dsl.pipeline
def ignores_failure():
    failed = fail()
    after = with_default(value=failed.output).ignore_upstream_failure()
    expect(value=after.output, wanted="the default")


@dsl.pipeline
def independent_branches():
    failed = fail()
    text(value="never").after(failed)
    first = number(value=1)
    square(value=first.output)


@component
def train(value: int) -> int:
    return value + 1


@dsl.pipeline(name="train")
def named_like_its_component(value: int = 1):
    expect_int(value=train(value=value).output, wanted=2)


@component
def typed(artifact: Output[Artifact]) -> str:
    return artifact.path


@dsl.pipeline
def parts_of_items(items: List[Dict[str, int]] = [{"a": 1, "b": 2}]):
    with dsl.ParallelFor(items) as item:
        joined = text(value=f"{item.a}{item.b}")
        with dsl.If(item.a == 1):
            expect(value=f"if {item.b}", wanted="if 2")
        with dsl.ParallelFor([7]) as inner:
            expect(value=f"{item.a}/{inner}", wanted="1/7")
    with dsl.ParallelFor([{"n": 1, "word": "one"}, {"n": 2, "word": "two"}]) as mixed, dsl.If(mixed.n == 2):
        expect(value=f"{mixed.word} {mixed.n}", wanted="two 2")
    expect_list(value=dsl.Collected(joined.output), wanted=["12"])


ROWS = [
    Row("Sequential DAG, parameters, f-strings, NamedTuple outputs, `.after`", sequential),
    Row("Two independent tasks side by side", independent),
    Row("The same in a DAG with control flow", independent_in_control_flow),
    Row("A chain", chain),
    Row("`If`/`Elif`/`Else` and `OneOf` of a parameter", if_elif_else),
    Row("`If` on int, bool, float, nested, on a pipeline input", if_kinds),
    Row("`If` in a nested pipeline", if_in_nested),
    Row("`If` on a named output (NamedTuple, `OutputPath`)", if_named_output),
    Row("`If` on text with quotes and line breaks", if_quotes, {"text_in": 'it\'s\na "line"'}),
    Row("`If` with a value that looks like code", if_injection),
    Row("`OneOf` over artifacts", oneof_artifacts),
    Row("`ParallelFor` over literals, `parallelism=4`", loop_static),
    Row("`parallelism=1`", loop_one_by_one),
    Row(
        "`ParallelFor` over outputs, inputs and keys of dicts; `Collected` of ints and strings", loop_sources
    ),
    Row("f-strings with parts of a loop's item, in conditions and inner loops", parts_of_items),
    Row("Nested `ParallelFor`, `Collected` of lists", loop_nested),
    Row("`ParallelFor` in a nested pipeline", loop_in_nested),
    Row("`If` inside `ParallelFor`", if_in_loop),
    Row("`ParallelFor` inside `If`", loop_in_if),
    Row("`ParallelFor` over an empty list", loop_empty),
    Row("`Collected` from an `If` inside the loop", collected_in_if, note="skipped iterations are left out"),
    Row("`Collected` of artifacts", collected_artifacts),
    Row("`ParallelFor` over artifacts of a nested pipeline", loop_over_artifacts),
    Row("One iteration fails, the others end", loop_with_a_failure, {}, "FAILED", one_iteration_failed),
    Row(
        "`ExitHandler` after success, with `PipelineTaskFinalStatus`",
        exit_after_success,
        check=states(finish="SUCCEEDED"),
    ),
    Row(
        "`ExitHandler` after a failure, with `PipelineTaskFinalStatus`",
        exit_after_failure,
        {},
        "FAILED",
        states(finish="SUCCEEDED", exit_handler_1="FAILED", fail="FAILED"),
    ),
    Row(
        "`ExitHandler` without status",
        exit_plain,
        {},
        "FAILED",
        states(clean_up="SUCCEEDED", fail="FAILED", text="SKIPPED"),
    ),
    Row(
        "`ExitHandler` whose exit task fails",
        exit_fails,
        check=states(fail="FAILED", exit_handler_1="SUCCEEDED", text="SUCCEEDED"),
        note="the run succeeds, as on a cluster",
    ),
    Row("Nested pipelines, parameters and artifacts", nested_pipelines),
    Row("The same component twice with artifacts", same_component_twice),
    Row(
        "`ignore_upstream_failure` with the failed task's output",
        ignores_failure,
        {},
        "FAILED",
        states(fail="FAILED", with_default="SUCCEEDED", expect="SUCCEEDED"),
    ),
    Row(
        "A failed task and an independent branch",
        independent_branches,
        {},
        "FAILED",
        states(fail="FAILED", text="SKIPPED", number="SUCCEEDED", square="SUCCEEDED"),
    ),
    Row("A pipeline named like one of its components", named_like_its_component),
]
