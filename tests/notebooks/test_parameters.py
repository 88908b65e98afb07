from __future__ import annotations

from typing import Any

import pytest

from jupyter_kfp_mt.models import ParameterSpec, ParameterType
from jupyter_kfp_mt.notebooks.parameters import read_parameters

T = ParameterType


def spec(name: str, kind: ParameterType, default: Any = None, **more: Any) -> ParameterSpec:
    has = default is not None
    return ParameterSpec(name=name, type=kind, has_default=has, default=default, optional=not has, **more)


ROWS: list[tuple[str, ParameterSpec]] = [
    ("lr = 0.1", spec("lr", T.NUMBER, 0.1)),
    ("n = -3", spec("n", T.INTEGER, -3)),
    ("fast = True", spec("fast", T.BOOLEAN, default=True)),
    ("name = 'Größe'", spec("name", T.STRING, "Größe")),
    ("sizes = (3, 4)", spec("sizes", T.LIST, [3, 4])),
    ("d = {'a': [1, None]}", spec("d", T.STRUCT, {"a": [1, None]})),
    ("lr = 0.1  # learning rate", spec("lr", T.NUMBER, 0.1, description="learning rate")),
    ("# learning\n# rate\nlr = 0.1", spec("lr", T.NUMBER, 0.1, description="learning rate")),
    ("v = 5  # type: float the speed", spec("v", T.NUMBER, 5.0, description="the speed")),
    ("ratio: float = 1", spec("ratio", T.NUMBER, 1.0)),
    ("w: int = 'text'", spec("w", T.STRING, "text")),
    ("x = None", spec("x", T.STRING)),
    ("x: Optional[int] = None", spec("x", T.INTEGER)),
    ("x: 'dict[str, int] | None' = None", spec("x", T.STRUCT)),
    (
        "mode: Literal['fast', 'exact'] = 'fast'",
        spec("mode", T.STRING, "fast", literals=["fast", "exact"]),
    ),
    ("%matplotlib inline\n!ls\nafter = 7", spec("after", T.INTEGER, 7)),
]


@pytest.mark.parametrize(("source", "wanted"), ROWS, ids=[source.replace("\n", "⏎") for source, _ in ROWS])
def test_a_simple_assignment_is_a_parameter(source: str, wanted: ParameterSpec) -> None:
    assert read_parameters(source) == [wanted]


@pytest.mark.parametrize(
    "source",
    [
        "y = lr * 2",
        "n = 1\nn += 1",
        "a, b = 1, 2",
        "s = {1, 2}",
        "big = 1e400",
        "keys = {1: 2}",
        "b = b'x'",
        "x: int",
        "o.x = 1",
        "if True:\n    z = 1",
        "text = " + repr("x" * 70_000),
        "this is no Python",
        "",
    ],
    ids=lambda source: source[:20],
)
def test_anything_else_is_left_as_it_is(source: str) -> None:
    assert read_parameters(source) == []
