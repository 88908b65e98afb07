"""What a notebook keeps: real kernels, executed as `jupyter execute` does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from tests.laptop import BROKEN, Laptop

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def execute(laptop: Laptop, *cells: str) -> NotebookNode:
    """Run the cells in a fresh kernel and return the notebook as it is saved."""
    start = "%load_ext jupyter_kfp_mt"
    texts = [cell.replace("QUICK", laptop.quick) for cell in (start, *cells)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in texts])
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}",
        "JUPYTER_KFP_MT_DATA_DIR": str(laptop.folder),
    }
    client = NotebookClient(
        notebook, timeout=100, iopub_timeout=100, startup_timeout=100, kernel_name="python3"
    )
    client.execute(env=environment)
    return notebook


def outputs(notebook: NotebookNode, cell: int) -> list[dict[str, Any]]:
    return [output["data"] for output in notebook.cells[cell].outputs if "data" in output]


def test_a_card_is_live_and_stays_as_plain_html(laptop: Laptop) -> None:
    notebook = execute(
        laptop,
        "run = %kfp submit QUICK seconds=0.5 --cache off\nrun",
        "import time\nticker = get_ipython().magics_manager.registry['KfpMagics'].cards.ticker\n"
        "while len(ticker):\n    time.sleep(0.05)",
    )
    (card,) = outputs(notebook, 1)
    assert card["text/plain"].startswith("✓ Succeeded")
    assert "<script" not in card["text/html"]


def test_run_all_stops_at_a_failed_cell(laptop: Laptop) -> None:
    with pytest.raises(CellExecutionError) as caught:
        execute(laptop, f"%kfp submit {BROKEN} --wait", "after = True")
    assert caught.value.ename == "RunFailed"
    assert len(caught.value.traceback.strip().splitlines()) < 20


def test_a_card_widget_says_that_it_is_paused(laptop: Laptop) -> None:
    notebook = execute(
        laptop,
        "from jupyter_kfp_mt.widgets import RunCard\nrun = %kfp submit QUICK seconds=60",
        "card = RunCard(run)\ncard",
        "import time\nwhile not card.paused:\n    time.sleep(0.05)\ncard.children[0].value",
        "card.terminate()\ncard.close()",
    )
    assert "Paused while the kernel is busy." in outputs(notebook, 3)[0]["text/plain"]
    html, controls = outputs(notebook, 2)
    assert html["text/html"].startswith("<div")
    assert "application/vnd.jupyter.widget-view+json" in controls


def test_closing_fifty_cards_leaves_no_thread_in_a_kernel(laptop: Laptop) -> None:
    notebook = execute(
        laptop,
        "import threading\nfrom jupyter_kfp_mt import connect\nfrom jupyter_kfp_mt.widgets import RunCard\n"
        "kfp = connect()\nrun = kfp.submit('QUICK', {'seconds': 60.0})\nbefore = threading.active_count()",
        "cards = [RunCard(run, service=kfp) for _ in range(50)]\nfor card in cards:\n    display(card)",
        "for card in cards:\n    card.close()\nkfp.terminate(run)\nthreading.active_count() - before",
    )
    assert outputs(notebook, 3)[0]["text/plain"] == "0"
