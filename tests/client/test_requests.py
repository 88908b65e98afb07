from __future__ import annotations

import json
from urllib.parse import unquote

from jupyter_kfp_mt.client import experiments, filters, pipelines, runs


def test_a_page_asks_for_namespace_filter_and_order() -> None:
    request = runs.list_runs(
        "alice", [filters.equals("state", "FAILED")], sort_by="created_at desc", page_size=50
    )

    assert dict(request.query) == {
        "namespace": "alice",
        "page_size": "50",
        "sort_by": "created_at desc",
        "filter": '{"predicates":[{"operation":"EQUALS","key":"state","string_value":"FAILED"}]}',
    }
    assert request.repeatable


def test_a_later_page_asks_with_its_token_alone() -> None:
    request = runs.list_runs(
        "alice", [filters.one_of("state", ["FAILED", "RUNNING"])], sort_by="x", page_token="abc"
    )

    assert dict(request.query) == {"namespace": "alice", "page_token": "abc"}


def test_a_filter_survives_being_decoded_twice() -> None:
    text = filters.encode_filter([filters.equals("display_name", "100%+ 50%25")])

    assert json.loads(unquote(text))["predicates"][0]["string_value"] == "100%+ 50%25"
    assert "+" not in text


def test_a_search_is_taken_literally() -> None:
    predicate = filters.contains("display_name", r"a_b%c\d")

    assert predicate["string_value"] == r"a\_b\%c\\d"


def test_ids_are_one_segment_of_a_path() -> None:
    assert runs.get_run("../x?y").path == "/apis/v2beta1/runs/..%2Fx%3Fy"
    assert pipelines.get_version("p", "v").path == "/apis/v2beta1/pipelines/p/versions/v"


def test_only_what_is_harmless_may_be_repeated() -> None:
    assert not runs.create_run({"run_id": "x"}).repeatable
    assert not runs.change_run("x", "retry").repeatable
    assert not experiments.create_experiment("alice", "e").repeatable
    assert all(runs.change_run("x", verb).repeatable for verb in ("terminate", "archive", "unarchive"))
    assert runs.delete_run("x").repeatable


def test_an_upload_is_private_and_has_one_part() -> None:
    request = pipelines.upload_pipeline("alice", "a: 1\n", name="train")

    assert dict(request.query) == {"name": "train", "namespace": "alice"}
    boundary = request.content_type.partition("boundary=")[2].encode()
    assert request.body.startswith(b"--" + boundary)
    assert request.body.endswith(b"--" + boundary + b"--\r\n")
    assert b'name="uploadfile"; filename="pipeline.yaml"' in request.body


def test_an_experiment_is_created_in_its_namespace() -> None:
    request = experiments.create_experiment("alice", "churn")

    assert json.loads(request.body) == {"display_name": "churn", "namespace": "alice"}
