from __future__ import annotations

import threading

import pytest

from jupyter_kfp_mt.errors import kfp_error
from jupyter_kfp_mt.ticker import Ticker


@pytest.fixture
def ticker() -> Ticker:
    return Ticker()


def test_it_asks_until_the_answer_is_yes_and_leaves_no_thread(ticker: Ticker) -> None:
    before, asked, done = threading.active_count(), [], threading.Event()

    def ask() -> bool:
        asked.append(1)
        if len(asked) == 3:
            done.set()
        return len(asked) == 3

    ticker.add("a", ask, every=0.01)
    assert done.wait(10)
    ticker.close()
    assert (len(asked), len(ticker)) == (3, 0)
    assert threading.active_count() <= before  # a thread of an earlier test may have ended meanwhile


def test_one_thread_serves_all(ticker: Ticker) -> None:
    before = threading.active_count()
    for key in range(15):
        ticker.add(key, lambda: False, every=0.01)
    assert threading.active_count() == before + 1
    ticker.close()
    assert threading.active_count() == before


def test_an_error_of_kfp_does_not_end_it(ticker: Ticker) -> None:
    answers, done = [kfp_error("kfp-unavailable"), True], threading.Event()

    def ask() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        done.set()
        return bool(answer)

    ticker.add("a", ask, every=0.01)
    assert done.wait(10)
    ticker.close()


def test_the_oldest_gives_way() -> None:
    ticker = Ticker(limit=2)
    for key in "abc":
        ticker.add(key, lambda: False, every=60)
    assert len(ticker) == 2
    ticker.close()


def test_after_the_last_the_next_starts_anew(ticker: Ticker) -> None:
    for _ in range(20):
        done = threading.Event()
        ticker.add("a", lambda done=done: done.set() or True, every=0.001)  # type: ignore[misc]  # set returns None
        assert done.wait(10)
    ticker.close()


def test_what_is_removed_is_asked_no_more(ticker: Ticker) -> None:
    before = threading.active_count()
    ticker.add("a", lambda: False, every=60)
    ticker.remove("a")
    ticker.close()
    assert threading.active_count() == before


def test_a_function_that_is_removed_while_it_runs_may_fail() -> None:
    ticker, running, removed = Ticker(), threading.Event(), threading.Event()

    def draw_what_is_closed() -> bool:
        running.set()
        removed.wait()
        raise RuntimeError("closed")

    ticker.add("closed", draw_what_is_closed, every=0.01)
    running.wait()
    ticker.remove("closed")
    removed.set()
    ticker.close(30.0)
    assert len(ticker) == 0
