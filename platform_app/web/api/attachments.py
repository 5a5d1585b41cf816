"""Pictures and files that posts and approaches show."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import attachments
from platform_app.community.schemas import Target
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["community"], responses=RESPONSES)
Kind = Annotated[Literal["posts", "approaches"], Path()]


class ShownFile(BaseModel):
    """A file that a text shows."""

    id: UUID
    media_type: str
    name: str
    bytes: int
    width: int | None
    height: int | None
    url: str


class Attached(BaseModel):
    """The file to show: brought with purpose `attachment` by the text's author."""

    file_id: UUID


class AttachmentId(BaseModel):
    """The id of the attachment."""

    id: UUID = Field(description="With it the file is taken away again.")


@router.get("/{kind}/{target_id}/attachments")
def attachments_of(call: Call, kind: Kind, target_id: UUID) -> list[ShownFile]:
    """What a post or an approach shows."""
    with call.read() as (conn, _):
        target = target_of(kind, target_id)
        attachments.author_of(conn, target)
        found = attachments.attachments_of(
            conn, [target.post_id] if target.post_id else [], [target.approach_id] if target.approach_id else []
        )
    return [
        ShownFile(
            id=one.id, media_type=one.media_type, name=one.name, bytes=one.bytes, width=one.width, height=one.height,
            url=f"/files/{one.file_id}",
        )
        for one in found
    ]  # fmt: skip


@router.post("/{kind}/{target_id}/attachments", status_code=201)
def attach(call: Call, kind: Kind, target_id: UUID, body: Attached) -> AttachmentId:
    """Show a file under your own post or approach; at most six."""
    with call.write() as (conn, me):
        return AttachmentId(id=attachments.attach(conn, me.id, target_of(kind, target_id), body.file_id, utc_now()))


@router.delete("/attachments/{attachment_id}", status_code=204)
def detach(call: Call, attachment_id: UUID) -> Response:
    """Take a file away; it is gone."""
    with call.write() as (conn, me):
        attachments.detach(conn, me.id, attachment_id, is_moderator=me.is_moderator)
    return Response(status_code=204)


def target_of(kind: str, target_id: UUID) -> Target:
    """What a path names."""
    return Target(post_id=target_id) if kind == "posts" else Target(approach_id=target_id)
