"""Cards in the outputs of a notebook, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from jupyter_kfp_mt.errors import kfp_error
from jupyter_kfp_mt.magics.cards import Cards
from jupyter_kfp_mt.models import Phase, Run, RunView


@pytest.fixture
def outputs() -> Iterator[list[dict[str, Any]]]:
    """What the shell of this process shows."""
    shell = InteractiveShell.instance()
    publisher = shell.display_pub = CapturingDisplayPublisher()
    yield publisher.outputs
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_a_run_that_was_not_confirmed_and_did_not_start_says_so(outputs: list[dict[str, Any]]) -> None:
    run = Run(run_id="r1", display_name="mine", phase=Phase.UNCONFIRMED)
    views = iter([RunView(run=run)])

    def view_now(run: Run) -> RunView:
        view = next(views, None)
        if view is None:
            raise kfp_error("not-started", name=run.display_name)
        return view

    cards = Cards(InteractiveShell.instance(), view_now, live=True, pace=lambda: 60.0)
    cards.show(run)
    cards.update(run)
    cards.close()

    assert "Not confirmed" in outputs[0]["data"]["text/plain"]
    assert "mine did not start." in outputs[-1]["data"]["text/plain"]
    assert outputs[-1]["update"]
