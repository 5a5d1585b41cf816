"""What members were shown of a ranking and what they opened: gathered in memory, written together every few seconds.

Nothing is put into links: that somebody came from a list is read from the Referer that their browser sends within this
site. Visitors are never noted, nor members whose browser asks not to be tracked (DNT, Sec-GPC); whether somebody agreed to
recommendations is asked again when it is written. A crash loses at most what had gathered.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from starlette.requests import Request

from platform_app.db import Conn, Database
from platform_app.explore import history
from platform_app.explore.history import Impression, Opening
from platform_app.explore.schemas import Page
from platform_app.web.gathering import Gathering

SPACING = 5.0  # seconds between two writes
MOST = 20_000  # that wait in memory; beyond, the oldest are let go
PATIENCE = timedelta(minutes=2)  # how long an opening waits for another process to write what was shown
Noted = tuple[list[Impression], list[Opening]]
PAGES = {"/": "feed", "/explore": "explore"}


class Impressions(Gathering[Noted]):
    """What was shown and opened and is not written yet."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, spacing=SPACING, name="impressions")
        self._shown: deque[Impression] = deque(maxlen=MOST)
        self._opened: deque[Opening] = deque(maxlen=MOST)

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
        with self.lock:
            self._shown.extend(rows)

    def note_opening(self, account_id: UUID, item_id: UUID, surface: str, now: datetime) -> None:
        """Somebody followed a link of a list."""
        with self.lock:
            self._opened.append(Opening(account_id, item_id, surface, now))

    def take(self) -> Noted | None:
        """What was shown and opened since the last write."""
        taken = (list(self._shown), list(self._opened))
        self._shown.clear()
        self._opened.clear()
        return taken if any(taken) else None

    def put(self, conn: Conn, gathered: Noted) -> Noted | None:
        """Write it; an opening waits a while for the process that showed the thing to write that."""
        shown, opened = gathered
        history.add_impressions(conn, shown)
        found = history.add_openings(conn, opened)
        newest = max((one.at for one in opened), default=datetime.min.replace(tzinfo=UTC))
        missed = [one for one in opened if (one.account_id, one.item_id) not in found]
        late = [one for one in missed if newest - one.at < PATIENCE]
        return ([], late) if late else None

    def give_back(self, left: Noted) -> None:
        """Try again later with what was opened."""
        self._opened.extendleft(reversed(left[1]))


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
