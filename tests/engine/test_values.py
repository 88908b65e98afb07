"""Types of values, their text form, and placeholders."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_kfp_mt.bounds import TextRoom
from jupyter_kfp_mt.embedded.engine.plan.components import (
    expand_variables,
    find_requirements,
    resolve_arguments,
)
from jupyter_kfp_mt.embedded.engine.plan.values import (
    ValueTypeError,
    coerce,
    fill,
    parse,
    parse_seconds,
    render_text,
    restore_integers,
    select,
)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3.0, "NUMBER_INTEGER", 3),
        ("3", "NUMBER_INTEGER", 3),
        (3.5, "NUMBER_INTEGER", 3.5),
        (2, "NUMBER_DOUBLE", 2.0),
        (True, "BOOLEAN", True),
        ("true", "BOOLEAN", True),
        ("[1, 2.5]", "LIST", [1, 2.5]),
        ({"a": 1}, "STRUCT", {"a": 1}),
        (3, "STRING", "3"),
        (2.0, "STRING", "2"),
        (True, "STRING", "true"),
        ({"a": [1]}, "STRING", '{"a":[1]}'),
        ("007", "STRING", "007"),
    ],
)
def test_coerce(value: Any, kind: str, expected: Any) -> None:
    made = coerce(value, kind)
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("3.5", "NUMBER_INTEGER"),
        ("x", "NUMBER_INTEGER"),
        (True, "NUMBER_INTEGER"),
        (1, "BOOLEAN"),
        ({}, "LIST"),
    ],
)
def test_values_that_do_not_fit(value: Any, kind: str) -> None:
    with pytest.raises(ValueTypeError):
        coerce(value, kind)


def test_whole_numbers_of_the_compiler() -> None:
    made = restore_integers({"a": [1.0, 2.5, "1.0", True, {"b": 3.0}]})

    assert repr(made) == "{'a': [1, 2.5, '1.0', True, {'b': 3}]}"


def test_filled_in_values_are_not_searched_for_placeholders() -> None:
    text = "{{$.inputs.parameters['a']}} {{$.pipeline_job_name}} {{$.unknown}}"

    assert fill(text, {"a": "{{$.pipeline_job_name}}"}, {".pipeline_job_name": "{{$.unknown}}"}) == (
        "{{$.pipeline_job_name}} {{$.unknown}} {{$.unknown}}"
    )


def test_a_placeholder_alone_keeps_its_type() -> None:
    assert fill(["{{$.inputs.parameters['a']}}"], {"a": [1]}, {}) == [[1]]


def test_select() -> None:
    assert select({"a": [{"b": 1}]}, 'parseJson(string_value)["a"][0]["b"]') == 1
    with pytest.raises(ValueTypeError):
        select({}, 'parseJson(string_value)["a"]')


def test_texts_and_durations() -> None:
    assert [
        render_text(value) for value in (1e22, 1e-7, 2.0, 0.1, None, "ä", {"b": ["ä", 1.0], "a": None})
    ] == [
        "1" + 22 * "0",
        "0.0000001",
        "2",
        "0.1",
        "",
        "ä",
        '{"a":null,"b":["ä",1]}',
    ]
    assert [parse_seconds(text) for text in ("", "60s", "1.5s")] == [0, 60, 1.5]


@pytest.mark.parametrize(
    ("kind", "texts", "values"),
    [
        ("NUMBER_INTEGER", (" 5\n", "+7", "007"), [5, 7, 7]),
        ("NUMBER_DOUBLE", (".5\n", "1.", "1E5"), [0.5, 1.0, 1e5]),
        ("BOOLEAN", ("1", "t", "FALSE", "True\n"), [True, True, False, True]),
        ("LIST", ("[1, 2.5]\n",), [[1, 2.5]]),
        ("STRING", (" 5\n",), [" 5\n"]),
    ],
)
def test_files_of_outputs(kind: str, texts: tuple[str, ...], values: list[object]) -> None:
    read = [parse(text, kind) for text in texts]

    assert [(type(value), value) for value in read] == [(type(value), value) for value in values]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("NUMBER_INTEGER", text) for text in ("7.0", "1e3", "0x10", "1_000", "", "9223372036854775808")),
        *(("NUMBER_DOUBLE", text) for text in ("inf", "NaN", "1,5", "1e999", "0x1")),
        *(("BOOLEAN", text) for text in ("yes", "tRue", "")),
        *(("LIST", text) for text in ("[NaN]", "{}", "1")),
    ],
)
def test_invalid_output_files(kind: str, text: str) -> None:
    with pytest.raises(ValueTypeError, match=kind):
        parse(text, kind)


def test_requirements_of_pip_lines() -> None:
    line = (
        "python3 -m pip install --quiet --no-warn-script-location --index-url https://example.test/simple"
        " 'a>=1' 'b' && python3 -m pip install --quiet 'kfp==2.17.0' '--no-deps' && \"$0\" \"$@\""
    )

    assert find_requirements(["sh", "-c", line]) == (
        "--index-url",
        "https://example.test/simple",
        "a>=1",
        "b",
    )


def test_concat_and_if_present() -> None:
    words = [
        '{"Concat": ["--x=", "{{$.inputs.parameters[\'x\']}}"]}',
        '{"IfPresent": {"InputName": "y", "Then": ["--y"], "Else": ["--no", "--y"]}}',
        '{"a": 1}',
    ]

    assert resolve_arguments(words, {"x": 1}) == [
        "--x={{$.inputs.parameters['x']}}",
        "--no",
        "--y",
        '{"a": 1}',
    ]


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)/$(B)", "1/$(B)"),
        ("$$(A) $$", "$(A) $"),
        ("$A $(A", "$A $(A"),
        ("$(date) $(A)", "$(date) 1"),
        ("$($(A))", "$(1)"),
        ("$(" * 1_000_000, "$(" * 1_000_000),  # in one pass
    ],
    ids=lambda text: text[:10],
)
def test_variables_as_the_kubelet_expands_them(text: str, expanded: str) -> None:
    assert expand_variables(text, {"A": "1"}, TextRoom()) == expanded
