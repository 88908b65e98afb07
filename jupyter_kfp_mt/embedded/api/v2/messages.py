"""The request bodies of v2beta1 as tables (KFP's `backend/api/v2beta1/*.proto`)."""

from __future__ import annotations

from ..shared.messages import make_filter_syntax, read_trigger, read_url
from ..shared.protojson import (
    Message,
    read_bool,
    read_enum,
    read_int32,
    read_int64,
    read_list,
    read_map,
    read_message,
    read_struct,
    read_text,
    read_time,
    read_value,
)

_PACKAGE = "kubeflow.pipelines.backend.api.v2beta1."
_STATES = ("", "PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELING", "CANCELED", "PAUSED")

FILTERS = make_filter_syntax("ml_pipelines.Filter", "operation", "go_client.Predicate_Operation")
_STATUS = read_message(
    Message(
        "google.rpc.Status",
        {"code": read_int32, "message": read_text, "details": read_list(read_struct)},
    )
)
_RUNTIME_CONFIG = read_message(
    Message(_PACKAGE + "RuntimeConfig", {"parameters": read_map(read_value), "pipeline_root": read_text})
)
_REFERENCE = read_message(
    Message(
        _PACKAGE + "PipelineVersionReference", {"pipeline_id": read_text, "pipeline_version_id": read_text}
    )
)
_HISTORY = read_list(
    read_message(
        Message(
            _PACKAGE + "RuntimeStatus",
            {
                "update_time": read_time,
                "state": read_enum("RUNTIME_STATE_UNSPECIFIED", *_STATES[1:]),
                "error": _STATUS,
            },
        )
    )
)
_STORAGE = read_enum("STORAGE_STATE_UNSPECIFIED", "AVAILABLE", "ARCHIVED")

EXPERIMENT = Message(
    _PACKAGE + "Experiment",
    {
        "experiment_id": read_text,
        "display_name": read_text,
        "description": read_text,
        "created_at": read_time,
        "namespace": read_text,
        "storage_state": _STORAGE,
        "last_run_created_at": read_time,
    },
)

RUN = Message(
    _PACKAGE + "Run",
    {
        "experiment_id": read_text,
        "run_id": read_text,
        "display_name": read_text,
        "storage_state": _STORAGE,
        "description": read_text,
        "pipeline_version_id": read_text,
        "pipeline_spec": read_struct,
        "pipeline_version_reference": _REFERENCE,
        "runtime_config": _RUNTIME_CONFIG,
        "service_account": read_text,
        "created_at": read_time,
        "scheduled_at": read_time,
        "finished_at": read_time,
        "state": read_enum("RUNTIME_STATE_UNSPECIFIED", *_STATES[1:]),
        "error": _STATUS,
        "run_details": read_struct,
        "recurring_run_id": read_text,
        "state_history": _HISTORY,
        "plugins_input": read_map(read_struct),
        "plugins_output": read_map(read_struct),
    },
    {"pipeline_source": ("pipeline_version_id", "pipeline_spec", "pipeline_version_reference")},
)


RECURRING_RUN = Message(
    _PACKAGE + "RecurringRun",
    {
        "recurring_run_id": read_text,
        "display_name": read_text,
        "description": read_text,
        "pipeline_version_id": read_text,
        "pipeline_spec": read_struct,
        "pipeline_version_reference": _REFERENCE,
        "runtime_config": _RUNTIME_CONFIG,
        "service_account": read_text,
        "max_concurrency": read_int64,
        "trigger": read_trigger(_PACKAGE),
        "mode": read_enum("MODE_UNSPECIFIED", "ENABLE", "DISABLE"),
        "created_at": read_time,
        "updated_at": read_time,
        "status": read_enum("STATUS_UNSPECIFIED", "ENABLED", "DISABLED"),
        "error": _STATUS,
        "no_catchup": read_bool,
        "namespace": read_text,
        "experiment_id": read_text,
        "plugins_input": read_map(read_struct),
    },
    {"pipeline_source": ("pipeline_version_id", "pipeline_spec", "pipeline_version_reference")},
)

PIPELINE = Message(
    _PACKAGE + "Pipeline",
    {
        "pipeline_id": read_text,
        "display_name": read_text,
        "name": read_text,
        "description": read_text,
        "created_at": read_time,
        "namespace": read_text,
        "error": _STATUS,
        "tags": read_map(read_text),
    },
)
VERSION = Message(
    _PACKAGE + "PipelineVersion",
    {
        "pipeline_id": read_text,
        "pipeline_version_id": read_text,
        "display_name": read_text,
        "name": read_text,
        "description": read_text,
        "created_at": read_time,
        "package_url": read_url(_PACKAGE),
        "code_source_url": read_text,
        "pipeline_spec": read_struct,
        "error": _STATUS,
        "tags": read_map(read_text),
    },
)
PIPELINE_AND_VERSION = Message(
    _PACKAGE + "CreatePipelineAndVersionRequest",
    {"pipeline": read_message(PIPELINE), "pipeline_version": read_message(VERSION)},
)
