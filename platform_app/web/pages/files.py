"""Serving files that people brought: to whom may see them, as what they were checked to be, and never as a page of ours."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from platform_app.community import attachments
from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.identity.access import Member
from platform_app.uploads import service
from platform_app.uploads.schemas import FULL, SMALL, TEXT, File, Size
from platform_app.web.visit import Look, Visit

router = APIRouter(include_in_schema=False)

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""Even opened by itself a file runs nothing and belongs to no site."""
HOUR = 3_600


@router.get("/files/{file_id}")
def serve_file(look: Look, file_id: UUID) -> Response:
    """A file at its full size."""
    return _serve(look, file_id, FULL)


@router.get("/files/{file_id}/small")
def serve_small(look: Look, file_id: UUID) -> Response:
    """A smaller size of an image."""
    return _serve(look, file_id, SMALL)


def _serve(look: Visit, file_id: UUID, size: Size) -> Response:
    with look.read() as (conn, me):
        variant = service.variant_of(conn, file_id, size)
        _check(conn, variant.file, me)
    tag = f'"{variant.sha256[:32]}"'
    headers = _headers(variant.file) | {"ETag": tag}
    if look.request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    path = look.store.path(variant.sha256)
    if not path.is_file():
        raise NotFound("There is no such file.")
    kind = "text/plain; charset=utf-8" if variant.file.media_type == TEXT else variant.file.media_type
    return FileResponse(path, media_type=kind, headers=headers)


def _check(conn: Conn, file: File, me: Member | None) -> None:
    """A résumé is its owner's alone, and so is what nothing shows. Whoever may not see a file learns of none."""
    if me is not None and me.id == file.owner_id:
        return
    hidden = file.purpose == "resume" or file.used_at is None
    if hidden or (file.purpose == "attachment" and not attachments.is_shown(conn, file.id)):
        raise NotFound("There is no such file.")


def _headers(file: File) -> dict[str, str]:
    """Images are shown in place, documents are saved; for everybody's eyes a browser asks again after an hour."""
    where = "inline" if file.is_image else "attachment"
    private = file.purpose == "resume" or file.used_at is None
    return {
        "Content-Disposition": f"{where}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store" if private else f"private, max-age={HOUR}",
    }
