"""Searching, and what is like a text that somebody writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from platform_app.community import reads
from platform_app.discovery.likes import Likes
from platform_app.discovery.query import KINDS, MOST_CHARACTERS, parse
from platform_app.discovery.search import MOST_PAGES, Search, Sort
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call, Visit

router = APIRouter(prefix="/api/v1", tags=["discovery"], responses=RESPONSES)

Typed = Annotated[
    str, Query(max_length=MOST_CHARACTERS, description="Words, and operators: docs/search.md lists them.")
]
Title = Annotated[str, Query(max_length=300, description="The title as far as it is written.")]
Beginning = Annotated[str, Query(max_length=2_000, description="The beginning of the text.")]


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Piece(_Read):
    """Some words of a text, and whether they were looked for."""

    text: str
    found: bool


class Hit(_Read):
    """A problem, an update, an approach or a person; `id` is the account's for a person."""

    id: UUID
    kind: Literal["problem", "update", "approach", "person"]
    state: Literal["open", "solved", "closed", "accepted", "published"]
    title: list[Piece] = Field(description="The post's, for an approach without one; the name, for a person.")
    text: list[Piece] = Field(description="What of the text fits best.")
    post_id: UUID | None = Field(description="The post that an approach answers.")
    author_handle: str
    author_name: str
    created_at: datetime
    tags: list[str]
    score: int
    approaches: int


class Found(_Read):
    """A page of results."""

    hits: list[Hit]
    method: Literal["hybrid", "words", "filters"] = Field(
        description="By words and meaning; by words alone; or by operators alone, the newest first."
    )
    total: int = Field(description="How many were ranked, at most 200; at least so many fit operators alone.")
    has_next: bool
    corrected: dict[str, str] = Field(description="Typed words that nothing holds, and what was taken for each.")
    notes: list[str] = Field(default=[], description="What was not understood.")


class Similar(_Read):
    """A problem that is like another one."""

    id: UUID
    title: str
    status: Literal["open", "solved", "closed"]
    approaches: int
    tags: list[str]
    likeness: float | None = Field(description="Cosine of their meanings; null when they share words alone.")


class FittingTag(_Read):
    """A tag of the vocabulary that fits a text."""

    name: str
    confidence: int = Field(description="In per cent.")
    reason: Literal["words", "neighbours", "both"]


class Hints(BaseModel):
    """What may help somebody who writes."""

    similar: list[Similar]
    tags: list[FittingTag]


@router.get("/search")
def search(
    call: Call,
    q: Typed,
    kind: Literal["post", "approach", "person"] | None = None,
    sort: Sort = "relevance",
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Found:
    """Posts, approaches and people by words, meaning and operators; 20 on a page."""
    query = parse(q.replace("\x00", ""))
    if kind:
        query = replace(query, kinds=KINDS[kind])
    engine: Search = call.request.app.state.search
    _count(call)
    with call.read() as (conn, me):
        found = engine.find(conn, query, viewer_id=me.id if me else None, sort=sort, page=page)
    return Found.model_validate(found).model_copy(update={"notes": list(query.notes)})


@router.get("/posts/{post_id}/similar")
def similar_posts(call: Call, post_id: UUID) -> list[Similar]:
    """The problems that are most like a post."""
    likes: Likes = call.request.app.state.likes
    with call.read() as (conn, me):
        viewer = me.id if me else None
        reads.read_post(conn, post_id, viewer)
        return [Similar.model_validate(one) for one in likes.to_post(conn, post_id, viewer)]


@router.get("/hints")
def hints(call: Call, title: Title, body: Beginning = "") -> Hints:
    """Problems like the one that somebody writes, and tags that fit it; needs a session."""
    likes: Likes = call.request.app.state.likes
    with call.read_as_member() as (conn, me):
        _count(call)
        found = likes.hints(conn, title.replace("\x00", ""), body.replace("\x00", ""), me.id)
    return Hints(
        similar=[Similar.model_validate(one) for one in found.similar],
        tags=[FittingTag.model_validate(one) for one in found.tags],
    )


def _count(call: Visit) -> None:
    call.limits.search_place.take(call.place)
