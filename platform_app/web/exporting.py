"""All data about the member who asks, as a download: the same for the page and the API."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from lake.kit.clock import utc_now
from lake.kit.log import get_log
from platform_app.db import Conn
from platform_app.identity.export import export
from platform_app.uploads import service as uploads
from platform_app.uploads.store import Store
from platform_app.web.limits import EXPORT_ACCOUNT
from platform_app.web.visit import ACCOUNT, Visit

IN_MEMORY = 2_000_000  # bytes of a zip; a larger one is written to disk
PIECE = 65_536


def export_of(visit: Visit) -> Response:
    """The zip of the member's data, as it is at one moment. TooMany beyond five within an hour."""
    now = utc_now()
    with visit.read_as_member(ACCOUNT) as (conn, me):
        visit.limits.take((EXPORT_ACCOUNT, me.id))
        file = _written(conn, me.id, now, visit.store)
    disposition = f'attachment; filename="headwater-data-{now:%Y-%m-%d}.zip"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _written(conn: Conn, account_id: UUID, now: datetime, store: Store) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - `_pieces` closes it
    try:
        counts = export(conn, account_id, file, now, uploads.places_of(conn, store, account_id))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    get_log().info("data_exported", tables=len(counts), rows=sum(counts.values()))
    return file


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
