"""Saving posts and approaches, and the page of what one saved."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import saved
from platform_app.web.pages.community import PAGE, split
from platform_app.web.pages.discussion import target_of
from platform_app.web.pages.forms import go, wants_fragment
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)


@router.get("/saved")
def saved_page(look: Look, before: UUID | None = None) -> Response:
    """What one saved, the newest first."""
    with look.read_as_member() as (conn, me):
        found = saved.saved_by(conn, me.id, before=before, limit=PAGE + 1)
        look.see_faces(conn, found)
    items, next_cursor = split(found)
    return render(look.request, "saved.html", items=items, next_cursor=next_cursor)


@router.post("/{kind}/{item_id}/save")
def save(send: Send, kind: Literal["posts", "approaches"], item_id: UUID, on: Annotated[str, Form()] = "") -> Response:
    """Save a post or an approach, or no longer."""
    with send.write() as (conn, me):
        if on:
            saved.save(conn, me.id, target_of(kind, item_id), utc_now())
        else:
            saved.unsave(conn, me.id, target_of(kind, item_id), utc_now())
    if not wants_fragment(send):
        return go(f"/{kind}/{item_id}")
    return render(send.request, "fragment_save.html", kind=kind, item_id=item_id, on=bool(on))
