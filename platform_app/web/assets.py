"""The pages' own files, kept in memory as they travel: compressed once, answered without a thread or a disk.

In: the folder `static` and htmx where npm put it. Out: an ASGI application for `/static`. The pages' links carry a digest of
each file's content, so a browser keeps a file for a year; one that asks again all the same is told that nothing changed.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from platform_app.web.templates import STATIC, digest

HTMX = "htmx.org/dist/htmx.min.js"
YEAR = "public, max-age=31536000, immutable"
KINDS = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
    ".ico": "image/x-icon", ".woff2": "font/woff2", ".json": "application/json",
}  # fmt: skip
GROWS = 0.95  # what compresses to no less than this is sent as it is


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: as it is, and compressed if that is worth it."""

    kind: str
    tag: str
    plain: bytes
    small: bytes | None


class Assets:
    """ASGI application over files that are read once."""

    def __init__(self, files: Iterable[tuple[str, Path]]) -> None:
        self._assets = {name: _load(path) for name, path in files}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        asset = self._assets.get(scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/"))
        if asset is None:
            raise HTTPException(404)
        await _answer(request, asset)(scope, receive, send)


def _answer(request: Request, asset: Asset) -> Response:
    headers = {"Cache-Control": YEAR, "ETag": asset.tag, "Vary": "Accept-Encoding"}
    if asset.tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    body = asset.plain
    if asset.small is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = asset.small, "gzip"
    return Response(body, media_type=asset.kind, headers=headers)


def _load(path: Path) -> Asset:
    plain = path.read_bytes()
    small = gzip.compress(plain, 9, mtime=0)
    worth = len(small) < len(plain) * GROWS
    return Asset(KINDS[path.suffix], f'W/"{digest(path)}"', plain, small if worth else None)


def own_files() -> list[tuple[str, Path]]:
    """(name below /static, path) of every file of the folder."""
    return [
        (path.relative_to(STATIC).as_posix(), path)
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and path.suffix in KINDS
    ]


def installed_htmx(folder: Path) -> Path | None:
    """Where npm put htmx; pages work without it."""
    for root in (folder, folder / "node_modules"):
        if (root / HTMX).is_file():
            return root / HTMX
    return None
