"""Presets: the values and options of a pipeline, kept under a name."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import KfpError, kfp_error
from ..models import ParameterSpec, Preset, PresetList, PresetRequest, SubmitRequest
from .backend import Backend
from .state.presets import LAST, PresetsFullError

MAX_NAME = 100  # characters


def list_presets(backend: Backend, pipeline: str) -> PresetList:
    """Return the presets of a pipeline, and the values of its last run."""
    return backend.presets.read(backend.context.namespace, pipeline)


def find_preset(backend: Backend, pipeline: str, name: str) -> Preset:
    """Return a preset by name; raises `not-found`."""
    for preset in list_presets(backend, pipeline).presets:
        if preset.name == name:
            return preset
    raise _missing_error(backend, pipeline, name)


def save_preset(backend: Backend, request: PresetRequest) -> Preset:
    """Keep a preset, in place of one with its name, and return what is kept of it."""
    name = " ".join(request.name.split())
    if not name or len(name) > MAX_NAME:
        raise kfp_error("bad-input", field="name", problem=f"it has 1 to {MAX_NAME} characters")
    if not request.pipeline.strip():
        raise kfp_error("bad-input", field="pipeline", problem="a name is needed")
    values = {**msgspec.structs.asdict(request), "name": name}
    preset = Preset(saved_at=backend.clock.now(), **values)
    try:
        return backend.presets.save(backend.context.namespace, preset)
    except (PresetsFullError, OSError, sqlite3.Error) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else failure
        raise kfp_error("bad-input", field="preset", problem=f"it cannot be kept: {reason}") from failure


def delete_preset(backend: Backend, pipeline: str, name: str) -> None:
    """Delete a preset; raises `not-found`. The last values are deleted by the name `""`."""
    if not backend.presets.delete(backend.context.namespace, pipeline, name):
        raise _missing_error(backend, pipeline, name)


def note_last_values(
    backend: Backend, pipeline: str, request: SubmitRequest, sent: Mapping[str, Any]
) -> None:
    """Keep those of the sent values that the person gave, for the next run of the pipeline."""
    preset = Preset(
        pipeline=pipeline,
        name=LAST,
        saved_at=backend.clock.now(),
        parameters={name: sent[name] for name in request.parameters if name in sent},
        experiment=request.experiment,
        description=request.description,
        cache=request.cache,
        pipeline_root=request.pipeline_root,
        service_account=request.service_account,
    )
    backend.presets.note_last(backend.context.namespace, preset)


def split_values(preset: Preset, specs: list[ParameterSpec]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of `preset` for parameters that the pipeline has, and the names of the others."""
    known = {spec.name for spec in specs}
    values = {name: value for name, value in preset.parameters.items() if name in known}
    return values, [name for name in preset.parameters if name not in known]


def _missing_error(backend: Backend, pipeline: str, name: str) -> KfpError:
    known = ", ".join(preset.name for preset in list_presets(backend, pipeline).presets[:10])
    error = kfp_error("not-found", thing="preset", ref=name, ns=pipeline)
    return error.replace(next=f"There is: {known}" if known else "It has no presets yet.", command="")
