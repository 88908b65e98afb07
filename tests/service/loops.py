"""A pipeline with a loop over a sub-pipeline and a condition that does not hold.

Without postponed annotations: the SDK reads them.
"""

from kfp import dsl


@dsl.component(base_image="python:3.11")  # type: ignore[untyped-decorator]  # the SDK has no types
def one(x: int) -> int:
    return x


@dsl.pipeline  # type: ignore[untyped-decorator]  # as above
def inner(x: int) -> None:
    one(x=x)


@dsl.pipeline  # type: ignore[untyped-decorator]  # as above
def nested(n: int = 1) -> None:
    first = one(x=n)
    with dsl.ParallelFor([1, 2]) as item:
        inner(x=item)
    with dsl.If(first.output == 5):
        one(x=9)
