"""The messages of both API versions as tables: what a body may hold (`backend/api/*.proto`)."""

from __future__ import annotations

from typing import Any

from ..core.listing import FilterSyntax
from .protojson import (
    Message,
    Reader,
    bool_kind,
    double_kind,
    enum_kind,
    int32_kind,
    int64_kind,
    list_kind,
    map_kind,
    message_kind,
    parse,
    struct_kind,
    text_kind,
    time_kind,
    value_kind,
)

_V2 = "kubeflow.pipelines.backend.api.v2beta1."
_OPERATIONS = (
    "UNKNOWN",
    "EQUALS",
    "NOT_EQUALS",
    "GREATER_THAN",
    "",
    "GREATER_THAN_EQUALS",
    "LESS_THAN",
    "LESS_THAN_EQUALS",
    "IN",
    "IS_SUBSTRING",
)
_STATES = ("", "PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELING", "CANCELED", "PAUSED")

STATUS = message_kind(
    Message(
        "google.rpc.Status",
        {"code": int32_kind, "message": text_kind, "details": list_kind(struct_kind)},
    )
)


def _values(item: Reader) -> Reader:
    return message_kind(Message("Values", {"values": list_kind(item)}))


def _filter(name: str, operation: str, kind: Reader) -> Message:
    fields: dict[str, Reader] = {
        operation: kind,
        "key": text_kind,
        "int_value": int32_kind,
        "long_value": int64_kind,
        "string_value": text_kind,
        "timestamp_value": time_kind,
        "int_values": _values(int32_kind),
        "long_values": _values(int64_kind),
        "string_values": _values(text_kind),
    }
    values = tuple(field for field in fields if field.endswith(("_value", "_values")))
    return Message(
        name, {"predicates": list_kind(message_kind(Message(f"{name}.Predicate", fields, {"value": values})))}
    )


def _operation(source: Any, at: int, name: str) -> tuple[str, int]:
    value, end = enum_kind(*_OPERATIONS)(source, at, name)
    return ("" if value == "UNKNOWN" else value), end


_FILTER_V2 = _filter("ml_pipelines.Filter", "operation", _operation)
_FILTER_V1 = _filter("v1beta1.Filter", "op", _operation)
FILTERS_V2 = FilterSyntax(
    lambda text: parse(_FILTER_V2, text, cut=False), "operation", "go_client.Predicate_Operation"
)
FILTERS_V1 = FilterSyntax(lambda text: parse(_FILTER_V1, text, cut=False), "op", "go_client.Predicate_Op")

RUNTIME_CONFIG = message_kind(
    Message(_V2 + "RuntimeConfig", {"parameters": map_kind(value_kind), "pipeline_root": text_kind})
)
_REFERENCE = message_kind(
    Message(_V2 + "PipelineVersionReference", {"pipeline_id": text_kind, "pipeline_version_id": text_kind})
)
_HISTORY = list_kind(
    message_kind(
        Message(
            _V2 + "RuntimeStatus",
            {
                "update_time": time_kind,
                "state": enum_kind("RUNTIME_STATE_UNSPECIFIED", *_STATES[1:]),
                "error": STATUS,
            },
        )
    )
)
_STORAGE = enum_kind("STORAGE_STATE_UNSPECIFIED", "AVAILABLE", "ARCHIVED")

EXPERIMENT = Message(
    _V2 + "Experiment",
    {
        "experiment_id": text_kind,
        "display_name": text_kind,
        "description": text_kind,
        "created_at": time_kind,
        "namespace": text_kind,
        "storage_state": _STORAGE,
        "last_run_created_at": time_kind,
    },
)

RUN = Message(
    _V2 + "Run",
    {
        "experiment_id": text_kind,
        "run_id": text_kind,
        "display_name": text_kind,
        "storage_state": _STORAGE,
        "description": text_kind,
        "pipeline_version_id": text_kind,
        "pipeline_spec": struct_kind,
        "pipeline_version_reference": _REFERENCE,
        "runtime_config": RUNTIME_CONFIG,
        "service_account": text_kind,
        "created_at": time_kind,
        "scheduled_at": time_kind,
        "finished_at": time_kind,
        "state": enum_kind("RUNTIME_STATE_UNSPECIFIED", *_STATES[1:]),
        "error": STATUS,
        "run_details": struct_kind,
        "recurring_run_id": text_kind,
        "state_history": _HISTORY,
        "plugins_input": map_kind(struct_kind),
        "plugins_output": map_kind(struct_kind),
    },
    {"pipeline_source": ("pipeline_version_id", "pipeline_spec", "pipeline_version_reference")},
)


def trigger(package: str) -> Reader:
    """The trigger of a recurring run or job."""
    cron = Message(
        package + "CronSchedule", {"start_time": time_kind, "end_time": time_kind, "cron": text_kind}
    )
    periodic = Message(
        package + "PeriodicSchedule",
        {"start_time": time_kind, "end_time": time_kind, "interval_second": int64_kind},
    )
    return message_kind(
        Message(
            package + "Trigger",
            {"cron_schedule": message_kind(cron), "periodic_schedule": message_kind(periodic)},
            {"trigger": ("cron_schedule", "periodic_schedule")},
        )
    )


RECURRING_RUN = Message(
    _V2 + "RecurringRun",
    {
        "recurring_run_id": text_kind,
        "display_name": text_kind,
        "description": text_kind,
        "pipeline_version_id": text_kind,
        "pipeline_spec": struct_kind,
        "pipeline_version_reference": _REFERENCE,
        "runtime_config": RUNTIME_CONFIG,
        "service_account": text_kind,
        "max_concurrency": int64_kind,
        "trigger": trigger(_V2),
        "mode": enum_kind("MODE_UNSPECIFIED", "ENABLE", "DISABLE"),
        "created_at": time_kind,
        "updated_at": time_kind,
        "status": enum_kind("STATUS_UNSPECIFIED", "ENABLED", "DISABLED"),
        "error": STATUS,
        "no_catchup": bool_kind,
        "namespace": text_kind,
        "experiment_id": text_kind,
        "plugins_input": map_kind(struct_kind),
    },
    {"pipeline_source": ("pipeline_version_id", "pipeline_spec", "pipeline_version_reference")},
)

PIPELINE = Message(
    _V2 + "Pipeline",
    {
        "pipeline_id": text_kind,
        "display_name": text_kind,
        "name": text_kind,
        "description": text_kind,
        "created_at": time_kind,
        "namespace": text_kind,
        "error": STATUS,
        "tags": map_kind(text_kind),
    },
)
URL = message_kind(Message(_V2 + "Url", {"pipeline_url": text_kind}))
VERSION = Message(
    _V2 + "PipelineVersion",
    {
        "pipeline_id": text_kind,
        "pipeline_version_id": text_kind,
        "display_name": text_kind,
        "name": text_kind,
        "description": text_kind,
        "created_at": time_kind,
        "package_url": URL,
        "code_source_url": text_kind,
        "pipeline_spec": struct_kind,
        "error": STATUS,
        "tags": map_kind(text_kind),
    },
)
PIPELINE_AND_VERSION = Message(
    _V2 + "CreatePipelineAndVersionRequest",
    {"pipeline": message_kind(PIPELINE), "pipeline_version": message_kind(VERSION)},
)

# v1beta1

_KEY_TYPES = ("UNKNOWN_RESOURCE_TYPE", "EXPERIMENT", "JOB", "PIPELINE", "PIPELINE_VERSION", "NAMESPACE")
REFERENCES = list_kind(
    message_kind(
        Message(
            "v1beta1.ResourceReference",
            {
                "key": message_kind(
                    Message("v1beta1.ResourceKey", {"type": enum_kind(*_KEY_TYPES), "id": text_kind})
                ),
                "name": text_kind,
                "relationship": enum_kind("UNKNOWN_RELATIONSHIP", "OWNER", "CREATOR"),
            },
        )
    )
)
KEY_TYPES = "|".join(_KEY_TYPES)
PARAMETERS = list_kind(message_kind(Message("v1beta1.Parameter", {"name": text_kind, "value": text_kind})))
SPEC_V1 = message_kind(
    Message(
        "v1beta1.PipelineSpec",
        {
            "pipeline_id": text_kind,
            "pipeline_name": text_kind,
            "workflow_manifest": text_kind,
            "pipeline_manifest": text_kind,
            "parameters": PARAMETERS,
            "runtime_config": message_kind(
                Message(
                    "v1beta1.PipelineSpec.RuntimeConfig",
                    {"parameters": map_kind(value_kind), "pipeline_root": text_kind},
                )
            ),
        },
    )
)
_STORAGE_V1 = enum_kind("STORAGESTATE_UNSPECIFIED", "STORAGESTATE_AVAILABLE", "STORAGESTATE_ARCHIVED")
EXPERIMENT_V1 = Message(
    "v1beta1.Experiment",
    {
        "id": text_kind,
        "name": text_kind,
        "description": text_kind,
        "created_at": time_kind,
        "resource_references": REFERENCES,
        "storage_state": _STORAGE_V1,
    },
)
METRICS = list_kind(
    message_kind(
        Message(
            "v1beta1.RunMetric",
            {
                "name": text_kind,
                "node_id": text_kind,
                "number_value": double_kind,
                "format": enum_kind("UNSPECIFIED", "RAW", "PERCENTAGE"),
            },
        )
    )
)
RUN_V1 = Message(
    "v1beta1.Run",
    {
        "id": text_kind,
        "name": text_kind,
        "storage_state": enum_kind("STORAGESTATE_AVAILABLE", "STORAGESTATE_ARCHIVED"),
        "description": text_kind,
        "pipeline_spec": SPEC_V1,
        "resource_references": REFERENCES,
        "service_account": text_kind,
        "created_at": time_kind,
        "scheduled_at": time_kind,
        "finished_at": time_kind,
        "status": text_kind,
        "error": text_kind,
        "metrics": METRICS,
    },
)
JOB_V1 = Message(
    "v1beta1.Job",
    {
        "id": text_kind,
        "name": text_kind,
        "description": text_kind,
        "pipeline_spec": SPEC_V1,
        "resource_references": REFERENCES,
        "service_account": text_kind,
        "max_concurrency": int64_kind,
        "trigger": trigger("v1beta1."),
        "mode": enum_kind("UNKNOWN_MODE", "ENABLED", "DISABLED"),
        "created_at": time_kind,
        "updated_at": time_kind,
        "status": text_kind,
        "error": text_kind,
        "enabled": bool_kind,
        "no_catchup": bool_kind,
    },
)
VERSION_V1 = Message(
    "v1beta1.PipelineVersion",
    {
        "id": text_kind,
        "name": text_kind,
        "created_at": time_kind,
        "parameters": PARAMETERS,
        "code_source_url": text_kind,
        "package_url": URL,
        "resource_references": REFERENCES,
        "description": text_kind,
    },
)
PIPELINE_V1 = Message(
    "v1beta1.Pipeline",
    {
        "id": text_kind,
        "created_at": time_kind,
        "name": text_kind,
        "description": text_kind,
        "parameters": PARAMETERS,
        "url": URL,
        "error": text_kind,
        "default_version": message_kind(VERSION_V1),
        "resource_references": REFERENCES,
    },
)
REPORT_METRICS = Message("v1beta1.ReportRunMetricsRequest", {"run_id": text_kind, "metrics": METRICS})
