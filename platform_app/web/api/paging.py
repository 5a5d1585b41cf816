"""Cursor pages: newest first, each page names the last item it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from platform_app.community.schemas import ApproachView, PostCard

Cursor = Annotated[UUID | None, Query(description="`next_cursor` of the page before; left out for the first page.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Most items on the page.")]


ItemT = TypeVar("ItemT", PostCard, ApproachView)


class Page(BaseModel, Generic[ItemT]):
    """A page of a list."""

    items: list[ItemT]
    next_cursor: UUID | None = Field(description="Where the next page starts; null on the last one.")


def page_of(items: Sequence[ItemT], limit: int) -> Page[ItemT]:
    """The first `limit` of the items; one more was asked for, to know whether there is a next page."""
    shown = list(items[:limit])
    return Page(items=shown, next_cursor=shown[-1].id if len(items) > limit else None)
