"""Generates `openapi.json` from the route table and the models; TypeScript types are generated from it.

`python -m jupyter_kfp_mt.openapi` prints the document; the committed file is `labextension/openapi.json`.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import Any

import msgspec

from . import __version__, models
from .errors import ErrorBody
from .server.routes import ROUTES, Route, RunIds, States

_EVENTS: tuple[type, ...] = (models.RunsEvent, models.Status, models.BulkEvent)


def build_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of the extension's REST interface."""
    used = {model for route in ROUTES for model in (route.response, route.request) if model is not None}
    named = sorted({*used, *_EVENTS, ErrorBody}, key=lambda model: model.__name__)
    _, schemas = msgspec.json.schema_components(named, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault("/jupyter-kfp-mt/" + route.path, {})[route.method.lower()] = _describe_operation(
            route
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "jupyter_kfp_mt", "version": __version__},
        "paths": paths,
        "components": {"schemas": {name: _settle_schema(schema) for name, schema in sorted(schemas.items())}},
    }


def _describe_operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route.summary, "responses": {"200": _describe_response(route)}}
    operation["responses"]["default"] = {"description": "Error", "content": _json(ErrorBody)}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": _describe_argument(kind)} for name, kind in route.query
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.request is not None:
        operation["requestBody"] = {"required": True, "content": _json(route.request)}
    return operation


def _describe_argument(kind: Any) -> dict[str, Any]:
    if kind in (States, RunIds):
        return {"type": "string", "description": "Separated by commas."}
    return msgspec.json.schema(kind)


def _describe_response(route: Route) -> dict[str, Any]:
    if route.response is None:
        return {"description": "Done", "content": {"application/json": {"schema": {"type": "object"}}}}
    kind = "text/event-stream" if route.handler == "EventsHandler" else "application/json"
    return {"description": "OK", "content": {kind: next(iter(_json(route.response).values()))}}


def _json(model: type) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _settle_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` as the interface keeps it, whatever msgspec and Python are installed.

    Docstrings are dedented here: older msgspec and Python before 3.13 keep the indentation of the source.

    Responses hold every field, requests may leave out those with a default. The models write all their
    fields (no `omit_defaults`), so a field with a default is still required in a response; a model that
    refuses unknown fields is a request.
    """
    settled = dict(schema)
    if "description" in schema:
        settled["description"] = inspect.cleandoc(schema["description"])
    if schema.get("properties") and schema.get("additionalProperties") is not False:
        settled["required"] = list(schema["properties"])
    return settled


def main() -> None:
    """Print the document."""
    json.dump(build_document(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
