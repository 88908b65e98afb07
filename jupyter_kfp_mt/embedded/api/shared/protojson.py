"""Reads request bodies as KFP's gateway does: the JSON form of proto3 messages.

https://protobuf.dev/programming-guides/json/ defines that form: a field by its camelCase or snake_case name,
an int64 as number or text, an enum by name or number, a time as RFC 3339 text, `null` for "not sent". The
gateway reads it with Go's protojson (google.golang.org/protobuf/encoding/protojson/decode.go), which also
rejects unknown and repeated fields and names line and column of the first value that does not fit.

Python's `google.protobuf.json_format` is no substitute: it needs KFP's generated classes, words its errors
in another way, and turns the numbers of a Struct into floats, while a spec has to be stored as it was sent.

A message is described by a table, field name → reader. `parse` returns a dict with snake_case names that
holds the fields that were sent, and only those.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from json.decoder import scanstring  # type: ignore[attr-defined]  # undocumented, there since Python 2.6
from typing import Any

from ...errors import ApiError, malformed_request

MAX_DEPTH = 100
MAX_VALUES = (
    1_000_000  # of a body: reading so many takes a second, and a body has room for four times as many
)

Path = tuple[int, ...]  # where a value is: its number in the object or list around it, from the outside in
Reader = Callable[[Any, str, Path], Any]  # reads a JSON value of the field of this name


@dataclass(frozen=True)
class Message:
    """A proto message: its fields, and which of them exclude each other."""

    name: str  # full proto name, for the error of a oneof
    fields: Mapping[str, Reader]
    oneofs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Object(list[tuple[str, Any]]):
    """A JSON object as its members: protojson rejects repeated names, which a dict would hide."""


class _Number(str):
    """A JSON number as it is written: an int64 must not go through a float, a Struct's number must."""


class _MisfitError(Exception):
    """A value that does not fit its message.

    Readers know only the path of the value. Line and column are searched in the text afterwards, so that
    reading a body that fits stays as fast as the json module is.
    """

    def __init__(self, path: Path, text: str, *, at_name: bool = False, with_token: bool = False) -> None:
        super().__init__(text)
        self.path = path
        self.text = text
        self.at_name = at_name  # the member's name does not fit, not its value
        self.with_token = with_token  # the value itself ends the sentence

    def to_api_error(self, body: str, start: int) -> ApiError:
        """Return the error in protojson's words, for the value that begins at `start`."""
        at = _locate(body, start, self.path, at_name=self.at_name)
        token = _token(body, at)
        if not self.text:
            return malformed_request(f"proto: syntax error {_position(body, at)}: unexpected token {token}")
        text = f"{self.text} {token}" if self.with_token else self.text
        return malformed_request(f"proto: {_position(body, at)}: {text}")


def _kind_error(path: Path) -> _MisfitError:
    """The error of another kind of JSON value than the message has there."""
    return _MisfitError(path, "")


def _invalid(path: Path, kind: str, name: str) -> _MisfitError:
    return _MisfitError(path, f"invalid value for {kind} field {name}:", with_token=True)


def parse(message: Message, body: bytes | str, *, gateway: bool = True) -> dict[str, Any]:
    """Return the fields of `body`; an empty one is an empty message.

    The gateway takes the first JSON value of a body with Go's encoding/json, so syntax errors have its
    words; a filter (`gateway` False) is read by protojson alone.

    Raises ApiError (400 without details).
    """
    text = body if isinstance(body, str) else _decode(body)
    if text.count(",") > MAX_VALUES and _count_commas(text) > MAX_VALUES:
        raise malformed_request(f"the body has more than {MAX_VALUES:,} values")
    start = _skip_blanks(text, 0)
    if start >= len(text):
        return {}
    try:
        value, _ = _JSON.raw_decode(text, start)
        return _read_message(message, value, ())
    except _MisfitError as error:
        raise error.to_api_error(text, start) from None
    except RecursionError:
        raise malformed_request("proto: exceeded max recursion depth") from None
    except json.JSONDecodeError as error:
        raise _syntax_error(text, error, gateway=gateway) from None


def _count_commas(text: str) -> int:
    """Count the commas of a JSON text that are not in its strings: about as many as there are values."""
    plain = text.replace(r"\\", "").replace(r"\"", "")
    strings = plain.count('"') // 2
    return (
        strings // 2 if strings > 2 * MAX_VALUES else sum(each.count(",") for each in plain.split('"')[::2])
    )


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(errors="replace")
        position = _position(before, max(before.rfind('"'), 0))
        raise malformed_request(f"proto: syntax error {position}: invalid UTF-8 in string") from None


def _syntax_error(text: str, error: json.JSONDecodeError, *, gateway: bool) -> ApiError:
    if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
        return malformed_request("unexpected EOF")
    if gateway:
        return malformed_request(f"invalid character {text[error.pos]!r} looking for beginning of value")
    word = re.compile(r"[-+._a-zA-Z0-9]{1,32}|.", re.DOTALL).match(text, error.pos)
    shown = word.group() if word is not None else ""
    return malformed_request(f"proto: syntax error {_position(text, error.pos)}: invalid value {shown}")


# positions in the text


def _locate(text: str, at: int, path: Path, *, at_name: bool) -> int:
    """Return where the value at `path`, or its name, begins in a text that is valid JSON."""
    name_at = at
    for number in path:
        in_object = text[at] == "{"
        at = _skip_blanks(text, at + 1)
        for _ in range(number):
            value_at = _skip_name(text, at) if in_object else at
            _, end = _JSON.raw_decode(text, value_at)
            at = _skip_blanks(text, _skip_blanks(text, end) + len(","))
        name_at = at
        at = _skip_name(text, at) if in_object else at
    return name_at if at_name else at


def _skip_name(text: str, at: int) -> int:
    _, end = scanstring(text, at + 1, True)
    return _skip_blanks(text, _skip_blanks(text, end) + len(":"))


def _skip_blanks(text: str, at: int) -> int:
    return _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches the empty text too


def _position(text: str, at: int) -> str:
    return f"(line {text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)})"


def _token(text: str, at: int) -> str:
    """Return what the text has at this place, as it is written: the first token of a list or object."""
    match = _TOKEN.match(text, at)
    return match.group()[:200] if match is not None else text[at : at + 1]


# messages


def _read_message(message: Message, value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, _Object):
        raise _kind_error(path)
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for number, (sent_name, sent) in enumerate(value):
        here = (*path, number)
        name = _field_name(message, sent_name)
        if not name:
            raise _MisfitError(here, f'unknown field "{sent_name}"', at_name=True)
        if name in seen:
            raise _MisfitError(here, f'duplicate field "{sent_name}"', at_name=True)
        seen.add(name)
        if sent is None and message.fields[name] is not read_value:
            continue
        if oneof := _taken_oneof(message, name, values):
            text = f'error parsing "{sent_name}", oneof {message.name}.{oneof} is already set'
            raise _MisfitError(here, text, at_name=True)
        values[name] = message.fields[name](sent, _camel(name), here)
    return values


def _field_name(message: Message, sent_name: str) -> str:
    if sent_name in message.fields:
        return sent_name
    return next((name for name in message.fields if _camel(name) == sent_name), "")


def _taken_oneof(message: Message, name: str, values: Mapping[str, Any]) -> str:
    """Return the oneof that `name` belongs to when another member of it was sent before, else ""."""
    for oneof, members in message.oneofs.items():
        if name in members and any(member in values for member in members):
            return oneof
    return ""


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


# readers of fields


def read_text(value: Any, name: str, path: Path) -> str:
    """Read a proto string."""
    if type(value) is not str:
        raise _invalid(path, "string", name)
    _check_surrogates(value)
    return value


def read_bool(value: Any, name: str, path: Path) -> bool:
    """Read a proto bool."""
    if not isinstance(value, bool):
        raise _invalid(path, "bool", name)
    return value


def _read_integer(bits: int) -> Reader:
    limit = 1 << (bits - 1)

    def read(value: Any, name: str, path: Path) -> int:
        if not isinstance(value, str) or len(value) > 32 or not _NUMBER.fullmatch(value):
            raise _invalid(path, f"int{bits}", name)
        number = int(value) if _INTEGER.fullmatch(value) else float(value)
        if number != number // 1 or not -limit <= number < limit:
            raise _invalid(path, f"int{bits}", name)
        return int(number)

    return read


read_int32 = _read_integer(32)
read_int64 = _read_integer(64)


def read_double(value: Any, name: str, path: Path) -> float:
    """Read a proto double."""
    if not isinstance(value, _Number) or len(value) > 400:
        raise _invalid(path, "double", name)
    return float(value)


def read_time(value: Any, _name: str, path: Path) -> int:
    """Read a google.protobuf.Timestamp as whole seconds since 1970."""
    if type(value) is not str:
        raise _kind_error(path)
    seconds = parse_time(value)
    if seconds is None:
        raise _MisfitError(path, "invalid google.protobuf.Timestamp value", with_token=True)
    return seconds


def parse_time(text: str) -> int | None:
    """Return the seconds since 1970 of an RFC 3339 time with a zone, without fractions; else None."""
    match = _RFC3339.fullmatch(text)
    if not match:
        return None
    zone = match["zone"]
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{match['time']}").replace(tzinfo=timezone.utc)
        if zone != "Z":
            hours, minutes = int(zone[1:3]), int(zone[4:6])
            shift = timedelta(hours=hours, minutes=minutes)
            moment = moment - shift if zone[0] == "+" else moment + shift
    except (ValueError, OverflowError):
        return None
    return int((moment - _EPOCH).total_seconds())


def read_struct(value: Any, name: str, path: Path) -> dict[str, Any]:
    """Read a google.protobuf.Struct: any JSON object; its numbers are doubles."""
    if not isinstance(value, _Object):
        raise _kind_error(path)
    struct: dict[str, Any] = read_value(value, name, path)
    return struct


def read_value(value: Any, _name: str, path: Path) -> Any:
    """Read a google.protobuf.Value: any JSON value, `null` included."""
    return _plain(value, path, 0)


def _plain(value: Any, path: Path, depth: int) -> Any:
    """Return a JSON value as Python's; rejects what no protobuf value holds."""
    if depth > MAX_DEPTH:
        raise malformed_request(f"proto: exceeded max recursion depth of {MAX_DEPTH}")
    if isinstance(value, _Object):
        members: dict[str, Any] = {}
        for name, each in value:
            if name in members:
                raise _MisfitError(path, f"duplicate map key {json.dumps(name, ensure_ascii=False)}")
            _check_surrogates(name)
            members[name] = _plain(each, path, depth + 1)
        return members
    if isinstance(value, list):
        return [_plain(each, path, depth + 1) for each in value]
    if isinstance(value, _Number):
        return _plain_number(value, path)
    if isinstance(value, str):
        _check_surrogates(value)
    return value


def _plain_number(text: str, path: Path) -> float | int:
    """Return a double; a whole one as an int, so that it is written again without a fraction."""
    if len(text) < 16 and _INTEGER.fullmatch(text):
        return int(text)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _MisfitError(path, "invalid number")
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


def _check_surrogates(text: str) -> None:
    """Reject half of a surrogate pair, which no UTF-8 text holds."""
    if not text.isascii() and _SURROGATE.search(text):
        raise malformed_request("proto: unexpected EOF")


def read_enum(*names: str) -> Reader:
    """Make a reader of an enum by its names in the order of their numbers; an unknown number is the first."""

    def read(value: Any, name: str, path: Path) -> str:
        if type(value) is str:
            if not value or value not in names:
                raise _invalid(path, "enum", name)
            return value
        if not isinstance(value, _Number) or not re.fullmatch(r"-?\d{1,10}", value):
            raise _invalid(path, "enum", name)
        number = int(value)
        return names[number] if 0 <= number < len(names) and names[number] else names[0]

    return read


def read_message(message: Message) -> Reader:
    """Make a reader of a message within a message."""
    return lambda value, _name, path: _read_message(message, value, path)


def read_list(item: Reader) -> Reader:
    """Make a reader of a repeated field."""

    def read(value: Any, name: str, path: Path) -> list[Any]:
        if not isinstance(value, list) or isinstance(value, _Object):
            raise _kind_error(path)
        return [item(each, name, (*path, number)) for number, each in enumerate(value)]

    return read


def read_map(item: Reader) -> Reader:
    """Make a reader of a map with text keys."""

    def read(value: Any, name: str, path: Path) -> dict[str, Any]:
        if not isinstance(value, _Object):
            raise _kind_error(path)
        values: dict[str, Any] = {}
        for number, (key, each) in enumerate(value):
            here = (*path, number)
            if key in values:
                raise _MisfitError(here, f'duplicate map key "{key}"', at_name=True)
            _check_surrogates(key)
            values[key] = item(each, name, here)
        return values

    return read


def _reject_constant(text: str) -> Any:
    raise malformed_request(f"invalid character {text[:1]!r} looking for beginning of value")


_JSON = json.JSONDecoder(
    object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number, parse_constant=_reject_constant
)
_BLANKS = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s,\]}{\[":]+')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"-?\d+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_RFC3339 = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})T(?P<time>\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?P<zone>Z|[+-]\d{2}:\d{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
