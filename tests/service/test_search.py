"""Names that mean something to URLs, JSON and SQL are found as they are, on a real KFP API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_kfp_mt.auth import TokenFile
from jupyter_kfp_mt.client import HttpTransport
from jupyter_kfp_mt.context import Context
from jupyter_kfp_mt.errors import KfpError
from jupyter_kfp_mt.models import RunQuery
from jupyter_kfp_mt.service import KfpService
from tests.embedded.running import running
from tests.service.stand_ins import TRAIN

NAMES = ["100%", "a+b", "a b", "a%2Bb", "c_d", "cxd", r"e\f", 'q"q', "ü", "<b>", "x&y=z", "#1", "a/b", "’"]


@pytest.fixture(scope="module")
def kfp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KfpService]:
    folder = tmp_path_factory.mktemp("server")
    with running(folder) as server:
        (folder / "token").write_text(server.token("alice"))
        context = Context(server.url, "alice", credential=TokenFile(folder / "token", server.url))
        service = KfpService(context, HttpTransport(context))
        for name in NAMES:
            service.submit(TRAIN, {"name": name}, name=name)
        yield service
        service.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_as_it_is(kfp: KfpService, name: str) -> None:
    assert [run.display_name for run in kfp.list_runs(search=name)] == [name]
    assert kfp.find_run(name).display_name == name


def test_pages_go_on_with_a_filter_and_cover_everything_once(kfp: KfpService) -> None:
    seen: list[str] = []
    token = ""
    while True:
        page = kfp.page_runs(RunQuery(state=["PENDING", "RUNNING"], page_size=3, page_token=token))
        seen += [run.run_id for run in page.runs]
        token = page.next_page_token
        if not token:
            break

    assert (len(seen), len(set(seen)), page.total_size) == (len(NAMES), len(NAMES), len(NAMES))


@pytest.mark.parametrize("token", ["x", "{}", "🙂"])
def test_a_token_of_nobody_is_refused(kfp: KfpService, token: str) -> None:
    with pytest.raises(KfpError) as caught:
        kfp.page_runs(RunQuery(page_token=token))

    assert caught.value.code == "bad-input"
