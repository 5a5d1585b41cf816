"""What a person was told: the list, having seen it, and which kinds they want where."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.errors import Refused
from platform_app.identity import service as identity
from platform_app.messaging import quiet, reads, service
from platform_app.messaging.schemas import CHANNELS, DEFAULTS
from platform_app.web.pages.community import PAGE, split
from platform_app.web.pages.forms import go
from platform_app.web.refusals import status_of
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

KINDS = {
    "answered": "Somebody answers a problem of yours",
    "accepted": "An approach of yours is accepted",
    "mentioned": "Somebody calls you by your @handle",
    "commented": "Somebody comments on what you wrote",
    "replied": "Somebody answers a comment of yours",
    "duplicate": "A problem of yours was asked before",
    "closed": "Somebody closes a problem of yours",
    "voted": "Somebody finds helpful what you wrote",
    "followed": "Somebody follows you",
    "asked_to_follow": "Somebody asks to follow you",
    "let_follow": "Somebody lets you follow them",
    "posted": "Somebody you follow writes",
    "in_group": "A group of yours has a new problem",
    "asked": "Somebody asks to join a group that you look after",
    "admitted": "You are let into a group",
    "badge": "You earn a badge",
    "moderated": "A moderator acts on what you wrote",
    "reported": "A moderator decides about what you reported",
}
WHERE = {"none": "Nowhere", "app": "Here", "digest": "Here, and once a day by mail", "mail": "Here, and by mail"}


@router.get("/notifications")
def notifications_page(look: Look, before: UUID | None = None) -> Response:
    """One's notifications, newest first."""
    with look.read_as_member() as (conn, me):
        found = reads.newest(conn, me.id, before=before, limit=PAGE + 1)
        look.see_faces(conn, found)
    shown, next_cursor = split(found)
    return render(look.request, "notifications.html", items=shown, next_cursor=next_cursor)


@router.post("/notifications/read")
def read_all(send: Send) -> Response:
    """All have been seen."""
    with send.write(suspended_too=True) as (conn, me):
        service.mark_all_read(conn, me.id, utc_now())
    return go("/notifications")


@router.post("/notifications/{notification_id}/open")
def open_one(send: Send, notification_id: UUID) -> Response:
    """Go to what a notification is about; it has been seen then."""
    with send.write(suspended_too=True) as (conn, me):
        service.mark_read(conn, me.id, notification_id, utc_now())
        found = reads.one(conn, me.id, notification_id)
    return go(found.link if found else "/notifications")


@router.get("/settings/notifications")
def preferences_page(look: Look, done: str = "") -> Response:
    """Which kinds go where."""
    with look.read_as_member() as (conn, me):
        preferred = service.preferences_of(conn, me.id)
        mail = identity.consents_of(conn, me.id)["email"]
        hours = quiet.of(conn, me.id)
    return _form(look, preferred=preferred, mail=mail, hours=hours, saved=bool(done), error=None)


async def _channels(request: Request) -> dict[str, str]:
    """Which channel the form names for each kind; a kind that is left out stays where it goes."""
    form = await request.form()
    return {kind: str(form[kind]) for kind in KINDS if form.get(kind)}


@router.post("/settings/notifications")
def prefer(send: Send, chosen: Annotated[dict[str, str], Depends(_channels)]) -> Response:
    """Send kinds to other channels."""
    try:
        with send.write(suspended_too=True) as (conn, me):
            for kind, channel in chosen.items():
                service.prefer(conn, me.id, kind, channel)
    except Refused as refused:
        return _form(send, preferred=DEFAULTS | chosen, mail=True, hours=None, saved=False, error=refused)
    return go("/settings/notifications?done=1")


@router.post("/settings/notifications/quiet")
def choose_quiet_hours(
    send: Send,
    starts: Annotated[int, Form()] = 22,
    ends: Annotated[int, Form()] = 7,
    timezone: Annotated[str, Form()] = "UTC",
    off: Annotated[str, Form()] = "",
) -> Response:
    """Have quiet hours, or none any more."""
    try:
        with send.write() as (conn, me):
            if off:
                quiet.end(conn, me.id)
            else:
                quiet.choose(conn, me.id, starts, ends, timezone)
    except Refused as refused:
        with send.read_as_member() as (conn, me):
            preferred = service.preferences_of(conn, me.id)
        typed = quiet.QuietHours(starts, ends, timezone)
        return _form(send, preferred=preferred, mail=True, hours=typed, saved=False, error=refused)
    return go("/settings/notifications?done=1")


def _form(visit: Visit, *, error: Refused | None, **context: Any) -> Response:
    channels = [(name, WHERE[name]) for name in CHANNELS]
    status = status_of(error) if error else 200
    return render(
        visit.request,
        "notification_settings.html",
        status=status,
        kinds=KINDS,
        channels=channels,
        error=error,
        **context,
    )
