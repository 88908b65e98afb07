"""Lists over HTTP: pages that hold together whatever the sort and the filter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from jupyter_kfp_mt.embedded.store import RunRow
from tests.embedded.running import Running, running

ROWS = 45


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("lists")) as made:
        for number in range(ROWS):
            made.manager.store.runs.add(
                RunRow(
                    run_id=f"r{number}",
                    namespace="alice",
                    experiment_id="e",
                    display_name=f"Rün {number % 7}",
                    created_at=1000 + number // 10,
                    state=("PENDING", "FAILED")[number % 2],
                    spec=b"{}",
                )
            )
        for number in range(3):
            body = {"name": f"p{number}", "namespace": "alice", "tags": {"team": "ml"}}
            made.call("POST", "/apis/v2beta1/pipelines", body, token=made.token("alice"))
        yield made


def walk(server: Running, path: str, key: str, *, resend: bool) -> list[Any]:
    """All rows, page by page; `resend` repeats sort and filter with the token."""
    rows, token, again = [], "", path
    while True:
        page = server.call(
            "GET", f"{again}&page_token={quote(token, safe='')}", token=server.token("alice")
        ).json
        rows += page[key]
        token = page.get("next_page_token", "")
        if not token:
            assert len(rows) == page["total_size"]
            return rows
        again = path if resend else path.split("&sort_by", maxsplit=1)[0].split("&filter", maxsplit=1)[0]


def where(**predicate: Any) -> str:
    return "&filter=" + quote(quote(json.dumps({"predicates": [predicate]})))


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_runs_are_sorted_by_a_metric_over_all_pages(server: Running, way: str) -> None:
    token, values = server.token("alice"), {"r3": 0.5, "r1": -2.5, "r40": 0, "r17": 1e9}
    for run_id, value in values.items():
        metric = {"name": "Acc", "node_id": f"{way} {run_id}", "number_value": value}
        path = f"/apis/v1beta1/runs/{run_id}:reportMetrics"
        sent = server.call("POST", path, {"metrics": [metric]}, token=token).json
        assert sent["results"][0]["status"] == "OK"
    rows = walk(
        server,
        f"/apis/v2beta1/runs?namespace=alice&page_size=2&sort_by=metric:acc%20{way}",
        "runs",
        resend=True,
    )
    found = [row["run_id"] for row in rows]
    if way == "desc":
        found.reverse()
    assert found[-4:] == ["r1", "r40", "r3", "r17"]
    assert len(set(found)) == ROWS


@pytest.mark.parametrize("resend", [True, False])
@pytest.mark.parametrize(
    "sort", ["created_at", "created_at desc", "name", "display_name desc", "run_id", "state desc", "status"]
)
def test_a_walk_sees_every_row_once_in_order(server: Running, sort: str, resend: bool) -> None:
    path = f"/apis/v2beta1/runs?namespace=alice&page_size=7&sort_by={quote(sort)}"
    rows = walk(server, path, "runs", resend=resend)
    assert len({row["run_id"] for row in rows}) == ROWS
    asked = sort.partition(" ")[0]
    field = {"name": "display_name", "status": "state"}.get(asked, asked)
    values = [row[field] for row in rows]
    assert values == sorted(values, reverse=sort.endswith("desc"))


@pytest.mark.parametrize("resend", [True, False])
@pytest.mark.parametrize(
    ("predicate", "count"),
    [
        ({"operation": "EQUALS", "key": "state", "string_value": "failed"}, ROWS // 2),
        ({"operation": "IN", "key": "name", "string_values": {"values": ["run 1", "RÜN 2"]}}, 14),
        ({"operation": "GREATER_THAN", "key": "created_at", "long_value": "1001"}, 25),
        ({"operation": 7, "key": "created_at", "timestamp_value": "1970-01-01T00:16:41Z"}, 20),
        ({"operation": "IS_SUBSTRING", "key": "name", "string_value": "un 3"}, 6),
        ({"operation": "NOT_EQUALS", "key": "storage_state", "string_value": "ARCHIVED"}, ROWS),
        ({"operation": "EQUALS", "key": "storage_state", "string_value": "available"}, ROWS),
    ],
)
def test_a_filter_holds_over_all_pages(server: Running, predicate: Any, count: int, resend: bool) -> None:
    path = f"/apis/v2beta1/runs?namespace=alice&page_size=5{where(**predicate)}"
    assert len(walk(server, path, "runs", resend=resend)) == count


def test_a_tag_filter_is_kept_by_the_token(server: Running) -> None:
    tag = where(operation="EQUALS", key="tags.team", string_value="ML")
    path = f"/apis/v2beta1/pipelines?namespace=alice&page_size=1{tag}"
    assert len(walk(server, path, "pipelines", resend=False)) == 3


def test_a_row_that_goes_while_one_walks_harms_nobody(server: Running) -> None:
    token = server.token("alice")
    path = "/apis/v2beta1/runs?namespace=alice&page_size=10"
    first = server.call("GET", path, token=token).json
    boundary = server.manager.store.runs.get("r10")
    assert boundary is not None
    server.manager.store.runs.remove("r10")
    second = server.call("GET", f"{path}&page_token={quote(first['next_page_token'], safe='')}", token=token)
    assert [row["run_id"] for row in second.json["runs"]][:2] == ["r11", "r12"]
    server.manager.store.runs.add(boundary)
