"""Settings of tasks, commands, notebooks, and features that need a cluster."""

# ruff: noqa: SIM115, UP045 - written as people write for the SDK
import os
from typing import Optional

from kfp import dsl, kubernetes

from tests.engine.rows import Row, build_pipeline, component, states

HERE = os.path.dirname(os.path.abspath(__file__))


@component
def count_up(folder: str, fail_below: int) -> int:
    """Fail until called often enough; every call leaves a file."""
    import os
    import uuid

    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, uuid.uuid4().hex), "w").close()
    called = len(os.listdir(folder))
    assert called >= fail_below, f"call {called}"
    return called


@component
def equals(value: int, wanted: int):
    assert value == wanted


@dsl.pipeline
def retries(folder: str):
    done = count_up(folder=folder, fail_below=3).set_retry(3, backoff_duration="0s")
    equals(value=done.output, wanted=3)


def three_attempts(tasks):
    assert tasks["count-up"].attempt == 3
    assert tasks["count-up"].max_attempts == 4


@dsl.pipeline
def try_twice(folder: str):
    count_up(folder=folder, fail_below=2)


@dsl.pipeline
def retries_of_a_pipeline(folder: str):
    try_twice(folder=folder).set_retry(1, backoff_duration="0s")


def inherits_its_attempts(tasks):
    assert (tasks["count-up"].attempt, tasks["count-up"].max_attempts) == (2, 2)


@component
def fail_in_loop(value: int):
    raise SystemExit(3)


@dsl.pipeline
def retries_in_loop():
    with dsl.ParallelFor([1, 2]) as item:
        fail_in_loop(value=item).set_retry(1, backoff_duration="0s", backoff_factor=2.0)


def two_attempts_with_code(tasks):
    for number in range(2):
        task = tasks[f"for-loop-2/iteration-{number}/fail-in-loop"]
        assert (task.state, task.attempt, task.exit_code) == ("FAILED", 2, 3)


@component
def leave_with_three():
    import sys

    sys.exit(3)


@dsl.pipeline
def exit_codes():
    leave_with_three()


def code_three(tasks):
    assert tasks["leave-with-three"].exit_code == 3
    assert "exit code 3" in tasks["leave-with-three"].reason


@component
def see_env(wanted: dict):
    import os

    for name, value in wanted.items():
        assert os.environ.get(name) == value, (name, os.environ.get(name))


@build_pipeline
def environment():
    one = see_env(wanted={"COLOUR": "blue", "PASSWORD": "s3cret", "LEVEL": "debug", "WHERE": "ana"})
    one.set_env_variable("COLOUR", "blue")
    kubernetes.use_secret_as_env(one, "database", {"password": "PASSWORD"})
    kubernetes.use_config_map_as_env(one, "settings", {"level": "LEVEL"})
    kubernetes.use_field_path_as_env(one, "WHERE", "metadata.namespace")
    other = see_env(wanted={"COLOUR": "red"})
    other.set_env_variable("COLOUR", "red")


@component
def no_password():
    import os

    assert "PASSWORD" not in os.environ


@component
def password() -> str:
    import os

    return os.environ.get("PASSWORD", "none")


@component
def see_passwords(found: list):
    assert found == ["s3cret", "none"], found


@dsl.pipeline
def secrets_of_a_loop():
    with dsl.ParallelFor(["database", "nothing"], parallelism=1) as name:
        shown = password()
        kubernetes.use_secret_as_env(shown, name, {"password": "PASSWORD"}, optional=True)
    see_passwords(found=dsl.Collected(shown.output))


@dsl.pipeline
def secret_without_name(name: Optional[str] = None):
    task = no_password()
    kubernetes.use_secret_as_env(task, name, {"password": "PASSWORD"})


@dsl.pipeline
def unknown_secret():
    optional = no_password()
    kubernetes.use_secret_as_env(optional, "nothing", {"password": "PASSWORD"}, optional=True)
    task = see_env(wanted={})
    kubernetes.use_secret_as_env(task, "nothing", {"password": "PASSWORD"})


def names_the_secret(tasks):
    assert tasks["no-password"].state == "SUCCEEDED"
    assert "secret nothing" in tasks["see-env"].reason


@component
def nap(seconds: int):
    import time

    time.sleep(seconds)


@dsl.pipeline
def time_limit():
    kubernetes.set_timeout(nap(seconds=60), 1)


def timed_out(tasks):
    assert tasks["nap"].exit_code == 124
    assert "time limit of 1 s" in tasks["nap"].reason


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(active_deadline_seconds=8))
def deadline():
    first = nap(seconds=60)
    nap(seconds=0).after(first)


@component
def light():
    pass


@build_pipeline
def resources():
    task = light().set_cpu_limit("2").set_memory_limit("1G").set_display_name("Light")
    task.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)


@dsl.component(base_image="alpine:3", install_kfp_package=False)
def on_alpine():
    pass


@dsl.pipeline
def other_image():
    on_alpine()


@dsl.component(base_image="python:3.11")
def default_component(folder: str, me: str, other: str):
    import os
    import time

    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, me), "w").close()
    end = time.monotonic() + 20
    while not os.path.exists(os.path.join(folder, other)):
        assert time.monotonic() < end
        time.sleep(0.01)


@dsl.pipeline
def pip_line(folder: str):
    with dsl.ParallelFor([{"me": "a", "other": "b"}, {"me": "b", "other": "a"}]) as item:
        default_component(folder=folder, me=item.me, other=item.other)


@dsl.container_component
def shell(text: str, out: dsl.OutputPath(str), data: dsl.Output[dsl.Dataset], extra: Optional[str] = None):  # type: ignore[valid-type]
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-ec", 'printf %s "$0" > "$1"; printf %s "$3" > "$2"; test "$4" = "$5"'],
        args=[
            text,
            out,
            data.path,
            dsl.ConcatPlaceholder(["<", text, ">"]),
            dsl.IfPresentPlaceholder("extra", then=[extra], else_=["none"]),
            "none",
        ],
    )


@component
def see_shell(out: str, data: dsl.Input[dsl.Dataset], wanted: str):
    assert out == wanted
    assert open(data.path).read() == f"<{wanted}>"


@dsl.pipeline
def container_component(text: str):
    made = shell(text=text)
    see_shell(out=made.outputs["out"], data=made.outputs["data"], wanted=text)


@dsl.container_component
def shell_fails():
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", "echo to the log; exit 7"])


@dsl.pipeline
def container_exit_code():
    shell_fails()


def code_seven(tasks):
    assert tasks["shell-fails"].exit_code == 7


notebook = dsl.notebook_component(
    notebook_path=os.path.join(HERE, "square.ipynb"),
    base_image="python:3.11",
    install_kfp_package=False,
    packages_to_install=[],
)


@notebook
def square_notebook(n: int, out: dsl.Output[dsl.Artifact]):
    dsl.run_notebook(n=n, place=out.path)


@component
def see_square(data: dsl.Input[dsl.Artifact], wanted: str):
    assert open(data.path).read() == wanted


@dsl.pipeline
def notebooks():
    see_square(data=square_notebook(n=7).outputs["out"], wanted="49")


@dsl.component(
    base_image="python:3.11",
    install_kfp_package=False,
    embedded_artifact_path=os.path.join(HERE, "embedded.txt"),
)
def see_embedded(note: dsl.EmbeddedInput[dsl.Artifact]):
    assert open(note.path).read().strip() == "carried along"


@dsl.pipeline
def embedded_artifact():
    see_embedded()


@dsl.container_component
def no_program():
    return dsl.ContainerSpec(image="example/image", command=["/opt/only-in-the-image/run"])


@dsl.container_component
def no_command():
    return dsl.ContainerSpec(image="example/image", args=["x"])


@dsl.component(base_image="python:3.11", target_image="example/image")
def in_image():
    pass


@dsl.pipeline
def needs_program():
    light()
    no_program()


@dsl.pipeline
def needs_entry_point():
    no_command()


@dsl.pipeline
def needs_image():
    in_image()


@dsl.pipeline
def needs_volume():
    volume = kubernetes.CreatePVC(pvc_name="v", access_modes=["ReadWriteOnce"], size="1Gi")
    kubernetes.mount_pvc(light(), pvc_name=volume.outputs["name"], mount_path="/proc/data")


@dsl.pipeline
def needs_secret_file():
    kubernetes.use_secret_as_volume(light(), "database", "/proc/database")


BELOW_THE_ROOT = "/kfp-test-that-is-not-there"
PLACES = ("/mnt/kfp-test/database", "/mnt/kfp-test/settings")


@component
def see_files(wanted: dict):
    import os

    for place, files in wanted.items():
        assert sorted(os.listdir(place)) == sorted(files), os.listdir(place)
        for name, text in files.items():
            assert open(os.path.join(place, name)).read() == text
        try:
            open(os.path.join(place, "new"), "w").close()
        except OSError:
            continue
        raise AssertionError(f"{place} can be written")


@dsl.container_component
def show_files(place: str):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-ec", 'cat "$0/password"'], args=[place])


@dsl.pipeline
def files(name: str = "database"):
    task = see_files(wanted={PLACES[0]: {"password": "s3cret"}, PLACES[1]: {"level": "debug"}})
    kubernetes.use_secret_as_volume(task, name, PLACES[0])
    kubernetes.use_config_map_as_volume(task, "settings", PLACES[1])
    shown = show_files(place=PLACES[0])
    kubernetes.use_secret_as_volume(shown, "database", PLACES[0])


@component
def keep(folder: str, name: str):
    import os

    assert name not in os.listdir(folder)
    open(os.path.join(folder, name), "w").close()


@component
def see_names(folder: str, wanted: list):
    import os

    assert sorted(os.listdir(folder)) == wanted, os.listdir(folder)


@dsl.pipeline
def volumes():
    made = kubernetes.CreatePVC(pvc_name_suffix="-v", access_modes=["ReadWriteMany"], size="1Gi")
    with dsl.ParallelFor(["a", "b"]) as name:
        kept = keep(folder=f"{PLACES[0]}/part", name=name)
        kubernetes.mount_pvc(kept, made.outputs["name"], PLACES[0] + "/part", sub_path="deep/part")
    seen = see_names(folder=PLACES[1], wanted=["a", "b"]).after(kept)
    kubernetes.mount_pvc(seen, made.outputs["name"], PLACES[1], sub_path="deep/part")
    deleted = kubernetes.DeletePVC(pvc_name=made.outputs["name"]).after(seen)
    kubernetes.DeletePVC(pvc_name=made.outputs["name"]).after(deleted)


def nothing_to_delete(tasks):
    assert tasks["see-names"].state == tasks["deletepvc"].state == "SUCCEEDED"
    assert "There is no claim" in tasks["deletepvc-2"].reason


@dsl.pipeline
def scratch():
    for _ in range(2):
        task = keep(folder=PLACES[0], name="a").set_caching_options(False)
        kubernetes.empty_dir_mount(task, volume_name="scratch", mount_path=PLACES[0])
    with_claim = keep(folder=PLACES[1] + "/inner", name="a").set_caching_options(False)
    kubernetes.mount_pvc(with_claim, pvc_name="own", mount_path=PLACES[1])
    kubernetes.empty_dir_mount(with_claim, volume_name="inner", mount_path=PLACES[1] + "/inner")
    below_the_root = keep(folder=BELOW_THE_ROOT, name="a").set_caching_options(False)
    kubernetes.mount_pvc(below_the_root, pvc_name="other", mount_path=BELOW_THE_ROOT)


@dsl.pipeline
def missing_files():
    task = see_files(wanted={PLACES[0]: {}})
    kubernetes.use_secret_as_volume(task, "nothing", PLACES[0], optional=True)
    kubernetes.use_secret_as_volume(light(), "nothing", PLACES[0])


@component
def equal_text(one: str, other: str):
    assert one == other, (one, other)


@dsl.container_component
def greet(out: dsl.OutputPath(str), name: Optional[str] = None):
    words = dsl.IfPresentPlaceholder(
        input_name="name",
        then=["sh", "-c", 'printf "hello %s" "$0" > "$1"', name, out],
        else_=["sh", "-c", 'printf nobody > "$0"', out],
    )
    return dsl.ContainerSpec(image="alpine", command=[words])


@dsl.container_component
def run_program(program: str, out: dsl.OutputPath(str)):
    return dsl.ContainerSpec(image="alpine", command=[program, "-c", 'printf ran > "$0"', out])


@dsl.container_component
def run_joined(end: str, out: dsl.OutputPath(str)):
    program = dsl.ConcatPlaceholder(["s", end])
    return dsl.ContainerSpec(image="alpine", command=[program, "-c", 'printf ran > "$0"', out])


@component
def name_shell() -> str:
    return "sh"


@dsl.pipeline
def programs_by_placeholder(program: str, name: Optional[str] = None):
    equal_text(one=greet(name="Bo").outputs["out"], other="hello Bo")
    equal_text(one=greet(name=name).outputs["out"], other="nobody")
    equal_text(one=greet().outputs["out"], other="nobody")
    equal_text(one=run_program(program=program).outputs["out"], other="ran")
    equal_text(one=run_program(program=name_shell().output).outputs["out"], other="ran")
    equal_text(one=run_joined(end="h").outputs["out"], other="ran")


@component
def name_nothing() -> str:
    return "no-such-program"


@dsl.pipeline
def program_from_a_task():
    run_program(program=name_nothing().output)


def program_not_found(tasks):
    assert tasks["run-program"].exit_code == 127


@dsl.container_component
def shell_of_most_images(out: dsl.OutputPath(str)):
    script = 'set -euo pipefail; [[ $(id -u) =~ ^[0-9]+$ ]]; false | true || printf bash > "$0"'
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c"], args=[script, out])


@dsl.pipeline
def shell_scripts():
    equal_text(one=shell_of_most_images().outputs["out"], other="bash")


@dsl.container_component
def show_variables(value: str, out: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-c", 'printf "%s|" "$@" > "$0"', out],
        args=["$(ONE)", "$(TWO)", "$$(ONE)", "$(HOME_OF_NOBODY)", "$5", "$(PASSWORD)", value],
    )


@build_pipeline
def kubelet_variables():
    task = show_variables(value="$(ONE) $$")
    task.set_env_variable("ONE", "1").set_env_variable("TWO", "$(ONE)2").set_caching_options(False)
    kubernetes.use_secret_as_env(task, "database", {"password": "PASSWORD"})
    equal_text(one=task.outputs["out"], other="1|12|$(ONE)|$(HOME_OF_NOBODY)|$5|s3cret|$(ONE) $$|")


@dsl.container_component
def run_missing_module():
    return dsl.ContainerSpec(
        image="example/image", command=["python3", "-um", "trainer.task"], args=["--n", "1"]
    )


@dsl.container_component
def run_missing_script():
    return dsl.ContainerSpec(
        image="example/image", command=["python3"], args=["-W", "ignore", "/app/train.py"]
    )


@dsl.container_component
def run_relative_script():
    return dsl.ContainerSpec(image="example/image", command=["bash", "-e", "run.sh"])


@dsl.pipeline
def needs_module():
    run_missing_module()


@dsl.pipeline
def needs_script():
    run_missing_script()


@dsl.pipeline
def needs_relative_script():
    run_relative_script()


@dsl.pipeline
def needs_constant_program():
    run_program(program="no-such-program")


@dsl.pipeline
def needs_image_artifact():
    dsl.importer(artifact_uri="oci://example/model:1", artifact_class=dsl.Model)


@dsl.container_component
def run_help():
    return dsl.ContainerSpec(image="alpine", command=["python3", "-m", "json.tool", "--help"])


@dsl.pipeline
def modules():
    run_help()


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def hands_on_nothing(config: dsl.TaskConfig):
    empty = dsl.TaskConfig(resources={})
    assert config == empty, config


PASSED_ON = [
    dsl.TaskConfigField.RESOURCES,
    dsl.TaskConfigField.KUBERNETES_TOLERATIONS,
    dsl.TaskConfigField.KUBERNETES_NODE_SELECTOR,
    dsl.TaskConfigField.KUBERNETES_AFFINITY,
    dsl.TaskConfigPassthrough(field=dsl.TaskConfigField.ENV, apply_to_task=True),
    dsl.TaskConfigField.KUBERNETES_VOLUMES,
]


@dsl.component(base_image="python:3.11", install_kfp_package=False, task_config_passthroughs=PASSED_ON)
def hands_on(config: dsl.TaskConfig, wanted: dict):
    import dataclasses
    import os

    assert dataclasses.asdict(config) == wanted, dataclasses.asdict(config)
    assert (os.environ["ONE"], os.environ["PASSWORD"]) == ("1", "s3cret")
    assert not os.path.exists("/mnt/kfp-test/not-mounted")


@dsl.component(
    base_image="python:3.11",
    install_kfp_package=False,
    task_config_passthroughs=[dsl.TaskConfigField.ENV],
)
def hands_on_variables(config: dsl.TaskConfig):
    import os

    assert config.env == [{"name": "ONE", "value": "1"}], config
    assert "ONE" not in os.environ


WANTED = {
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}
                ]
            }
        }
    },
    "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "node_selector": {"kind": "gpu"},
    "env": [
        {"name": "ONE", "value": "1"},
        {
            "name": "PASSWORD",
            "valueFrom": {"secretKeyRef": {"name": "database", "key": "password", "optional": False}},
        },
    ],
    "volumes": [
        {"name": "claim", "persistentVolumeClaim": {"claimName": "claim"}},
        {"name": "database", "secret": {"secretName": "database", "optional": False}},
    ],
    "volume_mounts": [
        {"name": "claim", "mountPath": "/mnt/kfp-test/not-mounted"},
        {"name": "database", "mountPath": "/mnt/kfp-test/neither"},
    ],
    "resources": {
        "limits": {"cpu": "2", "memory": "50Gi", "nvidia.com/gpu": "1"},
        "requests": {"cpu": "500m", "memory": "1Gi"},
    },
}


@build_pipeline
def task_configs(memory: str):
    hands_on_nothing()
    hands_on_variables().set_env_variable("ONE", "1")
    task = hands_on(wanted=WANTED)
    task.set_cpu_request("0.5").set_cpu_limit("2").set_memory_request(memory).set_memory_limit("50Gi")
    task.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit("1")
    task.set_env_variable("ONE", "1")
    kubernetes.use_secret_as_env(task, "database", {"password": "PASSWORD"})
    kubernetes.add_node_selector(task, "kind", "gpu")
    kubernetes.add_toleration(task, key="gpu", operator="Exists", effect="NoSchedule")
    zones = [{"key": "zone", "operator": "In", "values": ["a", "b"]}]
    kubernetes.add_node_affinity(task, match_expressions=zones)
    kubernetes.mount_pvc(task, pvc_name="claim", mount_path="/mnt/kfp-test/not-mounted")
    kubernetes.use_secret_as_volume(task, "database", "/mnt/kfp-test/neither")


@dsl.component(
    base_image="python:3.11",
    install_kfp_package=False,
    task_config_passthroughs=[dsl.TaskConfigField.KUBERNETES_VOLUMES],
)
def hands_on_workspace(config: dsl.TaskConfig, path: str, workflow: str):
    claim = {"claimName": f"{workflow}-kfp-workspace"}
    assert config.volumes == [{"name": "kfp-workspace", "persistentVolumeClaim": claim}], config
    assert config.volume_mounts == [{"name": "kfp-workspace", "mountPath": "/kfp-workspace"}], config


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def workspace_of_task_config():
    hands_on_workspace(
        path=dsl.WORKSPACE_PATH_PLACEHOLDER, workflow=dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER
    )


@component
def see_metadata(run_id: str):
    import os

    names = ("OWN", "RUN", "NOTE", "NOTHING", "NO_NOTE")
    seen = [os.environ[name] for name in names]
    assert seen == ["value", run_id, "text", "", ""], seen


@dsl.pipeline
def labels_and_annotations():
    task = see_metadata(run_id=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
    kubernetes.add_pod_label(task, "example.com/own", "value")
    kubernetes.add_pod_annotation(task, "note", "text")
    kubernetes.use_field_path_as_env(task, "OWN", "metadata.labels['example.com/own']")
    kubernetes.use_field_path_as_env(task, "RUN", "metadata.labels['pipeline/runid']")
    kubernetes.use_field_path_as_env(task, "NOTE", "metadata.annotations['note']")
    kubernetes.use_field_path_as_env(task, "NOTHING", "metadata.labels['nothing']")
    kubernetes.use_field_path_as_env(task, "NO_NOTE", "metadata.annotations['nothing']")


ROWS = [
    Row("`dsl.TaskConfig`: the settings to pass on, or none", task_configs, {"memory": "1024Mi"}),
    Row("`dsl.TaskConfig`: the workspace of the run", workspace_of_task_config),
    Row("Labels and annotations of the pod as variables", labels_and_annotations),
    Row(
        "A program that is a placeholder: `IfPresent`, `Concat`, a parameter",
        programs_by_placeholder,
        {"program": "sh"},
    ),
    Row(
        "A program from a task that is not on the host", program_from_a_task, {}, "FAILED", program_not_found
    ),
    Row(
        "Scripts of `sh` that need bash (`[[`, `pipefail`)",
        shell_scripts,
        note="in bash, where the host has it",
    ),
    Row("`$(VARIABLE)` in commands, arguments and variables", kubelet_variables),
    Row("`python3 -m` with a module of the host", modules),
    Row("`set_retry`: attempts, then success", retries, check=three_attempts),
    Row("`set_retry` of a nested pipeline", retries_of_a_pipeline, check=inherits_its_attempts),
    Row("`set_retry` in a loop, back-off", retries_in_loop, {}, "FAILED", two_attempts_with_code),
    Row("`sys.exit(3)` keeps its exit code", exit_codes, {}, "FAILED", code_three),
    Row("Variables, secrets, config maps and pod fields as variables", environment),
    Row("Another secret in each iteration of a loop", secrets_of_a_loop),
    Row("A secret whose name is an optional input without a value", secret_without_name, note="is not read"),
    Row("A secret that does not exist", unknown_secret, {}, "FAILED", names_the_secret),
    Row("`kubernetes.set_timeout`", time_limit, {}, "FAILED", timed_out),
    Row(
        "`PipelineConfig(active_deadline_seconds=…)`",
        deadline,
        {},
        "FAILED",
        states(nap="CANCELED", nap_2="SKIPPED"),
    ),
    Row("Requests for cpu, memory, accelerators", resources, note="without effect"),
    Row("A base image that is not Python's", other_image, note="the host's Python runs it"),
    Row("Components with the SDK's pip line, side by side", pip_line),
    Row("Container component whose program is on the host", container_component, {"text": "a b'c\n{{$}}"}),
    Row("Exit code of a container component", container_exit_code, {}, "FAILED", code_seven),
    Row("`dsl.notebook_component`", notebooks),
    Row("Embedded artifacts (`EmbeddedInput`)", embedded_artifact),
]
WHERE = "on Linux where mount namespaces are allowed; else refused before the run starts"
WHERE_POSSIBLE = [  # see test_mounts.py
    Row("Secrets and config maps as files", files, note=WHERE),
    Row(
        "Volumes: `CreatePVC`, `mount_pvc`, `DeletePVC`",
        volumes,
        {},
        "FAILED",
        nothing_to_delete,
        note=f"folders of the tenant, {WHERE}",
    ),
    Row("`empty_dir_mount`, `add_ephemeral_volume`", scratch, note=WHERE),
]
REFUSED = [
    (Row("Container component whose program is not on the host", needs_program), "no-program", "/opt/only"),
    (Row("Container component without command", needs_entry_point), "no-command", "example/image"),
    (
        Row("Container component whose program, a placeholder, is not", needs_constant_program),
        "run-program",
        "the program no-such-program of its image alpine",
    ),
    (
        Row("`python3 -m` with a module that only the image has", needs_module),
        "run-missing-module",
        "the module trainer.task of its image example/image",
    ),
    (
        Row("A script that only the image has", needs_script),
        "run-missing-script",
        "the file /app/train.py of its image example/image",
    ),
    (
        Row("A script in the folder of the image", needs_relative_script),
        "run-relative-script",
        "the file run.sh",
    ),
    (Row("`dsl.importer` of an image (`oci://`)", needs_image_artifact), "importer", "the image oci://"),
    (Row("Containerized Python component", needs_image), "in-image", "example/image"),
    (Row("A volume at a path that a task needs (`/proc`)", needs_volume), "light", "a volume at /proc/data"),
    (Row("Secrets as files at such a path", needs_secret_file), "light", "/proc/database"),
]
