"""Submits that an earlier process left without a clear answer, settled while nobody looks."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.embedded import ensure_running, stop
from jupyter_kfp_mt.models import RuntimeFile, Source, SourceKind, SubmitRequest
from jupyter_kfp_mt.service.state.journal import Intent, Journal, Stage
from jupyter_kfp_mt.settings import KfpSettings

LOST, THERE = str(uuid.uuid4()), "there"


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[RuntimeFile]:
    folder = tmp_path / "kfp"
    yield ensure_running(folder, namespace="ana")
    stop(folder)


@pytest.fixture
def journal(embedded: RuntimeFile) -> Iterator[Journal]:
    """A run that was started, and one that never was; the process that sent them knows of neither."""
    folder = Path(embedded.token_path).parent
    service = connect(settings=KfpSettings(data_dir=str(folder)), start_embedded=False)
    run = service.start_run(SubmitRequest(source=Source(kind=SourceKind.EXAMPLE), submit_key=THERE))
    service.close()
    journal = Journal(folder / "journal.sqlite")
    journal.settle(run.run_id, Stage.UNCLEAR)
    journal.begin(
        Intent(
            run_id=LOST,
            server=str(folder.resolve()),
            namespace="ana",
            display_name="lost",
            experiment_id="",
            sent_at=time.time() - 130,
            stage=Stage.UNCLEAR,
        )
    )
    yield journal
    journal.close()


@pytest.fixture
def jp_server_config(journal: Journal, tmp_path: Path) -> Config:
    return Config(
        {
            "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
            "KfpSettings": {"data_dir": str(tmp_path / "kfp")},
        }
    )


def settling() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "kfp-settle"]


async def test_a_new_jupyter_server_settles_them_and_then_rests(jp_serverapp: Any, journal: Journal) -> None:
    while journal.list_pending(0):
        await asyncio.sleep(0.05)

    there, lost = journal.find_by_key(THERE), journal.find(LOST)
    assert (there and there.stage, lost and lost.stage) == (Stage.ACCEPTED, Stage.LOST)
    while settling():
        await asyncio.sleep(0.05)


class TestNothingOpen:
    @pytest.fixture
    def jp_server_config(self, tmp_path: Path) -> Config:
        return Config(
            {
                "ServerApp": {"jpserver_extensions": {"jupyter_kfp_mt": True}},
                "KfpSettings": {"data_dir": str(tmp_path / "none")},
            }
        )

    async def test_a_jupyter_server_without_a_journal_looks_at_nothing(self, jp_serverapp: Any) -> None:
        assert settling() == []
