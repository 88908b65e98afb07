"""Pipelines for the tests of the engine around tasks."""

# ruff: noqa: SIM115, T201, UP006, UP035 - written as people write for the SDK
from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output

from tests.engine.rows import component


@component
def stubborn(folder: str):
    """Ignore SIGTERM, and leave a child in another session that ignores it too."""
    import os
    import signal
    import subprocess
    import sys
    import time

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    code = (
        "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE)
    child.stdout.readline()
    for pid in (os.getpid(), child.pid):
        open(os.path.join(folder, str(pid)), "w").close()
    time.sleep(600)


@component
def appears(folder: str):
    """Wait for the files of `stubborn`."""
    import os
    import time

    while len(os.listdir(folder)) < 2:
        time.sleep(0.01)


@component
def mark(folder: str, name: str) -> str:
    import os
    import uuid

    open(os.path.join(folder, f"{name}.{uuid.uuid4().hex}"), "w").close()
    return name


@component
def fail_while(path: str):
    import os

    assert not os.path.exists(path), "not yet"


@component
def talk(lines: int):
    import os
    import subprocess
    import sys

    print("from Python")
    sys.stderr.write("to stderr\n")
    os.write(1, b"from the descriptor\n")
    subprocess.run(["sh", "-c", "echo from a child"], check=True)
    for number in range(lines):
        print(f"line {number} " + "x" * 80)
    print("\x1b[31mthe end\x1b[0m")


@component
def fill(stay: bool):
    """Write until the disk is full; then fail, or stay and fill whatever becomes free."""
    import time

    file = open("large", "wb", buffering=0)
    for size in (65536, 1):
        try:
            while True:
                file.write(bytes(size))
        except OSError:
            if size == 1 and not stay:
                raise
    while True:
        try:
            file.write(b"x")
        except OSError:
            time.sleep(0.001)


@component
def execute(code: str, folder: str) -> str:
    """Leave a mark, then run the given code."""
    import os
    import uuid

    open(os.path.join(folder, uuid.uuid4().hex), "w").close()
    exec(code, {})
    return "done"


@component
def show_environment() -> dict:
    import os

    return dict(os.environ)


@component
def slow(folder: str, number: int) -> int:
    import os
    import time
    import uuid

    open(os.path.join(folder, f"{number}.{uuid.uuid4().hex}"), "w").close()
    time.sleep(0.05)
    return number


@component
def total(values: List[int]) -> int:
    return sum(values)


@component
def write(data: Output[Dataset], content: str):
    open(data.path, "w").write(content)


@component
def read(data: Input[Dataset]) -> str:
    return open(data.path).read()


@component
def equals(value: int, wanted: int):
    assert value == wanted


@dsl.component(base_image="python:3.11", packages_to_install=["tiny-package==1.0"])
def use_package() -> str:
    import tiny_package

    return tiny_package.__file__


@component
def nest() -> list:
    import os

    # Written as text: json.dumps would refuse to.
    out = os.path.join(os.path.dirname(os.getcwd()), "out", "executor_output.json")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    open(out, "w").write('{"parameterValues": {"Output": ' + "[" * 100_000 + "]" * 100_000 + "}}")
    os._exit(0)


@dsl.pipeline
def nested_output():
    nest()


@dsl.pipeline
def stuck(folder: str):
    first = stubborn(folder=folder)
    mark(folder=folder, name="later").after(first)


@dsl.pipeline
def stuck_beside_packages(folder: str):
    first = stubborn(folder=folder)
    ready = appears(folder=folder)
    use_package().after(ready)
    mark(folder=folder, name="later").after(first)


@dsl.pipeline
def repairable(folder: str, path: str):
    first = mark(folder=folder, name="first").set_caching_options(False)
    second = fail_while(path=path).set_caching_options(False).after(first)
    mark(folder=folder, name="last").set_caching_options(False).after(second)


@component
def report(status: dsl.PipelineTaskFinalStatus, folder: str):
    import os

    open(os.path.join(folder, status.state), "w").close()


@dsl.pipeline
def repairable_with_exit(folder: str, path: str):
    with dsl.ExitHandler(report(folder=folder)):
        fail_while(path=path).set_caching_options(False)


@dsl.pipeline
def reporting(folder: str):
    first = mark(folder=folder, name="exit").set_caching_options(False)
    mark(folder=folder, name="after-exit").after(first).set_caching_options(False)


@component
def or_else(folder: str, value: str = "nothing") -> str:
    import os

    open(os.path.join(folder, value), "w").close()
    return value


@dsl.pipeline
def repairable_with_exit_pipeline(folder: str, path: str):
    with dsl.ExitHandler(reporting(folder=folder)):
        block = fail_while(path=path).set_caching_options(False)
        made = mark(folder=folder, name="made").after(block).set_caching_options(False)
        found = or_else(folder=folder, value=made.output).ignore_upstream_failure()
        or_else(folder=folder, value=f"{found.output}-too")


@dsl.pipeline
def marks(folder: str, name: str = "one"):
    mark(folder=folder, name=name)


@dsl.pipeline(name="marks")
def marks_with_other_names(folder: str, name: str = "one"):
    renamed = mark(folder=folder, name=name)
    renamed.set_display_name("another name")


@dsl.pipeline
def other_marks(folder: str, name: str = "one"):
    mark(folder=folder, name=name)


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def mark_for(data: dsl.Input[dsl.Artifact], folder: str):
    import os
    import uuid

    open(os.path.join(folder, uuid.uuid4().hex), "w").close()


@dsl.pipeline
def imports_twice(folder: str):
    kept = dsl.importer(artifact_uri=folder, artifact_class=dsl.Artifact)
    mark_for(data=kept.output, folder=folder)
    again = dsl.importer(artifact_uri=folder, artifact_class=dsl.Artifact, reimport=True)
    mark_for(data=again.output, folder=folder)


@dsl.pipeline
def uncached(folder: str, name: str = "one"):
    mark(folder=folder, name=name).set_caching_options(False)


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def mark_twice(folder: str, name: str) -> str:
    import os
    import uuid

    open(os.path.join(folder, uuid.uuid4().hex), "w").close()
    return name * 2


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def write_mark(folder: str, name: str, data: dsl.Output[dsl.Artifact]):
    import os
    import uuid

    open(os.path.join(folder, uuid.uuid4().hex), "w").close()
    with open(data.path, "w") as file:
        file.write(name)


@dsl.pipeline(name="own-keys")
def own_keys(folder: str, name: str):
    for each in (mark, mark_twice, write_mark):
        each(folder=folder, name=name).set_caching_options(True, cache_key="one-key")


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def write_twice(folder: str, name: str, text: dsl.Output[dsl.Artifact]):
    import os
    import uuid

    open(os.path.join(folder, uuid.uuid4().hex), "w").close()
    with open(text.path, "w") as file:
        file.write(name * 2)


@dsl.pipeline(name="own-keys")
def own_keys_of_another_version(folder: str, name: str):
    for each in (mark_twice, write_twice, mark):
        each(folder=folder, name=name).set_caching_options(True, cache_key="one-key")


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def double(number: int) -> int:
    return 2 * number


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def add(numbers: List[int]) -> int:
    return sum(numbers)


@dsl.pipeline
def sums_in_a_condition(threshold: int = 2) -> List[int]:
    with dsl.ParallelFor([1, 2, 3]) as number, dsl.If(number >= threshold):
        doubled = double(number=number)
    with dsl.If(threshold == 2):
        added = add(numbers=dsl.Collected(doubled.output))
    return dsl.Collected(added.output)  # the compiler declares the sum as a list


@dsl.pipeline
def artifact_cache(content: str):
    read(data=write(content=content).outputs["data"])


@dsl.pipeline
def talks(lines: int = 0):
    talk(lines=lines)


@dsl.pipeline
def talks_again():
    talk(lines=0).set_caching_options(False)


@dsl.pipeline
def fills():
    fill(stay=False).set_caching_options(False)


@dsl.pipeline
def holds():
    fill(stay=True).set_caching_options(False)


@dsl.pipeline
def executes(code: str, folder: str):
    execute(code=code, folder=folder).set_caching_options(False)


@dsl.pipeline
def seen_environment():
    show_environment()


@dsl.pipeline
def many(folder: str, numbers: list, wanted: int):
    with dsl.ParallelFor(numbers) as number:
        one = slow(folder=folder, number=number).set_caching_options(False)
    all_of_them = total(values=dsl.Collected(one.output)).set_caching_options(False)
    equals(value=all_of_them.output, wanted=wanted).set_caching_options(False)


@dsl.pipeline
def packages():
    with dsl.ParallelFor(list(range(10))):
        use_package()


@dsl.pipeline
def one_package():
    use_package()
