"""The way from a pod's files to the verbs: what the panel is sent, and what its two buttons do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import Status
from jupyter_kfp_mt.service import KfpService
from tests.doctor.world import World


@pytest.fixture
def service(world: World) -> Iterator[KfpService]:
    for path in ("experiments", "runs"):
        world.kfp.recorded("no credential", path)
    service = connect(settings=world.settings, environment=world.environment, start_embedded=False)
    yield service
    service.close()


def code_of(status: Status) -> str:
    return status.error.code if status.error else ""


def test_the_panel_is_told_which_step_is_missing(world: World, service: KfpService) -> None:
    world.options()
    assert code_of(service.status()) == "no-token-no-option"
    service.create_access_option()
    created = next(
        asked for asked in world.kube.asked if asked.method == "POST" and asked.path.endswith("poddefaults")
    )
    world.options(created.body)
    assert code_of(service.status()) == "no-token-not-chosen"
    service.restart_notebook()
    assert [asked.method for asked in world.kube.asked if asked.method in ("PATCH", "DELETE")] == [
        "PATCH",
        "DELETE",
    ]
    world.started_with({"access-ml-pipeline": "true"})
    assert code_of(service.status()) == "no-token-not-applied"


def test_every_verb_names_the_missing_step(world: World, service: KfpService) -> None:
    world.options()
    for verb in (service.list_runs, lambda: service.submit("example:hello"), service.list_experiments):
        with pytest.raises(KfpError) as caught:
            verb()
        assert (caught.value.code, "kind: PodDefault" in caught.value.command) == ("no-token-no-option", True)


def test_no_step_is_missing_for_a_token_that_kfp_has_not_seen(world: World) -> None:
    world.token()
    for path in ("experiments", "runs"):
        world.kfp.recorded("no credential", path)
    service = connect(settings=world.settings, environment=world.environment, start_embedded=False)
    error = service.status().error
    service.close()
    assert error is not None
    assert error.message == "Your token did not reach KFP."


def test_a_setting_keeps_the_cluster_as_it_is(world: World, service: KfpService) -> None:
    with pytest.raises(KfpError) as caught:
        service.restart_notebook(allowed=False)
    assert caught.value.code == "jupyter-denied"
    assert world.kube.asked == []


def test_outside_of_a_cluster_there_is_nothing_to_change(world: World) -> None:
    for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        del world.variables[name]
    service = connect(settings=world.settings, environment=world.environment, start_embedded=False)
    with pytest.raises(KfpError) as caught:
        service.create_access_option()
    service.close()
    assert caught.value.code == "kubernetes-unavailable"
