"""Following people and tags."""

from __future__ import annotations

from fastapi import APIRouter

from lake.kit.clock import utc_now
from platform_app.community import follows
from platform_app.identity import service as identity
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["follows"], responses=RESPONSES)


@router.put("/people/{handle}/follow", status_code=204)
def follow(call: Call, handle: str) -> None:
    """Follow a person."""
    with call.write() as (conn, me):
        follows.follow(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())


@router.delete("/people/{handle}/follow", status_code=204)
def unfollow(call: Call, handle: str) -> None:
    """Stop following a person."""
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
