"""Turns the list options of a request into a query: page size, page token, sort and filter.

The rules and error texts are those of KFP's `backend/src/apiserver/list/list.go` and `filter/filter.go`; they
are the same for every list and both API versions. Only the token differs. KFP's is readable base64, so a
client can edit it to look into another namespace; ours is signed, and bound to the list, its scope, sort and
filter. It also holds the first row of the next page (a keyset), so rows that are added or deleted between two
requests neither shift nor repeat the others.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from ..errors import INVALID, ApiError, invalid_input
from ..store.query import Boundary, Listing, Page, Predicate, Query

DEFAULT_PAGE, LARGEST_PAGE = 20, 200
MAX_PREDICATES, MAX_VALUES = 200, 5000

# The field that holds the value of a predicate, and the Go type that KFP's error texts name.
SCALARS = ("int_value", "long_value", "string_value", "timestamp_value")
_GO_TYPES = {"int": "int32", "long": "int64", "string": "string", "timestamp": "int64"}
LISTS = ("int_values", "long_values", "string_values")


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The list options of a request, as they were sent."""

    page_size: int = 0
    page_token: str = ""
    sort_by: str = ""
    filter: str = ""


class FilterSyntax(msgspec.Struct, frozen=True):
    """How an API version writes filters: parser, field of the operation, and Go type in error texts."""

    parse: Callable[[str], dict[str, Any]]
    operation: str
    go_type: str


class _PageToken(msgspec.Struct, frozen=True, kw_only=True):
    bound: str  # the list and its scope
    sort: str
    descending: bool
    predicates: list[Predicate]
    start: Boundary


class Lists:
    """Makes queries of list options, and tokens of page boundaries; `key` signs the tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def parse(
        self, listing: Listing, options: ListOptions, syntax: FilterSyntax, *, tags: bool = False
    ) -> Query:
        """Return the query of `options`, without scope and token; raises ApiError (400)."""
        if options.page_size < 0:
            raise invalid_input(f"The page size should be greater than 0. Got {options.page_size}")
        sort, descending = _sort(listing, options.sort_by)
        return Query(
            sort=sort,
            descending=descending,
            predicates=_predicates(listing, options.filter, syntax, tags=tags),
            limit=min(options.page_size or DEFAULT_PAGE, LARGEST_PAGE),
        )

    def bind(
        self, listing: Listing, query: Query, options: ListOptions, scope: str, scope_value: str
    ) -> Query:
        """Return `query` within its scope, continued where the token says; raises ApiError (400).

        A token carries its sort and filter, so a client may leave them out on the next pages. What it sends
        all the same must be equal.
        """
        bound = msgspec.structs.replace(query, scope=scope, scope_value=scope_value)
        if not options.page_token:
            return bound
        token = self._read(options.page_token)
        same = (token.sort, token.descending, token.predicates) == (
            query.sort,
            query.descending,
            list(query.predicates),
        )
        sent = bool(options.sort_by or options.filter)
        if token.bound != _bound(listing, bound) or (sent and not same):
            raise invalid_input(
                "page token does not match the supplied sort by and/or filtering criteria. Either specify"
                " the same criteria or leave the latter empty if page token is specified."
            )
        return msgspec.structs.replace(
            bound,
            sort=token.sort,
            descending=token.descending,
            predicates=token.predicates,
            start=token.start,
        )

    def next_token(self, listing: Listing, query: Query, page: Page[Any]) -> str:
        """Return the token of the page after `page`; empty when it was the last."""
        if page.next is None:
            return ""
        token = _PageToken(
            bound=_bound(listing, query),
            sort=query.sort,
            descending=query.descending,
            predicates=list(query.predicates),
            start=page.next,
        )
        body = msgspec.json.encode(token)
        return base64.b64encode(self._sign(body) + body).decode()

    def _read(self, text: str) -> _PageToken:
        try:
            data = base64.b64decode(text, validate=True)
            signature, body = data[:16], data[16:]
            if not hmac.compare_digest(signature, self._sign(body)):
                raise invalid_input("Invalid page token")
            return msgspec.json.decode(body, type=_PageToken)
        except (binascii.Error, ValueError, msgspec.DecodeError):
            raise invalid_input("Invalid page token") from None

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:16]


def _bound(listing: Listing, query: Query) -> str:
    return f"{listing.name}|{query.scope}|{query.scope_value.lower()}"


def _sort(listing: Listing, sort_by: str) -> tuple[str, bool]:
    words = sort_by.lower().split()
    if not words:
        return "created_at", False
    if len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise invalid_input(
            f'Received invalid sort by format "{sort_by}". Supported format: "field_name", "field_name desc",'
            ' or "field_name asc"'
        )
    name = words[0]
    if not listing.sorts_by(name):
        raise invalid_input(f'Invalid sorting field: "{name}" on listable type {listing.name}')
    return _first_name(listing, name), words[-1] == "desc" and len(words) == 2


def _first_name(listing: Listing, name: str) -> str:
    """Return one name for each column, so that `name` and `display_name` make the same token."""
    if name not in listing.fields:
        return name
    return next(each for each, field in listing.fields.items() if field == listing.fields[name])


def _predicates(listing: Listing, text: str, syntax: FilterSyntax, *, tags: bool) -> list[Predicate]:
    if not text:
        return []
    try:
        message = syntax.parse(_decode_again(text))
    except ApiError as error:
        raise invalid_input(
            f"failed to parse valid filter from {json.dumps(text, ensure_ascii=False)}: {error.message}"
        ) from None
    predicates = [_predicate(listing, each, syntax, tags=tags) for each in message.get("predicates", [])]
    if len(predicates) > MAX_PREDICATES:
        raise invalid_input(f"a filter may have at most {MAX_PREDICATES} predicates. Got {len(predicates)}")
    if sum(len(each.value) for each in predicates if isinstance(each.value, list)) > MAX_VALUES:
        raise invalid_input(f"a filter may have at most {MAX_VALUES} values")
    return predicates


def _decode_again(text: str) -> str:
    """URL-decode a filter once more, after the query was decoded: KFP does, so its clients encode twice."""
    wrong = re.search(r"%(?![0-9a-fA-F]{2}).{0,2}", text)
    if wrong:
        raise ApiError(INVALID, f"invalid URL escape {json.dumps(wrong.group())}")
    return unquote_plus(text)


def _predicate(listing: Listing, sent: Mapping[str, Any], syntax: FilterSyntax, *, tags: bool) -> Predicate:
    operation = sent.get(syntax.operation, "")
    key = sent.get("key", "")
    name = next((each for each in (*SCALARS, *LISTS) if each in sent), "")
    if tags and key.startswith("tags."):
        return _tag_predicate(key, operation, name, sent)
    if not operation:
        raise _unknown_api_version(f"Error using Filter.Predicate.Operation with {syntax.go_type}")
    if not name:
        raise _unknown_api_version("Error using Filter.Predicate.Value with <nil>")
    value = sent[name].get("values", []) if name in LISTS else sent[name]
    if not key:
        raise invalid_input(f"Predicate key cannot be empty for operation {operation} and value {value}")
    if key not in listing.fields:
        raise invalid_input(f'no support for filtering on unrecognized field "{key}"')
    _check_type(operation, name, value)
    return Predicate(_first_name(listing, key), operation, value)


def _check_type(operation: str, name: str, value: Any) -> None:
    kind = _GO_TYPES[name.partition("_")[0]]
    if operation == "IN" and name in SCALARS:
        raise invalid_input(f"cannot use IN operator with scalar type {kind}")
    if operation != "IN" and name in LISTS:
        raise invalid_input(f"cannot use scalar operator {operation} on array type []{kind}")
    if operation == "IS_SUBSTRING" and name != "string_value":
        raise invalid_input(f"cannot use non string value type string with operator {value}")


def _tag_predicate(key: str, operation: str, name: str, sent: Mapping[str, Any]) -> Predicate:
    if operation != "EQUALS":
        raise invalid_input(
            f"only EQUALS operation is supported for tag filtering, got {operation or 'UNKNOWN'}"
            f' for key "{key}"'
        )
    if name != "string_value":
        raise invalid_input(f'tag filter value must be a string for key "{key}"')
    return Predicate(key, operation, sent[name])


def _unknown_api_version(text: str) -> ApiError:
    """400 as KFP words it when a part of a predicate is missing (NewUnknownApiVersionError)."""
    return ApiError(INVALID, text, message=f"UnknownApiVersionError: {text}")
