from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jupyter_kfp_mt.errors import KfpInputError
from jupyter_kfp_mt.models import CachePolicy
from jupyter_kfp_mt.pipeline_spec import from_wire, parse, summarize, with_cache
from tests.pipeline_spec.pipelines import PLATFORM, SIMPLE

EXAMPLES = sorted((Path(__file__).parents[2] / "notebooks" / "pipelines").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_pipeline_of_the_sdk_reads_as_yaml_reads_it(path: Path) -> None:
    package = parse(path.read_bytes(), name=path.name)

    assert package.pipeline_spec == yaml.safe_load(path.read_text())
    assert parse(package.to_yaml()).pipeline_spec == package.pipeline_spec


@pytest.mark.parametrize(
    "text",
    [f"{SIMPLE}---\n{PLATFORM}", f"{PLATFORM}---\n{SIMPLE}", f"---\n---\n{SIMPLE}---\n{PLATFORM}---\n"],
)
def test_two_documents_in_either_order_are_one_package(text: str) -> None:
    package = parse(text)

    assert package.wire() == {"pipeline_spec": package.pipeline_spec, "platform_spec": package.platform_spec}
    assert parse(package.to_yaml()) == package
    assert from_wire(json.loads(json.dumps(package.wire()))) == package


def test_one_document_is_sent_bare() -> None:
    package = parse(SIMPLE, name="train.yaml")

    assert package.wire() is package.pipeline_spec
    assert from_wire(package.wire(), name="train.yaml") == package


def test_json_is_read_as_json() -> None:
    spec = parse(SIMPLE).pipeline_spec
    spec["root"]["inputDefinitions"]["parameters"]["lr"]["defaultValue"] = 1e-05

    assert summarize(parse(json.dumps(spec))).parameters[1].default == 1e-05


def test_snake_case_and_nulls_are_taken_as_protojson_takes_them() -> None:
    text = SIMPLE.replace("pipelineInfo:", "default_pipeline_root:\npipeline_info:").replace(
        "schemaVersion", "schema_version"
    )

    assert parse(text) == parse(SIMPLE)


def test_enums_by_number_and_numbers_as_text_are_taken_as_protojson_takes_them() -> None:
    wanted = SIMPLE.replace("taskInfo: {name: load}", "retryPolicy: {maxRetryCount: 2, backoffFactor: 1.5}")
    given = wanted.replace("Count: 2", 'Count: "2"').replace("Factor: 1.5", 'Factor: "1.5"')

    for number, name in enumerate(("DOUBLE", "INTEGER"), 1):
        given = given.replace(f"parameterType: NUMBER_{name}", f"parameterType: {number}")

    assert parse(given) == parse(wanted)


def test_text_that_looks_like_a_number_elsewhere_is_written_with_quotes() -> None:
    spec = parse(SIMPLE).pipeline_spec
    spec["root"]["inputDefinitions"]["parameters"]["name"]["defaultValue"] = "1e5"

    assert "'1e5'" in from_wire(spec).to_yaml()


def test_a_time_of_day_is_text_as_gos_yaml_reads_it() -> None:
    spec = parse(SIMPLE).pipeline_spec
    spec["root"]["inputDefinitions"]["parameters"]["name"]["defaultValue"] = "x"
    text = from_wire(spec).to_yaml().replace("defaultValue: x", "defaultValue: 12:30:45")

    read = parse(text).pipeline_spec

    assert read["root"]["inputDefinitions"]["parameters"]["name"]["defaultValue"] == "12:30:45"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        ("hello", 1, "not a mapping"),
        ("a: [", 2, "did not find expected"),
        ("a: 1\nb: 2\na: 3", 3, "“a” is there twice, first in line 1"),
        ("apiVersion: v1\nkind: Pod", 1, "a Kubernetes object (Pod)"),
        ("a: !!python/object/apply:os.system [x]", 1, "the tag"),
        ("a: &a [*a]", 1, "points into itself"),
        ("a: *b", 1, "b"),
        ("a: .nan", 1, "not a number that JSON knows"),
        ("a: " + "9" * 5000, 1, "is not a value"),
        ("a: b\0", 1, "control characters"),
        ("? [a]\n: b", 1, "a key is not text"),
        (b"\xff\xfe", 1, "not UTF-8"),
        ("x: 1", 1, "no `pipelineInfo` and no `root`"),
        (SIMPLE.replace("2.1.0", "2.0.0"), 25, "`schemaVersion` is “2.0.0”"),
        (SIMPLE.replace("name: train", "name: Train It"), 2, "“Train It”"),
        (SIMPLE.replace("comp-load: {ex", "comp-other: {ex"), 6, "the component “comp-load” is missing"),
        (SIMPLE.replace("exec-load: {c", "exec-other: {c"), 21, "the executor “exec-load” is missing"),
        (SIMPLE.replace("producerTask: load", "producerTask: gone"), 7, "waits for “gone”"),
        (
            SIMPLE.replace("producerTask: load", "producerTask: fit"),
            7,
            "tasks wait for each other: fit → fit",
        ),
        (SIMPLE.replace("      fit:", "      fit:\n        color: red"), 8, "“color” is not a field"),
        (SIMPLE.replace("enableCache: true", "enableCache: 3"), 6, "`enableCache` is not true or false"),
        (f"{SIMPLE}---\n{SIMPLE}", 28, "a second pipeline begins"),
        (f"{PLATFORM}---\n{PLATFORM}", 3, "a second platform part"),
        (PLATFORM, 1, "no pipeline"),
    ],
)
def test_what_is_no_pipeline_is_told_with_its_line(text: str | bytes, line: int, reason: str) -> None:
    with pytest.raises(KfpInputError) as caught:
        parse(text)

    assert caught.value.code == "not-a-pipeline"
    assert caught.value.why.startswith(f"Line {line}: "), caught.value.why
    assert reason in caught.value.why


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 3000 + "a", "{" * 100_000, "{a: " * 100_000, '{"a":' * 100_000]
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(KfpInputError, match="not a compiled pipeline"):
        parse(text)


def test_aliases_may_not_grow() -> None:
    rows = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]" for i in range(9)]

    with pytest.raises(KfpInputError) as caught:
        parse("\n".join(["a: &a [1]", *rows]))

    assert "values" in caught.value.why


def test_components_that_contain_each_other_are_refused() -> None:
    text = SIMPLE.replace(
        "comp-load: {executorLabel: exec-load}",
        "comp-load: {dag: {tasks: {t: {componentRef: {name: comp-load}}}}}",
    )

    with pytest.raises(KfpInputError) as caught:
        parse(text)

    assert "contain each other: comp-load → comp-load" in caught.value.why


def test_more_than_the_limit_is_too_large() -> None:
    with pytest.raises(KfpInputError) as caught:
        parse(b" " * (32 * 1024 * 1024 + 1))

    assert caught.value.code == "too-large"


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(KfpInputError):
        parse(text)


def test_info_is_what_a_person_needs() -> None:
    about = summarize(parse(SIMPLE))

    assert (about.name, about.tasks, about.images) == ("train", 2, ["python:3.11"])
    assert [(each.name, each.type.value, each.default) for each in about.parameters[:2]] == [
        ("epochs", "NUMBER_INTEGER", 10),
        ("lr", "NUMBER_DOUBLE", None),
    ]


def test_the_tasks_in_a_loop_are_counted_once() -> None:
    looped = SIMPLE.replace("      fit:", "      fit:\n        parameterIterator: {itemInput: x}")

    assert summarize(parse(looped)).tasks == 2


def test_nested_components_are_counted_without_being_written_out() -> None:
    levels = [
        f"  c{i}: {{dag: {{tasks: {{a: {{componentRef: {{name: c{i + 1}}}}},"
        f" b: {{componentRef: {{name: c{i + 1}}}}}}}}}}}"
        for i in range(40)
    ]
    text = SIMPLE.replace("name: comp-load}", "name: c0}").replace(
        "components:", "\n".join(["components:", *levels, "  c40: {executorLabel: exec-load}"])
    )

    assert summarize(parse(text)).tasks == 2 * 2**40


@pytest.mark.parametrize(
    ("cache", "options"),
    [(CachePolicy.ON, {"enableCache": True}), (CachePolicy.OFF, {}), (CachePolicy.COMPILED, None)],
)
def test_caching_is_changed_for_every_task(cache: CachePolicy, options: dict[str, bool] | None) -> None:
    before = parse(SIMPLE)

    tasks = with_cache(before, cache).pipeline_spec["root"]["dag"]["tasks"]

    compiled = {"load": {"enableCache": True}, "fit": None}
    wanted = compiled if options is None else dict.fromkeys(compiled, options)
    assert {name: task.get("cachingOptions") for name, task in tasks.items()} == wanted
    assert before == parse(SIMPLE)
