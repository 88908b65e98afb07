"""Lists that are longer than one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import msgspec

from ..models import PageQuery

MAX_PAGE = 200  # a KFP server cuts larger pages silently: backend/src/apiserver/list/list.go


class PagedResponse(Protocol):
    """One page of anything."""

    @property
    def next_page_token(self) -> str:
        """Where the next page begins; empty after the last one."""


Q = TypeVar("Q", bound=PageQuery)
P = TypeVar("P", bound=PagedResponse)


def read_pages(read_page: Callable[[Q], P], query: Q, limit: int) -> Iterator[P]:
    """Read the pages of `query` until they hold `limit` rows, or all there are."""
    token, left = "", limit
    while left > 0:
        size = min(MAX_PAGE, left)
        page = read_page(msgspec.structs.replace(query, page_size=size, page_token=token))
        yield page
        token, left = page.next_page_token, left - size
        if not token:
            return
