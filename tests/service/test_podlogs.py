from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_kfp_mt.errors import KfpNotFoundError
from jupyter_kfp_mt.service.state.podlogs import KEPT, LogCopy, PodLogs
from tests.kube.recorded import Pod, pod_of_a_cluster

LOG = "/api/v1/namespaces/alice/pods/step/log?container=main"
FIRST = f"{LOG}&tailLines=20000&timestamps=true"
GONE = {"kind": "Status", "message": 'pods "step" not found', "code": 404}


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of_a_cluster(tmp_path / "serviceaccount") as found:
        yield found


def line(second: float, text: str) -> bytes:
    stamp = f"{second:012.9f}".rstrip("0").rstrip(".")
    return f"2026-11-22T03:00:{stamp}Z {text}\n".encode()


def test_lines_that_were_seen_are_not_added_again() -> None:
    copy = LogCopy()
    copy.add(line(1, "a") + line(1.5, "b"))
    copy.add(line(1, "a") + line(1.5, "b") + line(1.51, "c"))
    assert copy.part(0, 100).text == b"a\nb\nc\n"


def test_lines_of_the_same_moment_are_all_kept() -> None:
    copy = LogCopy()
    copy.add(line(1, "a") + line(1, "a"))
    copy.add(line(1, "a") + line(1, "a") + line(1, "a") + line(2, "a"))
    assert copy.part(0, 100).text == b"a\n" * 4


def test_stamps_are_compared_by_their_value() -> None:
    copy = LogCopy()
    copy.add(line(1.49, "a") + line(1.5, "b"))
    assert copy.add(line(1.49, "a") + line(1.5, "b") + line(1.500000001, "c")) == 1


def test_a_line_that_was_cut_waits_for_the_rest() -> None:
    copy = LogCopy()
    copy.add(line(1, "a") + b"2026-11-22T03:00:02Z half", cut=True)
    copy.add(line(1, "a") + line(2, "half and half"))
    assert copy.part(0, 100).text == b"a\nhalf and half\n"


def test_places_stay_when_the_front_is_dropped() -> None:
    copy = LogCopy()
    for second in range(5):
        copy.add(line(second, "x" * (KEPT // 4)))
    size = copy.size
    part = copy.part(0, 10)
    assert part.start == size - KEPT
    assert part.truncated
    assert copy.part(size, 10).text == b""


def test_the_last_lines_know_their_place() -> None:
    copy = LogCopy()
    copy.add(line(1, "a") + line(2, "b") + line(3, "c"))
    part = copy.last(2)
    assert (part.text, part.start, part.end, part.truncated) == (b"b\nc\n", 2, 6, True)


@pytest.mark.parametrize("garbage", [b"", b"\n", b"no stamp\n", b"2026 x\n", b"\xff\xfe\n"])
def test_what_has_no_time_stamp_is_left_out(garbage: bytes) -> None:
    copy = LogCopy()
    assert copy.add(garbage) == 0


def test_a_log_is_followed_from_its_last_second(pod: Pod) -> None:
    # given
    logs, kubernetes = PodLogs(), pod.kubernetes()
    pod.server.answer("GET", FIRST, 200, line(1.2, "a"))
    logs.read(kubernetes, "step", "alice")
    # when
    again = f"{LOG}&sinceTime=2026-11-22T03%3A00%3A01Z&timestamps=true"
    pod.server.answer("GET", again, 200, line(1.2, "a") + line(4, "b"))
    copy = logs.read(kubernetes, "step", "alice")
    # then
    assert copy.part(2, 100).text == b"b\n"
    assert len(pod.server.asked) == 2


def test_what_was_read_outlives_the_pod(pod: Pod) -> None:
    logs, kubernetes = PodLogs(), pod.kubernetes()
    pod.server.answer("GET", FIRST, 200, line(1, "the reason"))
    logs.read(kubernetes, "step", "alice")
    copy = logs.read(kubernetes, "step", "alice")  # the server answers 404 from now on
    assert (copy.part(0, 100).text, copy.part(0, 100).source) == (b"the reason\n", "copy")


def test_a_pod_that_was_never_read_is_gone(pod: Pod) -> None:
    with pytest.raises(KfpNotFoundError) as caught:
        PodLogs().read(pod.kubernetes(), "step", "alice")
    assert caught.value.code == "logs-gone"
