from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.service import KfpService
from jupyter_kfp_mt.service.backend import Caches
from tests.fakes import FakeTransport, ManualClock
from tests.kube.recorded import VIEWER, Pod, pod_of_a_cluster

RUNS = "/apis/v2beta1/runs"


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as found:
        yield found


def status_twice(pod: Pod, namespace: str = "alice") -> list[bool | None]:
    """The right as reported at first and after Kubernetes responded."""
    clock = ManualClock()
    caches = Caches.new(clock)
    transport = FakeTransport({("GET", RUNS): {"total_size": 0}})
    context = Context("http://kfp:8888", namespace=namespace)
    service = KfpService(context, transport, clock=clock, caches=caches, kubernetes=pod.kubernetes())
    first = service.status().can_run
    caches.rights.settle(10)
    return [first, service.status().can_run]


def test_the_right_to_run_is_reported_once_known(pod: Pod) -> None:
    assert status_twice(pod) == [None, True]


def test_view_rights_are_reported(pod: Pod) -> None:
    pod.become(VIEWER)
    assert status_twice(pod) == [None, False]


def test_a_kubernetes_that_does_not_answer_leaves_it_open(pod: Pod) -> None:
    pod.become("junk")
    assert status_twice(pod) == [None, None]


def test_one_answer_lasts_for_a_while(pod: Pod) -> None:
    status_twice(pod)
    assert len(pod.server.asked) == 1
