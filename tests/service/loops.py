"""A pipeline with a loop over a sub-pipeline and a condition that does not hold.

Without postponed annotations: the SDK reads them.
"""

# ruff: noqa: B006, UP006, UP035 - written as people write for the SDK
from typing import List

from kfp import dsl


@dsl.component(base_image="python:3.11")  # type: ignore[untyped-decorator]  # the SDK has no types
def one(x: int) -> int:
    if x == 0:
        raise ValueError("no zero")
    return x


@dsl.pipeline  # type: ignore[untyped-decorator]  # as above
def inner(x: int) -> None:
    one(x=x)


@dsl.pipeline  # type: ignore[untyped-decorator]  # as above
def nested(turns: List[int] = [1, 2]) -> None:
    first = one(x=1)
    with dsl.ParallelFor(turns) as item:
        inner(x=item)
    with dsl.If(first.output == 5):
        one(x=9)
