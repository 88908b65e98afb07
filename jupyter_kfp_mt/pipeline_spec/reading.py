"""Reads YAML or JSON text into plain values, within bounds that no foreign file can exceed.

`yaml.load` cannot be used here. PyYAML's C composer is recursive: 100,000 opening brackets overflow its stack
and end the process. Aliases let a short text grow without limit ("billion laughs"), a `!!python/…` tag builds
objects, and a loaded value has forgotten the lines that errors must name. So the parser's events are read one
by one: depth and size are checked before anything is built, and the line of every key is kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import yaml

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as Loader  # type: ignore[assignment]  # the same interface

MAX_BYTES = 32 * 1024 * 1024  # of the text; the most that a KFP server takes for an upload
MAX_DEPTH = 100
MAX_VALUES = 1_000_000  # with aliases expanded
MAX_DOCUMENTS = 8
_DEEP = f"it is nested more than {MAX_DEPTH} levels deep"
_MANY = f"it has more than {MAX_VALUES:,} values"

_TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"[1-9][0-9]{0,17}|0")
_SCALARS = {"str", "int", "float", "bool", "null", "timestamp", "value", "merge"}


class Unreadable(Exception):  # noqa: N818 - describes the text
    """The text cannot be read; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Document:
    """A document of a text: its value, and the line of each key of each mapping."""

    def __init__(self, value: Any, line: int, lines: dict[int, dict[str, int]]) -> None:
        self.value = value
        self.line = line
        self._lines = lines

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """Return the line of the innermost known part of `path`."""
        line, value = self.line, self.value
        for part in path:
            line = self._lines.get(id(value), {}).get(str(part), line)
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                break
        return line


def read(text: str | bytes) -> list[Document]:
    """Return the documents of `text` that are not empty; raises `Unreadable`."""
    raw = _utf8(text)
    if raw.lstrip()[:1] == b"{":
        value = _json(raw)
        if value is not None:
            return [Document(value, 1, {})]
    try:
        return list(_documents(raw))
    except yaml.YAMLError as error:
        raise _unreadable(error) from None


def _utf8(text: str | bytes) -> bytes:
    try:
        raw = text.encode() if isinstance(text, str) else text
        raw.decode()
    except UnicodeError:
        raise Unreadable(1, "this is not UTF-8 text") from None
    return raw.removeprefix(b"\xef\xbb\xbf")


def _json(raw: bytes) -> Any:
    """Return the value of a JSON text, or None if it is not JSON; raises `Unreadable`.

    JSON is tried first because YAML reads `1e-05` as text, and because it is much faster.
    """
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    try:
        _weigh(value, 0, {})
    except _Overgrown as error:
        raise Unreadable(1, str(error)) from None
    return value


def _documents(raw: bytes) -> Iterator[Document]:
    builder = _Builder()
    for event in yaml.parse(raw, Loader=Loader):
        builder.take(event)
        if isinstance(event, yaml.DocumentEndEvent):
            if builder.value is not None:
                yield Document(builder.value, builder.line, builder.lines)
            builder.documents += 1
            if builder.documents > MAX_DOCUMENTS:
                raise Unreadable(builder.line, "there are too many documents in it")


class _Builder:
    """Builds values from events, with an explicit stack in place of recursion."""

    def __init__(self) -> None:
        self.documents = 0
        self._resolver = Loader("")
        self._start()

    def _start(self) -> None:
        self.value: Any = None
        self.line = 1
        self.lines: dict[int, dict[str, int]] = {}
        self._open: list[Any] = []
        self._keys: list[str | None] = []
        self._anchors: dict[str, Any] = {}
        self._weights: dict[int, int] = {}
        self._values = 0

    def take(self, event: yaml.Event) -> None:
        """Process one event."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._start()
            self.line = line
        elif isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event, line), line, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._alias(str(event.anchor), line), line, None)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._descend(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()

    def _descend(self, event: yaml.CollectionStartEvent, line: int) -> None:
        self._check_tag(event.tag, line, {"map", "seq"})
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        if len(self._open) >= MAX_DEPTH:
            raise Unreadable(line, _DEEP)
        self._add(value, line, None)
        if event.anchor:
            self._anchors[event.anchor] = value
        if isinstance(value, dict):
            self.lines[id(value)] = {}
        self._open.append(value)
        self._keys.append(None)

    def _add(self, value: Any, line: int, anchor: str | None) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            raise Unreadable(line, _MANY)
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.value, self.line = value, line
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = self._key(value, line)
        else:
            self._open[-1][self._keys[-1]] = value
            self._keys[-1] = None

    def _key(self, value: Any, line: int) -> str:
        if isinstance(value, (dict, list)) or value is None:
            raise Unreadable(line, "a key is not text")
        key = value if isinstance(value, str) else str(value).lower()
        lines = self.lines[id(self._open[-1])]
        if key in lines:
            raise Unreadable(line, f"“{key}” is there twice, first in line {lines[key]}")
        lines[key] = line
        return key

    def _alias(self, anchor: str, line: int) -> Any:
        if anchor not in self._anchors:
            raise Unreadable(line, f"the alias “{anchor}” points nowhere")
        value = self._anchors[anchor]
        if any(value is container for container in self._open):  # still being built: it would contain itself
            raise Unreadable(line, f"the alias “{anchor}” points into itself")
        try:
            self._values += _weigh(value, len(self._open), self._weights)
        except _Overgrown:
            raise Unreadable(line, "its aliases grow too large") from None
        return value

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Any:
        if event.tag is None and not event.implicit[0]:
            return event.value  # quoted
        if event.tag is None and _WHOLE.fullmatch(event.value):
            return int(event.value)  # the resolver takes ten times as long
        self._check_tag(event.tag, line, _SCALARS)
        tag = event.tag or self._resolver.resolve(  # type: ignore[no-untyped-call]  # no types for it
            yaml.ScalarNode, event.value, event.implicit
        )
        if tag not in (_TAG + "int", _TAG + "float", _TAG + "bool", _TAG + "null"):
            return event.value
        if ":" in event.value:
            return event.value  # YAML 1.1 reads `12:30` as a base-60 number; the Go library of KFP does not
        node = yaml.ScalarNode(tag, event.value)
        try:
            value = self._resolver.construct_object(node)
        except (ValueError, KeyError):
            raise Unreadable(line, f"“{event.value[:40]}” is not a value") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise Unreadable(line, f"“{event.value}” is not a number that JSON knows")
        return value

    @staticmethod
    def _check_tag(tag: str | None, line: int, known: set[str]) -> None:
        if tag is not None and tag != "!" and tag.removeprefix(_TAG) not in known:
            raise Unreadable(line, f"the tag “{tag}” is not allowed")


class _Overgrown(Exception):  # noqa: N818 - a finding, handled above
    """A value exceeds the bounds on depth or size; the text says which."""


def _weigh(value: Any, depth: int, known: dict[int, int]) -> int:
    """Count the values in `value` with aliases expanded; raises `_Overgrown` beyond the bounds.

    An alias makes several places share one object. `known` holds the weight of each, so that counting takes
    time in proportion to the text and not to its expansion.
    """
    if not isinstance(value, (dict, list)):
        return 1
    if depth > MAX_DEPTH:
        raise _Overgrown(_DEEP)
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_weigh(part, depth + 1, known) for part in inner)
        if known[id(value)] > MAX_VALUES:
            raise _Overgrown(_MANY)
    return known[id(value)]


def _unreadable(error: yaml.YAMLError) -> Unreadable:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return Unreadable(mark.line + 1 if mark else 1, _sentence(error.problem or "this is not YAML"))
    return Unreadable(1, _sentence(str(cast(object, getattr(error, "reason", "")) or "this is not YAML")))


def _sentence(text: str) -> str:
    return text.splitlines()[0].strip().rstrip(".")
