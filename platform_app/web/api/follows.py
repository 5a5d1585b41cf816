"""Following people and tags."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from lake.kit.clock import utc_now
from platform_app.community import follows, privacy
from platform_app.identity import service as identity
from platform_app.web.api.paging import Cursor, Limit
from platform_app.web.circles import Side, people_around, tags_of
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["follows"], responses=RESPONSES)


class Follower(BaseModel):
    """Somebody in a list of followers or followed people."""

    model_config = ConfigDict(from_attributes=True)

    handle: str
    display_name: str
    headline: str | None
    since: datetime
    mine: bool = Field(description="Whether you follow them.")
    back: bool = Field(description="Whether they follow you.")


class FollowPage(BaseModel):
    """A page of people around a person, the newest follow first."""

    followers: int = Field(description="How many follow the person.")
    following: int = Field(description="How many the person follows.")
    items: list[Follower]
    next_cursor: UUID | None = Field(description="Where the next page starts; null on the last one.")


class Circle(BaseModel):
    """Whom and what a person follows, and who follows them: the newest 200 of each."""

    following: list[Follower]
    followers: list[Follower]
    tags: list[str]


@router.get("/people/{handle}/follows")
def follows_of(call: Call, handle: str) -> Circle:
    """Whom and which tags a person follows, and who follows them."""
    with call.read() as (conn, me):
        account_id, viewer = identity.find_by_handle(conn, handle).id, me.id if me else None
        privacy.check_look(conn, me, account_id)
        following = people_around(conn, account_id, "following", viewer, limit=200)
        followers = people_around(conn, account_id, "followers", viewer, limit=200)
        return Circle(
            following=[Follower.model_validate(one) for one in following],
            followers=[Follower.model_validate(one) for one in followers],
            tags=tags_of(conn, account_id),
        )


@router.get("/people/{handle}/followers")
def followers(call: Call, handle: str, cursor: Cursor = None, limit: Limit = 20) -> FollowPage:
    """Who follows a person."""
    return _page(call, handle, "followers", cursor, limit)


@router.get("/people/{handle}/following")
def following(call: Call, handle: str, cursor: Cursor = None, limit: Limit = 20) -> FollowPage:
    """Whom a person follows."""
    return _page(call, handle, "following", cursor, limit)


def _page(call: Call, handle: str, side: Side, cursor: UUID | None, limit: int) -> FollowPage:
    with call.read() as (conn, me):
        account = identity.find_by_handle(conn, handle)
        privacy.check_look(conn, me, account.id)
        found = people_around(conn, account.id, side, me.id if me else None, before=cursor, limit=limit + 1)
        counts = call.circle(conn, account.id)
    return FollowPage(
        followers=counts.followers,
        following=counts.following,
        items=[Follower.model_validate(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.put("/people/{handle}/follow", status_code=204, responses={202: {"description": "You have asked."}})
def follow(call: Call, handle: str) -> Response:
    """Follow a person (204), or ask one whose account is private (202)."""
    with call.write() as (conn, me):
        follows_now = follows.follow(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())
    return Response(status_code=204 if follows_now else 202)


@router.delete("/people/{handle}/follow", status_code=204)
def unfollow(call: Call, handle: str) -> None:
    """Stop following a person, or asking to."""
    with call.write() as (conn, me):
        follows.unfollow(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())


@router.put("/tags/{tag}/follow", status_code=204)
def follow_tag(call: Call, tag: str) -> None:
    """Follow a tag."""
    with call.write() as (conn, me):
        follows.follow_tag(conn, me.id, tag, utc_now())


@router.delete("/tags/{tag}/follow", status_code=204)
def unfollow_tag(call: Call, tag: str) -> None:
    """Stop following a tag."""
    with call.write() as (conn, me):
        follows.unfollow_tag(conn, me.id, tag)
