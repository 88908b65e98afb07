"""Read requests strictly: anything unknown, of a wrong type or out of bounds is `bad-input`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

import msgspec

from ..errors import KfpError, kfp_error
from ..names import NAMESPACE
from .routes import DRIVER, IDENTIFIER, NO_NAMESPACE, RunIds, States

M = TypeVar("M")

_JUPYTERS_OWN = frozenset({"token", "_xsrf", "no_track_activity"})  # query arguments of any Jupyter route
_THINGS = {
    "run_id": ("run", "runs"),
    "task_id": ("task", "runs"),
    "pipeline_id": ("pipeline", "pipelines"),
    "version_id": ("pipeline version", "pipelines"),
    "other_id": ("pipeline version", "pipelines"),
    "experiment_id": ("experiment", "experiments"),
    "recurring_run_id": ("recurring run", "recurring"),
    "job_id": ("bulk action", "runs"),
}
_WORDS = {
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`object`": "an object",
    "`array`": "a list",
    "`null`": "nothing",
}


class NoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request that needs none."""


def read_body(data: bytes, model: type[M]) -> M:
    """Return `data` as a `model`; raises `bad-input` naming the field."""
    try:
        return msgspec.json.decode(data or b"{}", type=model)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _to_bad_input(str(error), "body") from error
    except RecursionError as error:
        raise kfp_error("bad-input", field="body", problem="is nested too deeply") from error


def check_size(data: bytes, limit: int) -> None:
    """Raise `too-large` when a body is longer than `limit` bytes."""
    if len(data) > limit:
        raise kfp_error(
            "too-large",
            thing="The request",
            size=_format_mebibytes(len(data)),
            limit=_format_mebibytes(limit),
            next="",
        )


def read_query(given: Mapping[str, list[bytes]], known: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the query's arguments in their types; raises `bad-input` naming the argument.

    A name of digits only is ignored: JupyterLab appends the time to bypass caches.
    """
    types = dict(known)
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if name in types:
            values[name] = _read_argument(name, texts[-1], types[name])
        elif name not in _JUPYTERS_OWN and not name.isdigit():
            raise kfp_error("bad-input", field=_shorten(name), problem="is not known")
    return values


def check_names(names: Mapping[str, Any]) -> None:
    """Raise an error if a namespace or an id among `names` is malformed.

    A namespace is `bad-input`; an id is `not-found`, like one that does not exist, so that the error does not
    tell which ids exist.
    """
    namespace = names.get("namespace", "")
    if namespace not in ("", NO_NAMESPACE) and not NAMESPACE.fullmatch(namespace):
        raise kfp_error(
            "bad-input",
            field="namespace",
            problem="is not a name of a namespace",
            why="It has lower-case letters, digits and hyphens, at most 63.",
        )
    for name, (thing, where) in _THINGS.items():
        if name == "task_id" and names.get(name) == DRIVER:
            continue
        if name in names and not re.fullmatch(IDENTIFIER, names[name]):
            raise kfp_error("not-found", thing=thing, ref=_shorten(names[name]), ns=namespace, list=where)


def _read_argument(name: str, text: bytes, kind: Any) -> Any:
    try:
        value: object = text.decode()
        if kind in (States, RunIds):
            value = [part for part in text.decode().split(",") if part]
        read = msgspec.convert(value, kind, strict=False)
        if isinstance(read, datetime):
            read.astimezone(timezone.utc)  # the first and the last day may be none in UTC
        return tuple(phase.value for phase in read) if kind is States else read
    except msgspec.ValidationError as error:
        raise _to_bad_input(str(error), name) from error
    except UnicodeDecodeError as error:
        raise kfp_error("bad-input", field=name, problem="is not UTF-8") from error
    except OverflowError as error:
        raise kfp_error("bad-input", field=name, problem="is out of range") from error


def _to_bad_input(message: str, whole: str) -> KfpError:
    """Return `bad-input` for a message of msgspec; `whole` is the name of what was read.

    msgspec's errors are texts only, such as "Expected `int`, got `str` - at `$.page_size`".
    """
    text, _, place = message.partition(" - at `$")
    path = place.rstrip("`").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", text, re.DOTALL)
    missing = re.fullmatch(r"Object missing required field `(.*)`", text, re.DOTALL)
    if match := unknown or missing:
        field = f"{path}.{match[1]}" if path else match[1]
        return kfp_error(
            "bad-input", field=_shorten(field), problem="is not known" if unknown else "is missing"
        )
    for word, ours in _WORDS.items():
        text = text.replace(word, ours)
    text = text.replace("`", "")
    problem = text if text[:2].isupper() else text[:1].lower() + text[1:]
    field = whole + path if not path or path.startswith("[") else path
    return kfp_error("bad-input", field=_shorten(field), problem=_shorten(problem))


def _shorten(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"


def _format_mebibytes(count: int) -> str:
    return f"{count / (1 << 20):.1f} MiB"
