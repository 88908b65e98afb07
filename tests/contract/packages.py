"""The files that the recordings of uploads sent, by the names that the stories give them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


def specs() -> dict[str, Any]:
    """The pipelines that the recordings ran, by the names that the cases use."""
    return {path.stem: json.loads(path.read_text()) for path in DATA.glob("*.json")}


@cache
def specs_by_name() -> dict[str, Any]:
    """What cases write for a pipeline: as it is, and as the text of v1 fields."""
    found = {f"<spec {name}>": spec for name, spec in specs().items()}
    return {**found, **{f"<text of spec {name}>": json.dumps(spec) for name, spec in specs().items()}}


PLAIN = specs()["plain"]
YAML = yaml.safe_dump(PLAIN).encode()
PLATFORM = yaml.safe_dump({"platforms": {"kubernetes": {"deploymentSpec": {"executors": {}}}}}).encode()
OTHER_PLATFORM = yaml.safe_dump({"platforms": {"other": {}}}).encode()
ARGO = yaml.safe_dump(
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "hw-"},
        "spec": {
            "entrypoint": "m",
            "arguments": {"parameters": [{"name": "p", "value": "v"}]},
            "templates": [
                {
                    "name": "m",
                    "container": {"image": "busybox", "command": ["echo", "{{workflow.parameters.p}}"]},
                }
            ],
        },
    }
).encode()


def zipped(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def tarred(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def changed(**fields: object) -> bytes:
    """The plain pipeline with other fields; None takes one out."""
    found = {**PLAIN, **fields}
    return yaml.safe_dump({name: value for name, value in found.items() if value is not None}).encode()


def documents(*parts: bytes) -> bytes:
    return b"\n---\n".join(parts)


CONTENTS = {
    "plain": YAML,
    "json": json.dumps(PLAIN).encode(),
    "no cache": YAML.replace(b"enableCache: true", b"enableCache: false"),
    "text": json.dumps(specs().get("text")).encode(),
    "zip": zipped(("pipeline.yaml", YAML)),
    "zip a/b.yaml": zipped(("a/b.yaml", YAML)),
    "zip ../../evil.yaml": zipped(("../../evil.yaml", YAML)),
    "zip unicode": zipped(("pïpe🚀.yaml", YAML)),
    "zip pipeline.json": zipped(("pipeline.json", YAML)),
    "zip pipeline.txt": zipped(("pipeline.txt", YAML)),
    "zip a.yaml first": zipped(("a.yaml", YAML), ("b.txt", b"x")),
    "zip readme first": zipped(("readme.txt", b"x"), ("b.yaml", YAML)),
    "zip pipeline second": zipped(("readme.txt", b"x"), ("pipeline.yaml", YAML)),
    "zip dir/pipeline second": zipped(("a.yaml", b"a: 1"), ("dir/pipeline.yaml", YAML)),
    "zip empty": zipped(),
    "zip truncated": zipped(("pipeline.yaml", YAML))[:200],
    "zip garbage": b"PK garbage",
    "tar": tarred(("pipeline.yaml", YAML)),
    "tar odd": tarred(("../x/y.yaml", YAML)),
    "tar pipeline second": tarred(("readme.txt", b"x"), ("pipeline.yaml", YAML)),
    "tar readme first": tarred(("readme.txt", b"x"), ("b.yaml", YAML)),
    "tar empty": tarred(),
    "tar truncated": tarred(("pipeline.yaml", YAML))[:200],
    "tar garbage": b"\x1f\x8b garbage",
    "gzip": gzip.compress(YAML),
    "empty": b"",
    "comment": b"# nothing\n",
    "no yaml": b"a: [1\n",
    "list": b"- 1\n- 2\n",
    "mapping": b"a: 1\n",
    "unknown field": changed(surprise=1),
    "schema 2.0.0": changed(schemaVersion="2.0.0"),
    "bad name": changed(pipelineInfo={"name": "Bad Name"}),
    "other name": changed(pipelineInfo={"name": "other"}),
    "no root": changed(root=None),
    "argo": ARGO,
    "platform": documents(YAML, PLATFORM),
    "platform first": documents(PLATFORM, YAML),
    "two pipelines": documents(YAML, YAML),
    "two platforms": documents(YAML, PLATFORM, PLATFORM),
    "other platform": documents(YAML, OTHER_PLATFORM),
    "empty second": YAML + b"\n---\n",
    "only platform": PLATFORM,
}


def content(name: str) -> bytes:
    """The file of this name; also `yaml of N bytes`, `zip with yaml of N bytes`: filled up by a comment."""
    inside, _, size = name.removeprefix("zip with ").rpartition("yaml of ")
    if not size.endswith(" bytes") or inside:
        return CONTENTS[name]
    found = YAML + b"#" * (int(size.removesuffix(" bytes")) - len(YAML))
    return zipped(("pipeline.yaml", found)) if name.startswith("zip with ") else found


def multipart(field: str, file: str, content_name: str) -> tuple[bytes, str]:
    """The body of an upload and its content type."""
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{file}"\r\n\r\n'
    return head.encode() + content(content_name) + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
