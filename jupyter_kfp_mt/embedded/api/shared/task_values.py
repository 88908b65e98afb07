"""Bounds the inputs and outputs of tasks in a response: one task may have written 64 MiB."""

from __future__ import annotations

import msgspec

MOST_OF_TASK = 4 * 1024 * 1024  # bytes of the inputs, or the outputs, of a task
MOST_OF_RESPONSE = 32 * 1024 * 1024
_SHORT = 1024  # bytes of a value that is always shown


class _StoredArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact as it is stored, its metadata not decoded."""

    name: str = ""
    type: str = ""
    uri: str = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _StoredValues(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs or outputs as they are stored, their values not decoded."""

    parameters: dict[str, msgspec.Raw] = {}
    artifacts: dict[str, list[_StoredArtifact]] = {}


_DECODER = msgspec.json.Decoder(_StoredValues)


class ValuesRoom:
    """The room for the values of all tasks in one response."""

    def __init__(self) -> None:
        self._left = MOST_OF_RESPONSE

    def shorten(self, stored: bytes) -> bytes:
        """Return stored inputs or outputs; where they take too much, words stand for each large value."""
        if len(stored) > min(MOST_OF_TASK, self._left):
            stored = msgspec.json.encode(_leave_out(_DECODER.decode(stored)))
        self._left -= len(stored)
        return stored


def _leave_out(values: _StoredValues) -> _StoredValues:
    parameters = {
        name: value if len(value) <= _SHORT else _describe(len(value))
        for name, value in values.parameters.items()
    }
    artifacts = {
        name: [
            msgspec.structs.replace(one, metadata=msgspec.Raw(b"{}")) if len(one.metadata) > _SHORT else one
            for one in listed
        ]
        for name, listed in values.artifacts.items()
    }
    return _StoredValues(parameters=parameters, artifacts=artifacts)


def _describe(size: int) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(f"[{size:,} bytes, too many for this response]"))
