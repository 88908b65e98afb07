"""Five prepared environments: healthy, or four different first causes, each with its cure and exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from jupyter_kfp_mt import display
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.context.poddefault import make_poddefault, poddefault_command
from jupyter_kfp_mt.doctor import examine
from jupyter_kfp_mt.models import DoctorReport
from jupyter_kfp_mt.settings import KfpSettings
from tests.doctor.world import World


def prepared(world: World, kind: str) -> DoctorReport:
    if kind == "laptop":
        settings = KfpSettings(data_dir=str(world.root / "none"))
        return examine(settings, environment=Environment({}, root=Path(world.root / "none")))
    if kind != "no option":
        world.token(
            audience="https://kubernetes.default.svc"
            if kind == "wrong audience"
            else "pipelines.kubeflow.org"
        )
    if kind == "no option":
        world.options()
    if kind == "forbidden":
        world.kfp.recorded("no rights")
    return world.examine()


@pytest.mark.parametrize(
    ("kind", "exit_code", "code", "cure"),
    [
        ("healthy", 0, "", ""),
        ("no option", 3, "no-token-no-option", "kind: PodDefault"),
        ("wrong audience", 3, "token-audience", "audience: pipelines.kubeflow.org"),
        ("forbidden", 3, "forbidden", "kubectl create rolebinding"),
        ("laptop", 3, "no-kubeflow", "jupyter kfp serve"),
    ],
)
def test_each_environment_has_its_own_first_cause(
    world: World, kind: str, exit_code: int, code: str, cure: str
) -> None:
    report = prepared(world, kind)
    assert report.exit_code == exit_code
    assert (report.cause.code if report.cause else "") == code
    assert cure in (report.cause.command if report.cause else "")


def test_a_warning_is_no_fault(world: World) -> None:
    world.token(minutes=3)
    assert world.examine().exit_code == 1


def test_what_was_not_checked_is_one_row(world: World) -> None:
    world.kfp.recorded("no credential")
    shown = display.render_text(world.examine())
    assert "Who can do it: you." in shown
    assert shown.count("Not checked") == 1
    assert "Audience, Expiry, Log-in, Rights" in shown


def test_the_cure_as_text_is_the_object_that_the_button_creates() -> None:
    first, *lines, last = poddefault_command("alice").splitlines()
    assert (first, last) == ("kubectl apply -f - <<'EOF'", "EOF")
    shown = yaml.safe_load("\n".join(lines))
    assert shown == make_poddefault("alice")
    assert (shown["kind"], shown["metadata"]["namespace"]) == ("PodDefault", "alice")
