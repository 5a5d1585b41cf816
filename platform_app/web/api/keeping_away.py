"""Blocking and muting people."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from lake.kit.clock import utc_now
from platform_app.community import follows
from platform_app.identity import service as identity
from platform_app.moderation import blocks
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["safety"], responses=RESPONSES)


class Kept(BaseModel):
    """Somebody you keep away."""

    handle: str
    display_name: str
    since: datetime


class KeptAway(BaseModel):
    """Whom you keep away; nobody else sees this."""

    blocked: list[Kept] = Field(description="They and you neither see nor reach each other.")
    muted: list[Kept] = Field(description="You do not see or hear them; they notice nothing.")


@router.get("/blocks")
def kept_away(call: Call) -> KeptAway:
    """Whom you have blocked and muted."""
    with call.read_as_member() as (conn, me):
        blocked = [
            Kept(handle=k.handle, display_name=k.display_name, since=k.since) for k in blocks.blocked_by(conn, me.id)
        ]
        muted = [
            Kept(handle=k.handle, display_name=k.display_name, since=k.since) for k in blocks.muted_by(conn, me.id)
        ]
    return KeptAway(blocked=blocked, muted=muted)


@router.put("/people/{handle}/block", status_code=204)
def block(call: Call, handle: str) -> None:
    """Block a person: neither sees, answers, mentions or follows the other. Not a moderator."""
    with call.write(suspended_too=True) as (conn, me):
        follows.block(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())


@router.delete("/people/{handle}/block", status_code=204)
def unblock(call: Call, handle: str) -> None:
    """Take a block back."""
    with call.write(suspended_too=True) as (conn, me):
        blocks.unblock(conn, me.id, identity.find_by_handle(conn, handle).id)


@router.put("/people/{handle}/mute", status_code=204)
def mute(call: Call, handle: str) -> None:
    """Mute a person: your lists and notifications are without them."""
    with call.write(suspended_too=True) as (conn, me):
        blocks.mute(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())


@router.delete("/people/{handle}/mute", status_code=204)
def unmute(call: Call, handle: str) -> None:
    """Hear a person again."""
    with call.write(suspended_too=True) as (conn, me):
        blocks.unmute(conn, me.id, identity.find_by_handle(conn, handle).id)
