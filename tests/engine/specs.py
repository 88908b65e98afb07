"""Small pipelines in IR, written by hand: also forms that no compiler writes."""

from __future__ import annotations

from typing import Any

from jupyter_kfp_mt.embedded.engine.plan.pipeline import CompiledPipeline, read_pipeline

CODE = {"executorLabel": "exec", "outputDefinitions": {"parameters": {"o": {"parameterType": "STRING"}}}}


def pipeline(tasks: dict[str, Any], components: dict[str, Any] | None = None) -> CompiledPipeline:
    spec = {
        "pipelineInfo": {"name": "p"},
        "root": {"dag": {"tasks": tasks}},
        "components": {"code": CODE, **(components or {})},
        "deploymentSpec": {"executors": {"exec": {"container": {"image": "i", "command": ["c"]}}}},
    }
    return read_pipeline(spec, None)


def task(*after: str, component: str = "code", **more: Any) -> dict[str, Any]:
    return {"componentRef": {"name": component}, "dependentTasks": list(after), **more}
