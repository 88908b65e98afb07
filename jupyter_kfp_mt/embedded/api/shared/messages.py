"""Parts of request bodies that both API versions share; the tables are KFP's `backend/api/*/*.proto`."""

from __future__ import annotations

from typing import Any

from ...core.listing import FilterSyntax
from .protojson import (
    Message,
    Path,
    Reader,
    parse,
    read_enum,
    read_int32,
    read_int64,
    read_list,
    read_message,
    read_text,
    read_time,
)

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


def _read_values(item: Reader) -> Reader:
    return read_message(Message("Values", {"values": read_list(item)}))


def _filter_message(name: str, operation: str, kind: Reader) -> Message:
    fields: dict[str, Reader] = {
        operation: kind,
        "key": read_text,
        "int_value": read_int32,
        "long_value": read_int64,
        "string_value": read_text,
        "timestamp_value": read_time,
        "int_values": _read_values(read_int32),
        "long_values": _read_values(read_int64),
        "string_values": _read_values(read_text),
    }
    values = tuple(field for field in fields if field.endswith(("_value", "_values")))
    return Message(
        name, {"predicates": read_list(read_message(Message(f"{name}.Predicate", fields, {"value": values})))}
    )


_read_known_operation = read_enum(*_OPERATIONS)


def _read_operation(value: Any, name: str, path: Path) -> str:
    operation = _read_known_operation(value, name, path)
    return "" if operation == "UNKNOWN" else str(operation)


def make_filter_syntax(name: str, operation: str, go_type: str) -> FilterSyntax:
    """Describe the filters of an API version; `operation` is the field of a predicate that names it."""
    message = _filter_message(name, operation, _read_operation)
    return FilterSyntax(lambda text: parse(message, text, gateway=False), operation, go_type)


def read_trigger(package: str) -> Reader:
    """Make a reader of the trigger of a recurring run."""
    cron = Message(
        package + "CronSchedule", {"start_time": read_time, "end_time": read_time, "cron": read_text}
    )
    periodic = Message(
        package + "PeriodicSchedule",
        {"start_time": read_time, "end_time": read_time, "interval_second": read_int64},
    )
    return read_message(
        Message(
            package + "Trigger",
            {"cron_schedule": read_message(cron), "periodic_schedule": read_message(periodic)},
            {"trigger": ("cron_schedule", "periodic_schedule")},
        )
    )


def read_url(package: str) -> Reader:
    """Make a reader of the address of a pipeline package."""
    return read_message(Message(package + "Url", {"pipeline_url": read_text}))
