"""Reads pages of lists: keyset paging, any column to sort by, any number of predicates; all values are bound.

A page begins at the row that the last one ended before, (sort value, seq), not at an offset: rows that come
and go in between shift nothing, and a late page costs no more than the first.
"""

# ruff: noqa: S608 - statements are put together from constants, values are always bound
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from .db import Database, fold, fold_pattern

Row = TypeVar("Row")


class Comparison(str, Enum):
    """How the values of a column compare."""

    TEXT = "text"  # without case and accents, as in KFP's database
    FOLDED = "folded"  # the same; the column holds the folded text
    UPPER = "upper"  # an enum, stored in capitals
    ID = "id"  # the column itself compares without case
    NUMBER = "number"


class ListField(NamedTuple):
    """A field that a list can be sorted and filtered by."""

    sql: str
    kind: Comparison = Comparison.TEXT

    @property
    def comparable(self) -> str:
        """The SQL expression to compare with."""
        return f"fold({self.sql})" if self.kind is Comparison.TEXT else self.sql


class Listing(NamedTuple):
    """A list: KFP's name for it, the table, the columns of a row, the fields to sort and filter by.

    `metric` is the SQL of a metric's value, its name bound to it, to sort by `metric:<name>`.
    """

    name: str
    table: str
    columns: str
    fields: Mapping[str, ListField]
    metric: str = ""

    def sorts_by(self, name: str) -> bool:
        """Whether rows can be sorted by `name`."""
        return name in self.fields or bool(self.metric and name.startswith("metric:"))

    def sorting(self, name: str) -> tuple[str, list[str]]:
        """Return the expression to sort by, and the values bound to it."""
        if name in self.fields:
            return self.fields[name].comparable, []
        return self.metric, [name.removeprefix("metric:")]


class Predicate(msgspec.Struct, frozen=True):
    """One condition; the field `tags.x` means the tag `x`."""

    field: str
    operation: str
    value: str | int | list[str | int]


class Boundary(msgspec.Struct, frozen=True, array_like=True):
    """The first row of the next page: its value in the sort column, and its number."""

    value: str | int | float
    seq: int


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A request for one page."""

    scope: str = ""  # the column that bounds the list: "namespace", "experiment_id", "pipeline_id"; "" = all
    scope_value: str = ""
    sort: str = "created_at"
    descending: bool = False
    predicates: Sequence[Predicate] = ()
    limit: int = 20
    start: Boundary | None = None


@dataclass(frozen=True)  # Python 3.10 has no generic NamedTuple
class Page(Generic[Row]):
    """Rows, how many there are on all pages, and where the next page begins."""

    rows: list[Row]
    total: int
    next: Boundary | None


_COMPARE = {
    "EQUALS": "=",
    "NOT_EQUALS": "<>",
    "GREATER_THAN": ">",
    "GREATER_THAN_EQUALS": ">=",
    "LESS_THAN": "<",
    "LESS_THAN_EQUALS": "<=",
}
_MAX_BYTES = 16 * 1024 * 1024  # of JSON in a page; one that would be larger ends earlier
_BOUNDARY_COLUMNS = 2  # come before the columns of the row
_MAX_PATTERN = 10_000  # SQLite refuses LIKE patterns of more than 50,000 bytes


def read_page(
    db: Database, listing: Listing, query: Query, make: Callable[..., Row], total: int | None = None
) -> Page[Row]:
    """Read one page; `total` saves counting where it is known."""
    where, values = _where(listing, query)
    sort, bound = listing.sorting(query.sort)
    if total is None:
        (total,) = db.read.execute(f"SELECT COUNT(*) FROM {listing.table} WHERE {where}", values).fetchone()
    if query.start is not None:
        where += f" AND (sort_value, seq) {'<=' if query.descending else '>='} (?, ?)"
        values = [*values, query.start.value, query.start.seq]
    order = "DESC" if query.descending else "ASC"
    cursor = db.read.execute(
        f"SELECT seq, {sort} AS sort_value, {listing.columns} FROM {listing.table} WHERE {where}"
        f" ORDER BY sort_value {order}, seq {order} LIMIT ?",
        [*bound, *values, query.limit + 1],
    )
    names = [column for column, *_ in cursor.description][_BOUNDARY_COLUMNS:]
    rows: list[Row] = []
    start, size = None, 0
    for each in cursor:
        if len(rows) == query.limit or size > _MAX_BYTES:
            start = Boundary(each[1], each[0])
            break
        rows.append(make(**dict(zip(names, each[_BOUNDARY_COLUMNS:], strict=True))))
        size += sum(len(value) for value in each if type(value) is bytes)
    cursor.close()
    return Page(rows, int(total), start)


def _where(listing: Listing, query: Query) -> tuple[str, list[Any]]:
    terms = ["1"]
    values: list[Any] = []
    if query.scope:
        terms.append(f"{query.scope} = ?")
        values.append(query.scope_value)
    for predicate in query.predicates:
        term, bound = _term(listing, predicate)
        terms.append(term)
        values.extend(bound)
    return " AND ".join(terms), values


def _term(listing: Listing, predicate: Predicate) -> tuple[str, list[Any]]:
    if predicate.field.startswith("tags."):
        return (
            "EXISTS (SELECT 1 FROM json_each(CAST(tags AS TEXT)) WHERE key = ? AND fold(value) = ?)",
            [predicate.field[5:], fold(str(predicate.value))],
        )
    field = listing.fields[predicate.field]
    left = field.comparable
    if predicate.operation == "IN":
        values = predicate.value if isinstance(predicate.value, list) else [predicate.value]
        marks = ",".join("?" * len(values))
        return f"{left} IN ({marks})", [_comparable(field, each) for each in values]
    value = predicate.value
    if predicate.operation == "IS_SUBSTRING":
        if len(str(value)) > _MAX_PATTERN:
            return "0", []
        return f"{left} LIKE ? ESCAPE '\\'", [fold_pattern(str(value))]
    return f"{left} {_COMPARE[predicate.operation]} ?", [_comparable(field, value)]  # type: ignore[arg-type]


def _comparable(field: ListField, value: str | int) -> str | int:
    if field.kind is Comparison.NUMBER:
        return value if isinstance(value, int) else _leading_number(value)
    if field.kind is Comparison.UPPER:
        return str(value).upper()
    if field.kind is Comparison.ID:
        return value
    return fold(value) if isinstance(value, str) else value


def _leading_number(text: str) -> int:
    """Return the number that KFP's database takes a text for when it is compared with a number."""
    digits = text.strip()[:18]
    return int(digits) if digits.lstrip("-").isdecimal() and digits.isascii() and digits.count("-") < 2 else 0
