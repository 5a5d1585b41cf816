"""What anybody does for their own peace: report something, block or mute a person, see what moderators did, appeal."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import follows
from platform_app.db import Conn
from platform_app.errors import Refused
from platform_app.identity import service as identity
from platform_app.moderation import blocks, cases, log, reports, suspensions, targets
from platform_app.web.pages.forms import again, go, own_path
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send, Visit

router = APIRouter(include_in_schema=False)

Kind = Literal["post", "approach", "comment", "person"]
Text = Annotated[str, Form()]
NOTICES = {
    "reported": "Thank you: a moderator will look at it. You are told what comes of it.",
    "appealed": "Moderators have your note.",
}


@router.get("/report/{target_kind}/{target_id}")
def report_form(look: Look, target_kind: Kind, target_id: UUID) -> Response:
    """The form: what is wrong."""
    with look.read_as_member() as (conn, me):
        thing = targets.quoted(conn, me.id, target_kind, target_id)
    return _report_form(look, thing, {"category": "", "body": ""})


@router.post("/report/{target_kind}/{target_id}")
def report(send: Send, target_kind: Kind, target_id: UUID, category: Text = "", body: Text = "") -> Response:
    """Report it."""
    try:
        with send.write() as (conn, me):
            reports.file(conn, me.id, target_kind, target_id, category=category, body=body, now=utc_now())
    except Refused as refused:
        with send.read_as_member() as (conn, me):
            thing = targets.quoted(conn, me.id, target_kind, target_id)
        return _report_form(send, thing, {"category": category, "body": body}, refused)
    return go("/settings/safety?done=reported")


@router.get("/settings/safety")
def safety(look: Look, done: str = "") -> Response:
    """Whom one keeps away, what one reported, and what moderators did about oneself."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        context = _safety(conn, me.id)
    return render(look.request, "safety.html", error=None, notice=NOTICES.get(done), text="", **context)


@router.post("/settings/safety/appeal")
def appeal(send: Send, text: Text = "") -> Response:
    """Say once why one's suspension should end."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            suspensions.appeal(conn, me.id, text, utc_now())
    except Refused as refused:
        with send.read_as_member() as (conn, me):
            context = _safety(conn, me.id)
        return again(send, "safety.html", refused, notice=None, text=text, **context)
    return go("/settings/safety?done=appealed")


@router.post("/people/{handle}/block")
def block(send: Send, handle: str, on: Text = "", back: Text = "") -> Response:
    """Block a person, or take it back."""
    with send.write(suspended_too=True) as (conn, me):
        other = identity.find_by_handle(conn, handle)
        if on:
            follows.block(conn, me.id, other.id, utc_now())
        else:
            blocks.unblock(conn, me.id, other.id)
    return go(own_path(back, f"/people/{quote(other.handle, safe='')}"))


@router.post("/people/{handle}/mute")
def mute(send: Send, handle: str, on: Text = "", back: Text = "") -> Response:
    """Mute a person, or hear them again."""
    with send.write(suspended_too=True) as (conn, me):
        other = identity.find_by_handle(conn, handle)
        if on:
            blocks.mute(conn, me.id, other.id, utc_now())
        else:
            blocks.unmute(conn, me.id, other.id)
    return go(own_path(back, f"/people/{quote(other.handle, safe='')}"))


def _safety(conn: Conn, account_id: UUID) -> dict[str, Any]:
    return {
        "suspension": suspensions.of(conn, account_id),
        "blocked": blocks.blocked_by(conn, account_id),
        "muted": blocks.muted_by(conn, account_id),
        "mine": cases.reports_by(conn, account_id),
        "entries": log.shown_to(conn, account_id),
    }


def _report_form(
    visit: Visit, thing: targets.Thing, values: dict[str, str], refused: Refused | None = None
) -> Response:
    context: dict[str, Any] = {
        "thing": thing,
        "what": targets.NAMES[thing.kind],
        "values": values,
        "categories": reports.CATEGORIES,
    }
    if refused:
        return again(visit, "report.html", refused, **context)
    return render(visit.request, "report.html", error=None, **context)
