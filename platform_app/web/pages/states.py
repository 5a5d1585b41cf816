"""Closing, reopening, locking and unlocking problems, and bringing back what was deleted."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import reads, second_thoughts, service, states
from platform_app.errors import Invalid, NotAllowed, NotFound, Refused
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
Kind = Literal["posts", "approaches", "comments"]
ADDRESS = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[?#].*)?$", re.IGNORECASE)
REASONS = {"duplicate": "It was asked before", **states.CLOSING}
NOTHING = {"reason": "", "note": "", "of": ""}


@router.get("/posts/{post_id}/close")
def close_form(look: Look, post_id: UUID) -> Response:
    """The form that closes a problem."""
    return _form(look, post_id, "close", NOTHING)


@router.post("/posts/{post_id}/close")
def close(send: Send, post_id: UUID, reason: Text = "", note: Text = "", of: Text = "") -> Response:
    """Close a problem, also as one that was asked before."""
    try:
        with send.write() as (conn, me):
            if reason == "duplicate":
                service.mark_duplicate(conn, me.id, post_id, _post_at(of), utc_now())
            else:
                states.close(conn, me.id, post_id, reason=reason, note=note, now=utc_now())
    except Refused as refused:
        return _form(send, post_id, "close", {"reason": reason, "note": note, "of": of}, refused)
    return go(f"/posts/{post_id}")


@router.post("/posts/{post_id}/reopen")
def reopen(send: Send, post_id: UUID) -> Response:
    """Let a problem take approaches again."""
    with send.write() as (conn, me):
        states.reopen(conn, me.id, post_id, now=utc_now())
    return go(f"/posts/{post_id}")


@router.get("/posts/{post_id}/lock")
def lock_form(look: Look, post_id: UUID) -> Response:
    """The form that locks a problem."""
    return _form(look, post_id, "lock", NOTHING)


@router.post("/posts/{post_id}/lock")
def lock(send: Send, post_id: UUID, reason: Text = "", note: Text = "") -> Response:
    """Lock a problem: nobody adds or changes anything."""
    try:
        with send.write() as (conn, me):
            states.lock(conn, me.id, post_id, reason=reason, note=note, now=utc_now())
    except Refused as refused:
        return _form(send, post_id, "lock", {"reason": reason, "note": note, "of": ""}, refused)
    return go(f"/posts/{post_id}")


@router.post("/posts/{post_id}/unlock")
def unlock(send: Send, post_id: UUID) -> Response:
    """Let people add to a problem again."""
    with send.write() as (conn, me):
        states.unlock(conn, me.id, post_id, now=utc_now())
    return go(f"/posts/{post_id}")


@router.get("/undo/{kind}/{item_id}")
def undo_form(look: Look, kind: Kind, item_id: UUID) -> Response:
    """What was deleted, and the button that brings it back."""
    with look.read_as_member() as (conn, me):
        found = [one for one in second_thoughts.recent(conn, me.id, utc_now()) if (one.kind, one.id) == (kind, item_id)]
    if not found:
        raise NotFound("There is nothing to bring back: it is on its page, or gone for good.")
    return render(look.request, "undo.html", removed=found[0])


@router.post("/undo/{kind}/{item_id}")
def undo(send: Send, kind: Kind, item_id: UUID) -> Response:
    """Bring it back."""
    with send.write() as (conn, me):
        second_thoughts.restore(conn, me.id, kind, item_id, utc_now())
    return go(f"/{kind}/{item_id}")


def _post_at(address: str) -> UUID:
    """The post whose page's address was given."""
    found = ADDRESS.search(address.strip())
    if not found:
        raise Invalid("Give the address of the older problem's page.", field="of")
    return UUID(found[1])


def _form(
    visit: Visit, post_id: UUID, what: Literal["close", "lock"], values: dict[str, str], refused: Refused | None = None
) -> Response:
    with visit.read_as_member() as (conn, me):
        post = reads.read_post(conn, post_id, me.id)
        if not post.keeps_order and (what == "lock" or me.id != post.card.author_id):
            raise NotAllowed("Only its author or a moderator may do this.", code="not_the_author")
    context: dict[str, Any] = {"post": post, "values": values}
    if what == "close":
        context |= {
            "heading": "Close the problem", "button": "Close it", "reasons": REASONS,
            "hint": "It stays on its page with everything under it, and takes no more approaches.",
        }  # fmt: skip
    else:
        context |= {
            "heading": "Lock the problem", "button": "Lock it", "reasons": states.LOCKING,
            "hint": "Nobody adds approaches, comments or votes, or changes anything, until you unlock it.",
        }  # fmt: skip
    if refused:
        return again(visit, "close.html", refused, **context)
    return render(visit.request, "close.html", error=None, **context)
