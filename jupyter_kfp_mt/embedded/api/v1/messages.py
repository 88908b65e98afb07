"""The request bodies of v1beta1 as tables (KFP's `backend/api/v1beta1/*.proto`)."""

from __future__ import annotations

from ..shared.messages import make_filter_syntax, read_trigger, read_url
from ..shared.protojson import (
    Message,
    read_bool,
    read_double,
    read_enum,
    read_int64,
    read_list,
    read_map,
    read_message,
    read_text,
    read_time,
    read_value,
)

_PACKAGE = "v1beta1."
FILTERS = make_filter_syntax("v1beta1.Filter", "op", "go_client.Predicate_Op")

_KEY_TYPES = ("UNKNOWN_RESOURCE_TYPE", "EXPERIMENT", "JOB", "PIPELINE", "PIPELINE_VERSION", "NAMESPACE")
_REFERENCES = read_list(
    read_message(
        Message(
            _PACKAGE + "ResourceReference",
            {
                "key": read_message(
                    Message(_PACKAGE + "ResourceKey", {"type": read_enum(*_KEY_TYPES), "id": read_text})
                ),
                "name": read_text,
                "relationship": read_enum("UNKNOWN_RELATIONSHIP", "OWNER", "CREATOR"),
            },
        )
    )
)
KEY_TYPES = "|".join(_KEY_TYPES)
_PARAMETERS = read_list(
    read_message(Message(_PACKAGE + "Parameter", {"name": read_text, "value": read_text}))
)
_SPEC = read_message(
    Message(
        _PACKAGE + "PipelineSpec",
        {
            "pipeline_id": read_text,
            "pipeline_name": read_text,
            "workflow_manifest": read_text,
            "pipeline_manifest": read_text,
            "parameters": _PARAMETERS,
            "runtime_config": read_message(
                Message(
                    _PACKAGE + "PipelineSpec.RuntimeConfig",
                    {"parameters": read_map(read_value), "pipeline_root": read_text},
                )
            ),
        },
    )
)
_STORAGE = read_enum("STORAGESTATE_UNSPECIFIED", "STORAGESTATE_AVAILABLE", "STORAGESTATE_ARCHIVED")
EXPERIMENT = Message(
    _PACKAGE + "Experiment",
    {
        "id": read_text,
        "name": read_text,
        "description": read_text,
        "created_at": read_time,
        "resource_references": _REFERENCES,
        "storage_state": _STORAGE,
    },
)
_METRICS = read_list(
    read_message(
        Message(
            _PACKAGE + "RunMetric",
            {
                "name": read_text,
                "node_id": read_text,
                "number_value": read_double,
                "format": read_enum("UNSPECIFIED", "RAW", "PERCENTAGE"),
            },
        )
    )
)
RUN = Message(
    _PACKAGE + "Run",
    {
        "id": read_text,
        "name": read_text,
        "storage_state": read_enum("STORAGESTATE_AVAILABLE", "STORAGESTATE_ARCHIVED"),
        "description": read_text,
        "pipeline_spec": _SPEC,
        "resource_references": _REFERENCES,
        "service_account": read_text,
        "created_at": read_time,
        "scheduled_at": read_time,
        "finished_at": read_time,
        "status": read_text,
        "error": read_text,
        "metrics": _METRICS,
    },
)
JOB = Message(
    _PACKAGE + "Job",
    {
        "id": read_text,
        "name": read_text,
        "description": read_text,
        "pipeline_spec": _SPEC,
        "resource_references": _REFERENCES,
        "service_account": read_text,
        "max_concurrency": read_int64,
        "trigger": read_trigger(_PACKAGE),
        "mode": read_enum("UNKNOWN_MODE", "ENABLED", "DISABLED"),
        "created_at": read_time,
        "updated_at": read_time,
        "status": read_text,
        "error": read_text,
        "enabled": read_bool,
        "no_catchup": read_bool,
    },
)
VERSION = Message(
    _PACKAGE + "PipelineVersion",
    {
        "id": read_text,
        "name": read_text,
        "created_at": read_time,
        "parameters": _PARAMETERS,
        "code_source_url": read_text,
        "package_url": read_url(_PACKAGE),
        "resource_references": _REFERENCES,
        "description": read_text,
    },
)
PIPELINE = Message(
    _PACKAGE + "Pipeline",
    {
        "id": read_text,
        "created_at": read_time,
        "name": read_text,
        "description": read_text,
        "parameters": _PARAMETERS,
        "url": read_url(_PACKAGE),
        "error": read_text,
        "default_version": read_message(VERSION),
        "resource_references": _REFERENCES,
    },
)
REPORT_METRICS = Message(_PACKAGE + "ReportRunMetricsRequest", {"run_id": read_text, "metrics": _METRICS})
