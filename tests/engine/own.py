"""Pipelines whose tasks use /tmp and install packages, as those of strangers do."""

# ruff: noqa: SIM115 - written as people write for the SDK
from kfp import dsl, kubernetes
from kfp.dsl import Dataset, Input, Output

from tests.engine.rows import component


@component
def scratch(number: int, folder: str, wanted: int):
    """Write under fixed names, wait for all others to have done so, and read."""
    import os
    import tempfile
    import time

    places = ["/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir()]
    paths = [os.path.join(place, "scratch") for place in places if os.path.isdir(place)]
    for path in paths:
        open(path, "w").write(str(number))
    open(os.path.join(folder, str(number)), "w").close()
    while len(os.listdir(folder)) < wanted:
        time.sleep(0.02)
    assert {open(path).read() for path in paths} == {str(number)}
    assert not os.listdir("/dev/shm") or os.listdir("/dev/shm") == ["scratch"]


@dsl.pipeline
def fixed_names(number: int, folder: str, wanted: int):
    scratch(number=number, folder=folder, wanted=wanted).set_caching_options(False)


@component
def own_temporary_folder(folder: str):
    """Without mounts, only TMPDIR is the task's own; it is short enough for a socket."""
    import multiprocessing
    import os
    import tempfile

    open(os.path.join(tempfile.gettempdir(), "left"), "w").close()
    open(os.path.join(folder, "told"), "w").write(tempfile.gettempdir())
    with multiprocessing.Manager() as manager:
        assert manager.list([1])[0] == 1


@dsl.pipeline
def temporary_folder(folder: str):
    own_temporary_folder(folder=folder)


@component
def leave_in_tmp(first: Output[Dataset], second: Output[Dataset]) -> Dataset:
    import os

    first.custom_path = "/tmp/first"
    second.uri = "/tmp/second"
    os.mkdir("/tmp/third")
    for path in ("/tmp/first", "/tmp/second", "/tmp/third/inner"):
        open(path, "w").write(path)
    return Dataset(name="third", uri="/tmp/third")


@component
def take_from_tmp(first: Input[Dataset], second: Input[Dataset], third: Input[Dataset]):
    import os

    assert not any(os.path.exists(f"/tmp/{name}") for name in ("first", "second", "third"))
    assert open(first.path).read() == "/tmp/first"
    assert open(second.path).read() == "/tmp/second"
    assert open(os.path.join(third.path, "inner")).read() == "/tmp/third/inner"


@dsl.pipeline
def outputs_in_tmp():
    left = leave_in_tmp()
    outputs = left.outputs
    take_from_tmp(first=outputs["first"], second=outputs["second"], third=outputs["Output"])


@component
def name_unseen(
    folder: str,
    plain: Output[Dataset],
    linked: Output[Dataset],
    inside: Output[Dataset],
    own: Output[Dataset],
) -> Dataset:
    import os

    secret = os.path.join(folder, "secret")
    assert not os.path.exists(secret)
    plain.custom_path = secret
    os.symlink(folder, "/tmp/way")
    linked.custom_path = "/tmp/way/secret"
    os.symlink(secret, inside.path)  # for the next task, too
    open("/tmp/own", "w").write("of the task")
    os.symlink("/tmp/own", "link")
    own.custom_path = os.path.abspath("link")
    return Dataset(name="addressed", uri=secret)


@dsl.container_component
def link_output(folder: str, text: dsl.OutputPath(str)):
    script = 'echo of the task > /tmp/text; ln -s /tmp/text "$0"; ! [ -e "$1" ]'
    return dsl.ContainerSpec(image="i", command=["sh", "-c", script, text, folder])


@component
def look_for(
    text: str,
    plain: Input[Dataset],
    linked: Input[Dataset],
    addressed: Input[Dataset],
    inside: Input[Dataset],
):
    import os

    assert text.strip() == "of the task"
    for path in (plain.path, linked.path, addressed.path, inside.path):
        assert not os.path.exists(path), path


@dsl.pipeline
def names_what_it_does_not_see(folder: str):
    named = name_unseen(folder=folder).set_caching_options(False)
    text = link_output(folder=folder).set_caching_options(False).outputs["text"]
    artifacts = {name: named.outputs[name] for name in ("plain", "linked", "inside")}
    found = look_for(text=text, addressed=named.outputs["Output"], **artifacts)
    found.set_caching_options(False)


@component
def leave_at(path: str, left: Output[Dataset]):
    import os

    os.symlink("/tmp/loop", "/tmp/loop")
    left.custom_path = path


@dsl.pipeline
def output_at(path: str):
    leave_at(path=path).set_caching_options(False)


@component
def leave_in_volume(first: Output[Dataset], second: Output[Dataset], third: Output[Dataset]):
    first.custom_path = "/tmp/deep/volume/first"
    second.uri = "/tmp/second"
    third.custom_path = "third"
    for path in ("/tmp/deep/volume/first", "/tmp/second", "third"):
        open(path, "w").write(path)


@component
def take_from_volume(first: Input[Dataset], second: Input[Dataset], third: Input[Dataset]):
    assert open(first.path).read() == "/tmp/deep/volume/first"
    assert open(second.path).read() == "/tmp/second"
    assert open(third.path).read() == "third"


@dsl.pipeline
def outputs_in_a_volume():
    left = leave_in_volume().set_caching_options(False)
    kubernetes.mount_pvc(left, pvc_name="kept", mount_path="/tmp/deep/volume")
    kubernetes.mount_pvc(left, pvc_name="tmp", mount_path="/tmp")
    outputs = left.outputs
    taken = take_from_volume(first=outputs["first"], second=outputs["second"], third=outputs["third"])
    taken.set_caching_options(False)


@component
def at_the_workspace(workspace: str, kept: Output[Dataset]):
    import os

    kept.uri = "/kfp-workspace/note"

    open("/kfp-workspace/note", "w").write("seen")
    assert os.path.samefile("/kfp-workspace", workspace)
    assert open(os.path.join(workspace, "note")).read() == "seen"


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def workspace_path():
    at_the_workspace(workspace=dsl.WORKSPACE_PATH_PLACEHOLDER)


@component
def fill_tmp():
    open("/tmp/filled", "w").write("seen")


@dsl.pipeline
def volume_at_tmp():
    kubernetes.empty_dir_mount(fill_tmp(), volume_name="tmp", mount_path="/tmp")


@component
def install_in_python(wheels: str):
    """Install in each way that people do; the packages are there at once, and the server's stay."""
    import importlib
    import importlib.metadata
    import os
    import subprocess
    import sys

    chosen = ["install", "-q", "--no-index", "--find-links", wheels]
    show = "import tiny_tool; print(tiny_tool.VERSION)"

    subprocess.run(["pip", *chosen, "tiny-tool==1.0"], check=True)
    import tiny_tool

    assert tiny_tool.VERSION == "1.0"
    assert subprocess.check_output(["tiny-tool"], text=True) == "1.0\n"

    subprocess.run([sys.executable, "-m", "pip", *chosen, "--user", "tiny-tool==2.0"], check=True)
    assert subprocess.check_output([sys.executable, "-c", show], text=True) == "2.0\n"

    import pip

    assert pip.main([*chosen, "other-tool"]) == 0
    import other_tool  # noqa: F401

    assert os.system("pip uninstall -q -y tiny-tool editables") == 0
    importlib.invalidate_caches()
    assert subprocess.call([sys.executable, "-c", "import tiny_tool"], stderr=subprocess.DEVNULL) == 1
    assert importlib.metadata.version("editables")


@dsl.pipeline
def installs(wheels: str):
    install_in_python(wheels=wheels)


@dsl.container_component
def install_in_shell(wheels: str):
    script = """
        pip install -q --no-index --find-links "$0" tiny-tool==1.0
        test "$(tiny-tool)" = 1.0
        python3 -c "import tiny_tool"
        /bin/sh -c 'python3 -m pip install -q --no-index --find-links "$0" tiny-tool==2.0' "$0"
        test "$(tiny-tool)" = 2.0
    """
    return dsl.ContainerSpec(image="python:3.11", command=["sh", "-ec", script], args=[wheels])


@dsl.pipeline
def installs_in_shell(wheels: str):
    install_in_shell(wheels=wheels)


@dsl.container_component
def install_with_uv(wheels: str):
    script = """
        alias install="uv pip install -q --no-cache --no-index --find-links $0"
        install tiny-tool==1.0
        test "$(tiny-tool)" = 1.0
        python3 -c "import tiny_tool, kfp"
        install tiny-tool==2.0
        test "$(tiny-tool)" = 2.0
        uv pip uninstall -q --no-cache tiny-tool kfp pip || true
        python3 -c "import kfp"
        uv venv -q --no-cache env
        install --python env/bin/python tiny-tool==1.0
        test "$(env/bin/tiny-tool)" = 1.0
        install --system tiny-tool==1.0 || echo refused
        install --system --break-system-packages --reinstall tiny-tool==2.0 || echo refused
    """
    return dsl.ContainerSpec(image="python:3.11", command=["sh", "-ec", script], args=[wheels])


@dsl.pipeline
def installs_with_uv(wheels: str):
    install_with_uv(wheels=wheels)


@dsl.container_component
def change_the_machine(program: str):
    return dsl.ContainerSpec(
        image="python:3.11", command=["sh", "-c", '"$0" -y install hello'], args=[program]
    )


@dsl.pipeline
def changes_the_machine(program: str):
    change_the_machine(program=program)


@component
def write_to_the_server():
    import errno
    import os
    import site

    path = os.path.join(site.getsitepackages()[0], "left_by_a_task.py")
    error = 0
    try:
        open(path, "w").close()
        os.remove(path)
    except OSError as fault:
        error = fault.errno
    assert error == errno.EROFS


@dsl.pipeline
def writes_to_the_server():
    write_to_the_server()
