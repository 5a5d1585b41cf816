"""Notifications: the list, having seen them, where they go, and the stream of what is new."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, WebSocket
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from lake.kit.clock import utc_now
from platform_app.messaging import quiet, reads, service
from platform_app.messaging.schemas import Channel, Notification
from platform_app.web.api.paging import Cursor, Limit
from platform_app.web.errors import RESPONSES
from platform_app.web.live import attend
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["notifications"], responses=RESPONSES)


class Told(BaseModel):
    """One notification."""

    id: UUID
    kind: str = Field(description="What happened: answered, commented, mentioned, accepted, voted, followed, posted, badge, duplicate, moderated or reported.")  # fmt: skip
    times: int = Field(description="How often it happened before it was read.")
    actor_handle: str = Field(description="Who did it last.")
    post_id: UUID | None
    approach_id: UUID | None
    link: str = Field(description="The page it leads to.")
    text: str = Field(description="The notification in words.")
    changed_at: datetime = Field(description="When it happened last: the cursor of the stream.")
    read_at: datetime | None


class ToldPage(BaseModel):
    """A page of notifications, newest first."""

    unread: int = Field(description="How many were not read; 100 stands for a hundred and more.")
    items: list[Told]
    next_cursor: UUID | None = Field(description="Where the next page starts; null on the last one.")


class Preference(BaseModel):
    """Where one kind of notification goes."""

    channel: Channel = Field(description="none, app, digest (and once a day by mail) or mail (and by mail at once).")


def told(one: Notification) -> Told:
    """A notification as the API shows it."""
    text = f"{one.who} {one.words}{f' “{one.title}”' if one.title else ''}"
    names = ("id", "kind", "times", "actor_handle", "post_id", "approach_id", "link", "changed_at", "read_at")
    return Told(text=text, **{name: getattr(one, name) for name in names})


@router.get("/notifications")
def notifications(call: Call, before: Cursor = None, limit: Limit = 20) -> ToldPage:
    """One's notifications, newest first."""
    with call.read_as_member() as (conn, me):
        found = reads.newest(conn, me.id, before=before, limit=limit + 1)
        unread = reads.unread_count(conn, me.id)
    shown = [told(one) for one in found[:limit]]
    return ToldPage(unread=unread, items=shown, next_cursor=shown[-1].id if len(found) > limit else None)


@router.put("/notifications/read", status_code=204)
def read_all(call: Call) -> None:
    """All have been seen."""
    with call.write(suspended_too=True) as (conn, me):
        service.mark_all_read(conn, me.id, utc_now())


@router.put("/notifications/{notification_id}/read", status_code=204)
def read_one(call: Call, notification_id: UUID) -> None:
    """One has been seen."""
    with call.write(suspended_too=True) as (conn, me):
        service.mark_read(conn, me.id, notification_id, utc_now())


@router.get("/notifications/preferences")
def preferences(call: Call) -> dict[str, Channel]:
    """Where each kind goes."""
    with call.read_as_member() as (conn, me):
        return service.preferences_of(conn, me.id)


@router.put("/notifications/preferences/{kind}", status_code=204)
def prefer(call: Call, kind: str, body: Preference) -> None:
    """Send one kind to another channel. Mail also needs the consent to mail."""
    with call.write(suspended_too=True) as (conn, me):
        service.prefer(conn, me.id, kind, body.channel)


class Quiet(BaseModel):
    """Hours in which nothing appears on open pages and mail waits, by the clock of a time zone."""

    model_config = ConfigDict(from_attributes=True)

    starts: int = Field(ge=0, le=23, description="The full hour at which it begins.")
    ends: int = Field(ge=0, le=23, description="The full hour at which it is over.")
    timezone: str = Field(max_length=64, description="Such as Europe/Lisbon.")


@router.get("/notifications/quiet-hours")
def quiet_hours(call: Call) -> Quiet | None:
    """One's quiet hours; null without any."""
    with call.read_as_member() as (conn, me):
        hours = quiet.of(conn, me.id)
    return Quiet.model_validate(hours) if hours else None


@router.put("/notifications/quiet-hours", status_code=204)
def choose_quiet_hours(call: Call, body: Quiet) -> None:
    """Have quiet hours."""
    with call.write() as (conn, me):
        quiet.choose(conn, me.id, body.starts, body.ends, body.timezone)


@router.delete("/notifications/quiet-hours", status_code=204)
def end_quiet_hours(call: Call) -> None:
    """Have no quiet hours any more."""
    with call.write() as (conn, me):
        quiet.end(conn, me.id)


@router.websocket("/notifications/stream")
async def stream(socket: WebSocket, after: Annotated[AwareDatetime | None, Query()] = None) -> None:
    """Messages `{"unread", "cursor", "items"}`: at once, then whenever something is new.

    `after` is the cursor of the last message that was seen: what came since is sent first. Without it only what is new.
    A bearer token, or the session's cookie from a page of this site. Closed with 4401 when the session ends.
    """
    await attend(socket, lambda one: told(one).model_dump(mode="json"), after)
