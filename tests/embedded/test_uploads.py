"""Packages that come in: every form of them, and what is wrong with them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_kfp_mt.downloads import Downloader
from jupyter_kfp_mt.embedded.core.fetch import fetch
from jupyter_kfp_mt.embedded.core.reader import LARGE
from jupyter_kfp_mt.embedded.errors import ApiError, invalid_input
from tests.contract.packages import specs, tarred, zipped
from tests.embedded.running import Reply, Running, running

YAML = yaml.safe_dump(specs()["plain"]).encode()
PLATFORM = b"\n---\nplatforms:\n  kubernetes:\n    deploymentSpec: {executors: {}}\n"
ARGO = (
    b"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: hw-}\n"
    b"spec: {entrypoint: m, arguments: {parameters: [{name: p, value: v}]},"
    b" templates: [{name: m, container: {image: busybox, command: [echo, hi]}}]}\n"
)
URLS = {"https://files.example/p.yaml": YAML, "https://files.example/": YAML}


def download(url: str) -> bytes:
    if url not in URLS:
        raise invalid_input(f"error fetching pipeline spec from {url} - request returned 404 Not Found")
    return URLS[url]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("uploads"), fetch=download) as made:
        yield made


def upload(
    server: Running, file: str, data: bytes, *, query: str, api: str = "v2beta1", to: str = "upload"
) -> Reply:
    head = f'--x\r\nContent-Disposition: form-data; name="uploadfile"; filename="{file}"\r\n\r\n'
    body = head.encode() + data + b"\r\n--x--\r\n"
    headers = [("Content-Type", "multipart/form-data; boundary=x")]
    path = f"/apis/{api}/pipelines/{to}?{query}"
    return server.call("POST", path, body, token=server.token("alice"), headers=headers)


def test_numbers_come_back_as_protojson_writes_them(server: Running) -> None:
    literals = [20971520.0, 0.5, -2.0, 9007199254740993, 3, True, "1.0"]
    plain = specs()["plain"]
    inputs = {"parameters": {"n": {"parameterType": "NUMBER_DOUBLE", "literals": literals}}}
    root = {**plain["root"], "inputDefinitions": inputs}
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"e": {"n": [7.0]}}}}}}
    text = yaml.safe_dump_all([{**plain, "root": root}, platform]).encode()

    reply = upload(server, "n.yaml", text, query="namespace=alice&name=numbers")

    path = f"/apis/v2beta1/pipelines/{reply.json['pipeline_id']}/versions"
    body = server.call("GET", path, token=server.token("alice")).body.decode()
    assert '"literals":[20971520,0.5,-2,9007199254740992,3,true,"1.0"]' in body
    assert '"n":[7]' in body


def test_a_large_file_is_read_as_a_small_one_is(server: Running) -> None:
    """It is read in a process of its own."""
    token = server.token("alice")
    texts = {"ir": YAML, "argo": ARGO, "broken": b"root: [1", "none": b"a: 1", "two": YAML + b"---\n" + YAML}
    for name, text in texts.items():
        files = [b"# " + b"x" * size + b"\n" + text for size in (1, LARGE)]
        queries = [f"namespace=alice&name={name}-{number}" for number in range(2)]
        replies = [upload(server, "p.yaml", files[i], query=queries[i]) for i in range(2)]
        assert [reply.status for reply in replies] == [200 if name in {"ir", "argo"} else 400] * 2
        if replies[0].status == 400:
            assert replies[0].body == replies[1].body
            continue
        paths = [f"/apis/v1beta1/pipelines/{reply.json['pipeline_id']}/templates" for reply in replies]
        small, large = (server.call("GET", path, token=token).body for path in paths)
        assert small == large


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("p.yaml", YAML),
        ("p.yml", YAML + PLATFORM),
        ("p.json", json.dumps(specs()["plain"]).encode()),
        ("p.zip", zipped(("other.txt", b"x"), ("pipeline.yaml", YAML))),
        ("first.bin", zipped(("../../first.yaml", YAML))),
        ("p.tar.gz", tarred(("notes.txt", b"x"), ("pipeline.yaml", YAML))),
        ("p.tgz", tarred(("a.yml", YAML))),
    ],
)
def test_every_form_of_a_package_is_read(server: Running, file: str, data: bytes) -> None:
    reply = upload(server, file, data, query=f"namespace=alice&name=form-{file}&tags=%7B%22a%22%3A%22b%22%7D")
    assert (reply.status, reply.json["name"], reply.json["tags"]) == (200, f"form-{file}", {"a": "b"})
    versions = server.call(
        "GET", f"/apis/v2beta1/pipelines/{reply.json['pipeline_id']}/versions", token=server.token("alice")
    ).json["pipeline_versions"]
    spec = versions[0]["pipeline_spec"]
    assert (spec.get("pipeline_spec") or spec)["pipelineInfo"]["name"] == "two-steps"


def broken_lzma() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("pipeline.yaml", YAML)
    data = bytearray(target.getvalue())
    data[60:80] = b"\x55" * 20
    return bytes(data)


def tar_with_link(kind: bytes) -> bytes:
    """Return a package whose pipeline.yaml is a link that leads nowhere, or a device."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("pipeline.yaml")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("file", "data", "words"),
    [
        ("p.txt", YAML, "Failed to read a pipeline spec file"),
        ("p.YAML", YAML, "Failed to read a pipeline spec file"),
        ("p.zip", b"PK\x03\x04 broken", "Failed to read a pipeline spec file"),
        ("p.zip", zipped(), "Failed to read a pipeline spec file"),
        ("p.zip", zipped(("readme.md", b"x"), ("p.yaml", YAML)), "Failed to read a pipeline spec file"),
        ("p.tar.gz", gzip.compress(b"no tar"), "Failed to read a pipeline spec file"),
        ("link.tar.gz", tar_with_link(tarfile.SYMTYPE), "Failed to read a pipeline spec file"),
        ("hard.tar.gz", tar_with_link(tarfile.LNKTYPE), "Failed to read a pipeline spec file"),
        ("device.tar.gz", tar_with_link(tarfile.CHRTYPE), "Failed to read a pipeline spec file"),
        ("bomb.zip", zipped(("pipeline.yaml", b" " * (33 << 20))), "Failed to read a pipeline spec file"),
        ("bomb.tgz", gzip.compress(b"\0" * (40 << 20)), "Failed to read a pipeline spec file"),
        (
            "many.zip",
            zipped(*((f"{n}.yaml", b"x") for n in range(1100))),
            "Failed to read a pipeline spec file",
        ),
        ("broken.zip", broken_lzma(), "Failed to read a pipeline spec file"),
        ("p.yaml", b"---\n" * 100_000, "unknown template format"),
        ("p.yaml", b"", "unknown template format"),
        ("p.yaml", b"a: 1", "unknown template format"),
        ("p.yaml", b"- " * 5000 + b"x", "unknown template format"),
        ("p.yaml", b"{" * 90000, "unknown template format"),
        ("p.yaml", b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "unknown template format"),
        ("p.yaml", b"!!python/object/apply:os.system ['true']", "unknown template format"),
        ("p.yaml", YAML + b"\n---\n" + YAML, "multiple pipeline specs provided"),
        ("p.yaml", YAML + PLATFORM + PLATFORM, "multiple platform specs provided"),
        (
            "p.yaml",
            YAML.replace(b"2.1.0", b"2.0.0"),
            "KFP only supports schema version 2.1.0, but the pipeline spec has version 2.0.0",
        ),
        ("p.yaml", YAML.replace(b"root:", b"roots:"), "unknown template format"),
        ("p.yaml", b"\xff\xfe", "unknown template format"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_is_no_package_is_refused_in_words(server: Running, file: str, data: bytes, words: str) -> None:
    reply = upload(server, file, data, query="namespace=alice&name=bad")
    assert (reply.status, reply.json["error_message"]) == (400, words)
    found = server.call(
        "GET", "/apis/v2beta1/pipelines/names/bad?namespace=alice", token=server.token("alice")
    )
    assert found.status == 404


def test_aliases_that_grow_are_refused_by_their_bound(server: Running) -> None:
    levels = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    reply = upload(server, "p.yaml", "\n".join(["a0: &a0 [x]", *levels]).encode(), query="namespace=alice")
    assert (reply.status, reply.json["error_message"]) == (400, "unknown template format")
    assert "more than 1,000,000 values" in reply.json["error_details"]


def test_names_of_an_upload(server: Running) -> None:
    assert upload(server, "own name.yaml", YAML, query="namespace=alice").json["name"] == "own name.yaml"
    again = upload(server, "p.yaml", YAML, query="namespace=alice&name=OWN%20NAME.yaml")
    assert (again.status, again.json["error_message"]) == (
        409,
        "Failed to create a pipeline and a pipeline version",
    )
    long = upload(server, "p.yaml", YAML, query=f"namespace=alice&name={'n' * 129}")
    assert (long.status, long.body) == (400, b"Invalid input error: Pipeline.Name length cannot exceed 128\n")


def test_a_version_is_uploaded_to_its_pipeline(server: Running) -> None:
    made = upload(server, "p.yaml", YAML, query="namespace=alice&name=versions").json
    query = f"pipelineid={made['pipeline_id']}&name=v2"
    assert upload(server, "p.yaml", YAML, query=query, to="upload_version").json["name"] == "v2"
    assert upload(server, "p.yaml", YAML, query=query, to="upload_version").status == 409
    assert upload(server, "p.yaml", YAML, query="pipelineid=nope&name=v", to="upload_version").status == 400


def test_an_argo_workflow_is_kept_and_shown(server: Running) -> None:
    made = upload(server, "w.yaml", ARGO, query="namespace=alice&name=argo", api="v1beta1").json
    assert made["parameters"] == [{"name": "p", "value": "v"}]
    path = f"/apis/v1beta1/pipelines/{made['id']}/templates"
    text = server.call("GET", path, token=server.token("alice")).json["template"]
    assert yaml.safe_load(text) == yaml.safe_load(ARGO)


def test_a_package_comes_by_url(server: Running) -> None:
    def create(url: str, **pipeline: Any) -> Reply:
        body = {
            "pipeline": {"namespace": "alice", **pipeline},
            "pipeline_version": {"package_url": {"pipeline_url": url}},
        }
        return server.call("POST", "/apis/v2beta1/pipelines/create", body, token=server.token("alice"))

    assert create("https://files.example/p.yaml").json["name"] == "p.yaml"
    assert create("https://files.example/p.yaml").status == 409
    assert create("https://files.example/nope.yaml", name="n").status == 400
    assert create("", name="n").status == 400
    assert create("https://[files.example/p.yaml", name="n").status == 400


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/x.yaml",
        "https://127.0.0.1/x.yaml",
        "https://github.com:8443/x.yaml",
        "https://user@github.com/x.yaml",
        "https://evil.example/github.com/x.yaml",
        "https://github.com.evil.example/x.yaml",
        "ftp://github.com/x.yaml",
        "https://[::1]/x.yaml",
        "https://github.com:99999/x.yaml",
    ],
)
def test_only_allowed_hosts_are_asked(url: str) -> None:
    with pytest.raises(ApiError, match="Pipeline URL validation failed"):
        fetch(url)


def test_a_name_that_leads_home_is_not_followed() -> None:
    with pytest.raises(ApiError, match="Pipeline URL validation failed"):
        fetch("https://localhost/x.yaml", Downloader(is_allowed=lambda host: host == "localhost"))


def test_a_body_over_its_bound_is_refused_in_words_and_a_boundless_one_before_it_is_read(
    server: Running,
) -> None:
    large = server.call("POST", "/apis/v2beta1/runs", b" " * (40 << 20), token=server.token("alice"))
    headers = [("Content-Length", str(2 << 30))]
    empty = server.call("POST", "/apis/v2beta1/runs", b"", token=server.token("alice"), headers=headers)
    for reply in (large, empty):
        assert (reply.status, reply.json["message"]) == (413, "the body is larger than 8388608 bytes")


def test_packages_of_the_examples_are_read() -> None:
    import jupyter_kfp_mt
    from jupyter_kfp_mt.embedded.core.packages import read_template

    examples = sorted((Path(jupyter_kfp_mt.__file__).parent / "example").glob("*.yaml"))
    assert [read_template(path.read_bytes()).package is not None for path in examples] == [True] * len(
        examples
    )
