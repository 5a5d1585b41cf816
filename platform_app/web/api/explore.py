"""The feed and the explore page for programs: ranked entries with their reasons. What a program reads is not remembered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from platform_app.community.schemas import ApproachView, PostCard
from platform_app.explore import people
from platform_app.explore.schemas import Surface
from platform_app.web import ranked
from platform_app.web.api.paging import Limit
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["explore"], responses=RESPONSES)

Place = Annotated[
    str, Query(max_length=60, description="`next_cursor` of the page before; left out for the first page.")
]


class RankedItem(BaseModel):
    """An entry: a post or an approach, and why it is there."""

    model_config = ConfigDict(from_attributes=True)

    rank: int = Field(description="Its place in the ranking, from 1.")
    reason: str = Field(description="A code from a closed list.")
    because: str | None = Field(description="The tag or the name of the group that the reason speaks of.")
    words: str = Field(description="The reason as the page says it.")
    post: PostCard | None
    approach: ApproachView | None
    post_title: str | None = Field(description="What an approach answers; null where it stands on its own.")


class RankedPage(BaseModel):
    """A page of a ranking; its later pages stay as they are for two hours."""

    algorithm: str = Field(description="What ranked it, with its version.")
    personal: bool = Field(description="Whether more went into it than what the member follows: they agreed to recommendations.")  # fmt: skip
    items: list[RankedItem]
    next_cursor: str | None = Field(description="Where the next page starts; null on the last one.")


class SomeoneToFollow(BaseModel):
    """Somebody to follow."""

    model_config = ConfigDict(from_attributes=True)

    handle: str
    display_name: str
    words: str = Field(description="The reason.")


@router.get("/feed")
def feed(call: Call, cursor: Place = "", limit: Limit = 20) -> RankedPage:
    """What is worth a member's while; needs a session."""
    with call.read_as_member() as (conn, me):
        found = ranked.read(conn, me.id, "feed", cursor, limit=limit)
    return _page(call, found)


@router.get("/explore")
def explore(call: Call, cursor: Place = "", limit: Limit = 20) -> RankedPage:
    """Problems and approaches of people whom one does not follow yet; for visitors what is popular."""
    with call.read() as (conn, me):
        surface: Surface = "explore" if me else "popular"
        found = ranked.read(conn, me.id if me else None, surface, cursor, limit=limit)
    return _page(call, found)


@router.get("/explore/people")
def people_to_follow(
    call: Call, limit: Annotated[int, Query(ge=1, le=20, description="Most people.")] = 5
) -> list[SomeoneToFollow]:
    """People to follow, with reasons; empty for somebody who did not agree to recommendations."""
    with call.read_as_member() as (conn, me):
        return [SomeoneToFollow.model_validate(one) for one in people.to_follow(conn, me.id, limit=limit)]


def _page(call: Call, found: ranked.Ranked) -> RankedPage:
    ranked.keep(call, found)
    page = found.page
    return RankedPage(
        algorithm=page.ranking.algorithm,
        personal=page.ranking.personal,
        items=[RankedItem.model_validate(one) for one in page.items],
        next_cursor=str(page.next_cursor) if page.next_cursor else None,
    )
