"""Attaching files to one's posts and approaches."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import attachments
from platform_app.web.api.attachments import target_of
from platform_app.web.pages.forms import go
from platform_app.web.receiving import LARGEST_UPLOAD, Given, receive, show_all
from platform_app.web.visit import Send

router = APIRouter(include_in_schema=False)


@router.post("/{kind}/{target_id}/attachments", max_body_size=LARGEST_UPLOAD)
def attach(send: Send, kind: Literal["posts", "approaches"], target_id: UUID, file: Given = None) -> Response:
    """Show a file under one's own post or approach."""
    received = receive(send, file, "attachment")
    now = utc_now()
    with send.write() as (conn, me):
        show_all(conn, send, me.id, target_of(kind, target_id), [received], now)
    return go(f"/{kind}/{target_id}#files")


@router.post("/attachments/{attachment_id}/delete")
def detach(send: Send, attachment_id: UUID) -> Response:
    """Take a file away."""
    with send.write() as (conn, me):
        target = attachments.detach(conn, me.id, attachment_id, is_moderator=me.is_moderator)
    return go(f"/posts/{target.post_id}" if target.post_id else f"/approaches/{target.approach_id}")
