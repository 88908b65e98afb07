"""Reading request bodies as KFP's gateway does (protojson): names, types, and its words for misfits.

A message is described by a table, field name → kind. What comes out is a dict with snake_case names that
holds the fields that were sent, and only those; `null` is "not sent".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from json.decoder import scanstring  # type: ignore[attr-defined]  # undocumented, there since Python 2.6
from typing import Any

from ..errors import ApiError, malformed

MAX_DEPTH = 100

Reader = Callable[["_Source", int, str], tuple[Any, int]]


@dataclass(frozen=True)
class Message:
    """A proto message: its fields, and which of them exclude each other."""

    name: str  # full proto name, for the words of a oneof
    fields: Mapping[str, Reader]
    oneofs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse(message: Message, body: bytes | str, *, cut: bool = True) -> dict[str, Any]:
    """Return the fields of `body`; an empty one is an empty message.

    `cut`: the gateway first cuts one JSON value out of the body, so errors of syntax have its words.

    Raises ApiError (400 without details) with the gateway's words.
    """
    if not body:
        return {}
    source = _Source(_text(body))
    start = source.skip(0)
    if start >= len(source.text):
        return {}
    try:
        if cut:
            _check_syntax(source.text, start)
        values, _ = _read_message(message, source, start)
    except RecursionError:
        raise malformed("proto: exceeded max recursion depth") from None
    return values


def _check_syntax(text: str, at: int) -> None:
    """The gateway cuts the first JSON value out of the body before any field is looked at."""
    try:
        _PLAIN.raw_decode(text, at)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
            raise malformed("unexpected EOF") from None
        raise malformed(f"invalid character {text[error.pos]!r} looking for beginning of value") from None
    except ValueError:
        raise malformed("invalid number") from None


def _text(body: bytes | str) -> str:
    if isinstance(body, str):
        return body
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        place = body[: error.start].decode(errors="replace")
        quote = place.rfind('"') + 1 or len(place)
        raise malformed(f"proto: syntax error {_place(place, quote - 1)}: invalid UTF-8 in string") from None


def _start(text: str, at: int) -> str:
    """What protojson shows of something that is no JSON."""
    found = _NO_TOKEN.match(text, at)
    return found.group() if found else ""


class _Source:
    """The text of a body and where we are in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def skip(self, at: int) -> int:
        return _BLANKS.match(self.text, at).end()  # type: ignore[union-attr]  # matches the empty text too

    def peek(self, at: int) -> str:
        if at >= len(self.text):
            raise malformed("unexpected EOF")
        return self.text[at]

    def unexpected(self, at: int) -> ApiError:
        token = self.token(at)
        known = token[:1] in '{}[],:"-0123456789' or token in _WORDS
        told = f"unexpected token {token}" if known else f"invalid value {_start(self.text, at)}"
        return malformed(f"proto: syntax error {_place(self.text, at)}: {told}")

    def invalid(self, at: int, kind: str, name: str) -> ApiError:
        return malformed(
            f"proto: {_place(self.text, at)}: invalid value for {kind} field {name}: {self.token(at)}"
        )

    def token(self, at: int) -> str:
        found = _TOKEN.match(self.text, at)
        return found.group()[:200] if found else self.text[at : at + 1]

    def string(self, at: int) -> tuple[str, int]:
        try:
            value, end = scanstring(self.text, at + 1, True)
        except ValueError as error:
            if "Unterminated" in str(error):
                raise malformed("unexpected EOF") from None
            raise malformed(
                f"proto: syntax error {_place(self.text, at)}: invalid character in string"
            ) from None
        if not value.isascii() and _SURROGATE.search(value):
            raise malformed("proto: unexpected EOF")
        return value, end

    def value(self, at: int) -> tuple[Any, int]:
        """Any JSON value; the C scanner reads it."""
        if self.peek(at) not in '"{[-0123456789tfn':
            raise self.unexpected(at)
        try:
            return _VALUE.raw_decode(self.text, at)
        except _DuplicateKeyError as error:
            raise malformed(f"proto: {_place(self.text, at)}: duplicate map key {error.args[0]}") from None
        except (json.JSONDecodeError, StopIteration) as error:
            place = error.pos if isinstance(error, json.JSONDecodeError) else at
            if place >= len(self.text.rstrip()) or "Unterminated" in str(error):
                raise malformed("unexpected EOF") from None
            raise self.unexpected(place) from None
        except ValueError:
            raise malformed(f"proto: {_place(self.text, at)}: invalid number") from None


def _place(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"(line {line}:{at - text.rfind(chr(10), 0, at)})"


def _read_message(message: Message, source: _Source, at: int) -> tuple[dict[str, Any], int]:
    if source.peek(at) != "{":
        raise source.unexpected(at)
    values: dict[str, Any] = {}
    seen: set[str] = set()
    at = source.skip(at + 1)
    if source.peek(at) == "}":
        return values, at + 1
    while True:
        if source.peek(at) != '"':
            raise source.unexpected(at)
        given, end = source.string(at)
        name = _field_name(message, given)
        if not name:
            raise malformed(f'proto: {_place(source.text, at)}: unknown field "{given}"')
        if name in seen:
            raise malformed(f'proto: {_place(source.text, at)}: duplicate field "{given}"')
        seen.add(name)
        value_at = source.skip(_colon(source, end))
        if source.text.startswith("null", value_at) and message.fields[name] is not value_kind:
            end = value_at + 4
        else:
            oneof = _taken_oneof(message, name, values)
            if oneof:
                raise malformed(
                    f'proto: {_place(source.text, at)}: error parsing "{given}",'
                    f" oneof {message.name}.{oneof} is already set"
                )
            values[name], end = message.fields[name](source, value_at, _camel(name))
        at = source.skip(end)
        mark = source.peek(at)
        if mark == "}":
            return values, at + 1
        if mark != ",":
            raise source.unexpected(at)
        at = source.skip(at + 1)


def _colon(source: _Source, at: int) -> int:
    at = source.skip(at)
    if source.peek(at) != ":":
        raise source.unexpected(at)
    return at + 1


def _field_name(message: Message, given: str) -> str:
    if given in message.fields:
        return given
    return next((name for name in message.fields if _camel(name) == given), "")


def _taken_oneof(message: Message, name: str, values: Mapping[str, Any]) -> str:
    """The oneof that `name` belongs to, when another member was sent before."""
    for oneof, members in message.oneofs.items():
        if name in members and any(member in values for member in members):
            return oneof
    return ""


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def text_kind(source: _Source, at: int, name: str) -> tuple[str, int]:
    """A proto string."""
    if source.peek(at) != '"':
        raise source.invalid(at, "string", name)
    return source.string(at)


def bool_kind(source: _Source, at: int, name: str) -> tuple[bool, int]:
    """A proto bool."""
    for word, value in (("true", True), ("false", False)):
        if source.text.startswith(word, at):
            return value, at + len(word)
    source.peek(at)
    raise source.invalid(at, "bool", name)


def _integer(bits: int) -> Reader:
    limit = 1 << (bits - 1)

    def read(source: _Source, at: int, name: str) -> tuple[int, int]:
        quoted = source.peek(at) == '"'
        given, end = source.string(at) if quoted else (source.token(at), at + len(source.token(at)))
        if not _NUMBER.fullmatch(given) or len(given) > 32:
            raise source.invalid(at, f"int{bits}", name)
        number = int(given) if _INTEGER.fullmatch(given) else float(given)
        if number != number // 1 or not -limit <= number < limit:
            raise source.invalid(at, f"int{bits}", name)
        return int(number), end

    return read


int32_kind = _integer(32)
int64_kind = _integer(64)


def double_kind(source: _Source, at: int, name: str) -> tuple[float, int]:
    """A proto double."""
    token = source.token(at)
    if not _NUMBER.fullmatch(token) or len(token) > 400:
        raise source.invalid(at, "double", name)
    return float(token), at + len(token)


def time_kind(source: _Source, at: int, name: str) -> tuple[int, int]:
    """A Timestamp, as whole seconds since 1970."""
    if source.peek(at) != '"':
        raise source.unexpected(at)
    given, end = source.string(at)
    seconds = parse_time(given)
    if seconds is None:
        raise malformed(
            f"proto: {_place(source.text, at)}: invalid google.protobuf.Timestamp value {source.token(at)}"
        )
    return seconds, end


def parse_time(text: str) -> int | None:
    """Seconds since 1970 of an RFC 3339 time with a zone, fractions cut off; None when it is none."""
    found = _RFC3339.fullmatch(text)
    if not found:
        return None
    zone = found["zone"]
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{found['time']}").replace(tzinfo=timezone.utc)
        if zone != "Z":
            hours, minutes = int(zone[1:3]), int(zone[4:6])
            shift = timedelta(hours=hours, minutes=minutes)
            moment = moment - shift if zone[0] == "+" else moment + shift
    except (ValueError, OverflowError):
        return None
    return int((moment - _EPOCH).total_seconds())


def struct_kind(source: _Source, at: int, _name: str) -> tuple[dict[str, Any], int]:
    """A google.protobuf.Struct: any JSON object; its numbers are doubles."""
    if source.peek(at) != "{":
        raise source.unexpected(at)
    value, end = source.value(at)
    check_value(value)
    return value, end


def value_kind(source: _Source, at: int, _name: str) -> tuple[Any, int]:
    """A google.protobuf.Value: any JSON value, `null` included."""
    value, end = source.value(at)
    check_value(value)
    return value, end


def enum_kind(*names: str) -> Reader:
    """An enum by its names in the order of their numbers; an unknown number counts as the first."""

    def read(source: _Source, at: int, name: str) -> tuple[str, int]:
        if source.peek(at) == '"':
            given, end = source.string(at)
            if not given or given not in names:
                raise source.invalid(at, "enum", name)
            return given, end
        token = source.token(at)
        if not re.fullmatch(r"-?\d{1,10}", token):
            raise source.invalid(at, "enum", name)
        number = int(token)
        return (names[number] if 0 <= number < len(names) and names[number] else names[0]), at + len(token)

    return read


def message_kind(message: Message) -> Reader:
    """A message within a message."""

    def read(source: _Source, at: int, _name: str) -> tuple[dict[str, Any], int]:
        return _read_message(message, source, at)

    return read


def list_kind(item: Reader) -> Reader:
    """A repeated field."""

    def read(source: _Source, at: int, name: str) -> tuple[list[Any], int]:
        if source.peek(at) != "[":
            raise source.unexpected(at)
        values: list[Any] = []
        at = source.skip(at + 1)
        if source.peek(at) == "]":
            return values, at + 1
        while True:
            value, at = item(source, at, name)
            values.append(value)
            at = source.skip(at)
            mark = source.peek(at)
            if mark == "]":
                return values, at + 1
            if mark != ",":
                raise source.unexpected(at)
            at = source.skip(at + 1)

    return read


def map_kind(item: Reader) -> Reader:
    """A map with text keys."""

    def read(source: _Source, at: int, name: str) -> tuple[dict[str, Any], int]:
        if source.peek(at) != "{":
            raise source.unexpected(at)
        values: dict[str, Any] = {}
        at = source.skip(at + 1)
        if source.peek(at) == "}":
            return values, at + 1
        while True:
            if source.peek(at) != '"':
                raise source.unexpected(at)
            key, end = source.string(at)
            if key in values:
                raise malformed(f'proto: {_place(source.text, at)}: duplicate map key "{key}"')
            values[key], end = item(source, source.skip(_colon(source, end)), name)
            at = source.skip(end)
            mark = source.peek(at)
            if mark == "}":
                return values, at + 1
            if mark != ",":
                raise source.unexpected(at)
            at = source.skip(at + 1)

    return read


def check_value(value: Any, depth: int = 0) -> None:
    """Refuse what no protobuf value can hold: lone surrogates, and nesting beyond `MAX_DEPTH`."""
    if depth > MAX_DEPTH:
        raise malformed(f"proto: exceeded max recursion depth of {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, each in value.items():
            check_value(key, depth + 1)
            check_value(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            check_value(each, depth + 1)
    elif isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        raise malformed("proto: unexpected EOF")


class _DuplicateKeyError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys: set[str] = set()
        for key, _ in pairs:
            if key in keys:
                raise _DuplicateKeyError(json.dumps(key, ensure_ascii=False))
            keys.add(key)
    return values


def _whole(text: str) -> float | int:
    """Numbers of a Struct are doubles; what is whole is written without a fraction."""
    if len(text) < 16:
        return int(text)
    return _fraction(text)


def _fraction(text: str) -> float | int:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


def _no_constant(text: str) -> Any:
    raise ValueError(text)


_VALUE = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_fraction, parse_constant=_no_constant
)
_WORDS = ("true", "false", "null")
_PLAIN = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_no_constant)
_BLANKS = re.compile(r"[ \t\r\n]*")
_NO_TOKEN = re.compile(r"[-+._a-zA-Z0-9]{1,32}|.", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s,\]}{\[":]+')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_INTEGER = re.compile(r"-?\d+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_RFC3339 = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})T(?P<time>\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?P<zone>Z|[+-]\d{2}:\d{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
