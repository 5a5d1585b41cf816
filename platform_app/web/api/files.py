"""Files: bring one, then name it where it is to be shown; what nothing shows within a day is removed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.uploads import schemas, service
from platform_app.web.errors import RESPONSES
from platform_app.web.receiving import LARGEST_UPLOAD, Given, receive
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["files"], responses=RESPONSES)


class KeptFile(BaseModel):
    """A file as it is kept: images were drawn anew, so that nothing but the picture is in them."""

    id: UUID
    purpose: schemas.Purpose
    kind: schemas.Kind
    media_type: str
    name: str = Field(description="The name it is saved under.")
    bytes: int
    width: int | None = Field(description="Pixels, of images.")
    height: int | None
    url: str
    small_url: str = Field(description="A smaller size, of images.")
    in_use: bool = Field(description="Whether something shows it; what is not in use is removed after a day.")
    created_at: datetime


@router.post("/files", status_code=201, max_body_size=LARGEST_UPLOAD)
def bring_file(
    call: Call, file: Given = None, purpose: Annotated[Literal["attachment", "portfolio"], Form()] = "attachment"
) -> KeptFile:
    """Bring a file (JPEG, PNG, WebP or GIF of at most 8 MB; for posts also PDF and plain text of at most 5 MB)."""
    received = receive(call, file, purpose)
    with call.write() as (conn, me):
        kept = service.keep(
            conn, call.store, me.id, received.prepared, purpose=purpose, name=received.name, now=utc_now()
        )
    return shown(kept)


@router.get("/files")
def my_files(call: Call) -> list[KeptFile]:
    """Every file that you keep here, oldest first."""
    with call.read_as_member() as (conn, me):
        return [shown(file) for file in service.files_of(conn, me.id)]


@router.delete("/files/{file_id}", status_code=204)
def discard_file(call: Call, file_id: UUID) -> Response:
    """Remove a file that you brought and that nothing shows."""
    with call.write() as (conn, me):
        service.discard(conn, me.id, file_id)
    return Response(status_code=204)


def shown(file: schemas.File) -> KeptFile:
    """The file as programs see it."""
    return KeptFile(
        id=file.id, purpose=file.purpose, kind=file.kind, media_type=file.media_type, name=file.name, bytes=file.bytes,
        width=file.width, height=file.height, url=file.path, small_url=file.small_path, in_use=file.used_at is not None,
        created_at=file.created_at,
    )  # fmt: skip
