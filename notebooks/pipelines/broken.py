"""A pipeline that fails in its second task, to see how a failure is reported.

Compile it with `kfp dsl compile --py broken.py --output broken.yaml`.
"""

from kfp import dsl


@dsl.component(base_image="python:3.12")
def check() -> int:
    """Look whether everything is in order."""
    print("schema: 14 columns")
    return 14


@dsl.component(base_image="python:3.12")
def load(path: str, columns: int) -> int:
    """Read a file that only the notebook has: a task runs elsewhere and does not see it."""
    print(f"reading {path}")
    with open(path) as table:
        return sum(line.count(",") == columns - 1 for line in table)


@dsl.component(base_image="python:3.12")
def train(rows: int) -> float:
    """Train on what was loaded."""
    return rows / 2


@dsl.pipeline(name="broken", description="Fails in its second task.")
def broken(path: str = "data/raw.csv"):
    """Check, load, train."""
    columns = check()
    rows = load(path=path, columns=columns.output)
    train(rows=rows.output)


if __name__ == "__main__":
    from kfp import compiler

    compiler.Compiler().compile(broken, __file__.replace(".py", ".yaml"))
