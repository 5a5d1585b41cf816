"""What members were shown of a ranking and what they opened: gathered in memory, written together every few seconds.

Nothing is put into links: that somebody came from a list is read from the Referer that their browser sends within this
site. Visitors are never noted, nor members whose browser asks not to be tracked (DNT, Sec-GPC); whether somebody agreed to
recommendations is asked again when it is written. A crash loses at most what had gathered.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from starlette.requests import Request

from lake.kit.errors import Retry
from lake.kit.ids import new_id
from platform_app.db import Database
from platform_app.explore import history
from platform_app.explore.history import Impression, Opening
from platform_app.explore.schemas import Page

SPACING = 5.0  # seconds between two writes
MOST = 20_000  # that wait in memory; beyond, the oldest are let go
PATIENCE = timedelta(minutes=2)  # how long an opening waits for another process to write what was shown
PAGES = {"/": "feed", "/explore": "explore"}


class Impressions:
    """What was shown and opened and is not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shown: deque[Impression] = deque(maxlen=MOST)
        self._opened: deque[Opening] = deque(maxlen=MOST)
        self._written_at = time.monotonic()
        self._lock = Lock()

    def note_page(self, account_id: UUID, page: Page, now: datetime) -> None:
        """Somebody was shown a page of a ranking."""
        ranking = page.ranking
        rows = [
            Impression(
                account_id, "post" if one.post else "approach", item.id, ranking.surface, one.rank, ranking.algorithm,
                one.reason, now,
            )
            for one in page.items
            if (item := one.post or one.approach) is not None
        ]  # fmt: skip
        with self._lock:
            self._shown.extend(rows)

    def note_opening(self, account_id: UUID, item_id: UUID, surface: str, now: datetime) -> None:
        """Somebody followed a link of a list."""
        with self._lock:
            self._opened.append(Opening(account_id, item_id, surface, now))

    def write_if_due(self) -> None:
        """Write what has gathered when it is time; call it outside of a transaction."""
        if time.monotonic() - self._written_at >= SPACING:
            with suppress(Retry):
                self.write()

    def close(self) -> None:
        """Write what has gathered; a PostgreSQL that has gone already takes it along."""
        with suppress(Retry):
            self.write()

    def write(self) -> None:
        """Write what has gathered, in one transaction."""
        with self._lock:
            shown, opened = list(self._shown), list(self._opened)
            self._shown.clear()
            self._opened.clear()
            self._written_at = time.monotonic()
        if not shown and not opened:
            return
        with self._database.write(f"impressions-{new_id()}") as conn:
            history.add_impressions(conn, shown)
            found = history.add_openings(conn, opened)
        self._wait_for(opened, found)

    def _wait_for(self, opened: Sequence[Opening], found: set[tuple[UUID, UUID]]) -> None:
        """Try again later with what was opened before the process that showed it has written that."""
        missed = [one for one in opened if (one.account_id, one.item_id) not in found]
        newest = max((one.at for one in opened), default=datetime.min.replace(tzinfo=UTC))
        late = [one for one in missed if newest - one.at < PATIENCE]
        with self._lock:
            self._opened.extendleft(reversed(late))


def may_note(request: Request) -> bool:
    """Whether the browser leaves it open to remember what it is shown."""
    return request.headers.get("DNT") != "1" and request.headers.get("Sec-GPC") != "1"


def surface_of(request: Request) -> str | None:
    """The list whose link was followed, by the Referer; None when it was no list of this site."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    feed = parse_qs(came_from.query).get("feed", ["foryou"])
    if came_from.netloc != request.headers.get("host") or feed != ["foryou"]:
        return None
    return PAGES.get(came_from.path)
