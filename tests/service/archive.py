"""What a real server answered about the logs of pods that are gone."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_kfp_mt.client import Response
from tests.service.argo import node_id
from tests.service.cluster import RUN, pod_name

TASK, POD = node_id("root.load"), pod_name("root.load.executor")
NODE = node_id("root.load.executor")
BY_POD, BY_NODE = (f"/apis/v1alpha1/runs/{RUN}/nodes/{name}/log" for name in (POD, NODE))
RECORDED = {
    entry["what"]: Response(
        status=entry["response"]["status"],
        headers={"content-type": entry["response"]["headers"]["Content-Type"]},
        body=json.dumps(entry["response"]["body"], ensure_ascii=False).encode(),
    )
    for entry in json.loads((Path(__file__).parent / "data/archived-logs.json").read_text())
}
NO_SUCH_KEY = RECORDED["v1alpha1 run log, no credentials"]


def text(body: str | bytes) -> Response:
    raw = body if isinstance(body, bytes) else body.encode()
    return Response(status=200, headers={"content-type": "text/plain; charset=utf-8"}, body=raw)
