"""The first lines of somebody with a notebook and nothing else, and what a stopped server is called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from jupyter_kfp_mt import embedded
from jupyter_kfp_mt.connection import connect
from jupyter_kfp_mt.context import Environment
from jupyter_kfp_mt.errors import KfpConnectionError
from jupyter_kfp_mt.magics.kfp import KfpMagics
from jupyter_kfp_mt.models import Phase
from jupyter_kfp_mt.owner import is_served
from jupyter_kfp_mt.settings import KfpSettings

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the server outlives its Popen on purpose


class Newcomer:
    """A notebook on a machine where nothing runs yet."""

    def __init__(self, folder: Path) -> None:
        self.settings = KfpSettings(data_dir=str(folder))
        self.shell = InteractiveShell()
        magics = KfpMagics(self.shell, connect, live=False, settings=self.settings)
        self.shell.register_magics(magics)
        magics.cards.register()

    def run(self, line: str) -> str:
        """Return what a line prints, its result and error included."""
        with capture_output(display=False) as captured:
            self.shell.run_cell(line)
        return captured.stdout


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newcomer]:
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT", raising=False)
    made = Newcomer(tmp_path)
    yield made
    embedded.stop(tmp_path)
    made.shell.history_manager.end_session()


def test_a_newcomer_starts_an_example_and_then_stops_the_server(newcomer: Newcomer) -> None:
    first = newcomer.run("%kfp")
    assert "No Kubeflow Pipelines found." in first
    assert "  →     %kfp serve\n" in first
    assert "%kfp submit example:hello starts the server here and runs an example." in first
    assert "No embedded server is running." in newcomer.run("%kfp serve --status")

    ran = newcomer.run("run = %kfp submit example:hello --wait\nrun")
    assert "Started the embedded server, namespace " in ran
    assert "Succeeded" in ran
    assert "Stop         %kfp serve --stop" in newcomer.run("%kfp serve --status")
    assert newcomer.run("%kfp serve").startswith("It is running already.")

    assert "Stopped. History stays." in newcomer.run("%kfp serve --stop")
    for line in ("%kfp", "%kfp runs"):
        shown = newcomer.run(line)
        assert "[embedded-stopped]  The embedded server has stopped." in shown
        assert "  →     %kfp serve" in shown
    assert "digits" in newcomer.run("%kfp submit example:digits --dry-run")
    assert "There are example:hello and example:digits." in newcomer.run("%kfp submit example:other")


def test_a_connection_outlives_the_server_that_it_was_made_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = KfpSettings(data_dir=str(tmp_path))
    kfp = connect(settings=settings, environment=Environment({}, Path("/nowhere"), is_served=is_served))
    assert capsys.readouterr().err.startswith("Started the embedded server, namespace ")
    embedded.stop(tmp_path)

    with pytest.raises(KfpConnectionError) as caught:
        kfp.list_runs()
    assert (caught.value.code, caught.value.command) == ("embedded-stopped", "%kfp serve")
    run = kfp.submit("example:hello")
    assert kfp.wait(run).phase is Phase.SUCCEEDED
    kfp.close()
    embedded.stop(tmp_path)
