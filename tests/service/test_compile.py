from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.service.submit.compile import compile_file, compile_function
from jupyter_kfp_mt.service.submit.sources import read_path
from tests.fakes import FakeTransport
from tests.service.stand_ins import service

pytestmark = pytest.mark.slow  # a process that imports the SDK for nearly every test

PIPELINE = """\
from kfp import dsl

@dsl.component(base_image="python:3.12")
def double(x: int) -> int:
    return 2 * x

@dsl.pipeline(name="{name}")
def {function}(x: int = 3):
    double(x=x)
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "train.py"
    path.write_text(text)
    return path


def test_a_file_is_compiled_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path, PIPELINE.format(name="train", function="train") + "print('noise')\n")

    package = read_path(str(path)).package

    assert (package.name, package.source) == ("train", "train.py")


def test_a_file_in_a_folder_below_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", PIPELINE.format(name="train", function="train"))
    monkeypatch.chdir(tmp_path)

    assert read_path("below/train.py").package.name == "train"


def test_one_of_several_pipelines_is_chosen_by_name(tmp_path: Path) -> None:
    text = PIPELINE.format(name="a", function="a") + PIPELINE.format(name="b", function="b")
    path = write(tmp_path, text)

    assert read_path(f"{path}:b").package.name == "b"
    with pytest.raises(KfpError) as caught:
        compile_file(path)
    assert (caught.value.message, caught.value.why) == (
        "train.py: there are several pipelines in it.",
        "Choose one, as train.py:a. It has a, b.",
    )


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("x = 1\ny = x / 0\n", "compile-failed", "ZeroDivisionError: division by zero, train.py line 2."),
        ("def f(:\n", "compile-failed", "SyntaxError: invalid syntax, train.py line 1."),
        ("import no_such_package\n", "compile-failed", "No module named 'no_such_package', train.py line 1."),
        ("x = 1\n", "bad-input", ""),
    ],
)
def test_a_file_that_does_not_compile_is_reported_with_its_line(
    tmp_path: Path, text: str, code: str, words: str
) -> None:
    with pytest.raises(KfpError) as caught:
        compile_file(write(tmp_path, text))

    assert (caught.value.code, words in caught.value.why) == (code, True)


def test_a_function_is_compiled_where_it_lives() -> None:
    from tests.service.doubling import double

    assert compile_function(double).name == "double"
    assert service(FakeTransport()).inspect(double).pipeline.parameters[0].name == "x"


def plain() -> None:
    """Nothing."""


def test_a_function_without_a_decorator_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(KfpError) as caught:
        compile_function(plain)
    lacks = "it has no @dsl.pipeline or @dsl.component above it."
    assert (caught.value.code, caught.value.message) == ("bad-input", f"plain: {lacks}")
    assert caught.value.next_step == "write one of them above the function"
    with pytest.raises(KfpError) as caught:
        compile_file(write(tmp_path, "def plain(): pass"), "plain")
    assert caught.value.message == f"train.py: plain: {lacks}"


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(KfpError) as caught:
        compile_function(print)

    assert caught.value.code == "compile-failed"


@pytest.mark.parametrize(
    ("word", "code"),
    [("gone.yaml", "not-found"), ("gone.py:f", "not-found"), (".", "bad-input"), ("a\0b", "bad-input")],
)
def test_a_file_that_cannot_be_read_is_reported(word: str, code: str) -> None:
    with pytest.raises(KfpError) as caught:
        read_path(word)

    assert caught.value.code == code
