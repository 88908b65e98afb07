"""A component as people write one; the SDK reads annotations, so they are not postponed here."""

from kfp import dsl


@dsl.component(base_image="python:3.12")
def double(x: int) -> int:
    return 2 * x
