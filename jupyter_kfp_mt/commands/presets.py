"""Presets of a pipeline: values and options that `submit` keeps and takes again."""

from __future__ import annotations

import msgspec

from ..models import PresetRequest, SubmitRequest
from .session import Session

_OPTIONS = ("experiment", "description", "cache", "pipeline_root", "service_account")


def apply_preset(session: Session, request: SubmitRequest, name: str) -> SubmitRequest:
    """Return `request` with what is kept under `name`; raises `not-found`.

    What the person gave wins; values of parameters that the pipeline no longer has are left out.
    """
    service = session.service(start=True)
    pipeline = service.inspect(request.source).pipeline
    preset = service.find_preset(pipeline.name, name)
    known = {spec.name for spec in pipeline.parameters}
    values = {key: value for key, value in preset.parameters.items() if key in known}
    for key in preset.parameters:
        if key not in known:
            session.front.say(f"{pipeline.name} has no parameter {key} any more; it is left out.")
    unset = SubmitRequest(source=request.source)
    options = {
        option: getattr(preset, option)
        for option in _OPTIONS
        if getattr(request, option) == getattr(unset, option) and getattr(preset, option)
    }
    return msgspec.structs.replace(request, parameters={**values, **request.parameters}, **options)


def keep_preset(session: Session, request: SubmitRequest, name: str) -> None:
    """Keep the values and options of `request` under `name`, for its pipeline."""
    service = session.service()
    values = service.preview(request).get("runtime_config", {}).get("parameters", {})
    kept = service.save_preset(
        PresetRequest(
            pipeline=service.inspect(request.source).pipeline.name,
            name=name,
            parameters={key: value for key, value in values.items() if key in request.parameters},
            **{option: getattr(request, option) for option in _OPTIONS},
        )
    )
    left_out = [key for key in request.parameters if key not in kept.parameters]
    said = f"Kept as preset {kept.name}."
    if left_out:
        said += f" Not kept, since they look like credentials: {', '.join(left_out)}."
    session.front.say(said)
