"""A page of a ranking for whoever looks: takes the one that is kept, or settles a new one and keeps it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from lake.kit.clock import utc_now
from lake.kit.errors import Retry
from platform_app.db import Conn
from platform_app.explore import pages, rankings
from platform_app.explore.schemas import Cursor, Page, Surface
from platform_app.web.impressions import may_note
from platform_app.web.visit import Visit

PAGE = 20  # entries


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page of a ranking, whose it is (None: everybody's), and whether it is still to be kept."""

    page: Page
    account_id: UUID | None
    new: bool


def read(
    conn: Conn, account_id: UUID | None, surface: Surface, cursor: str = "", *, viewer: UUID | None = None,
    limit: int = PAGE,
) -> Ranked:  # fmt: skip
    """The page at a cursor (a text that is none: the first page). A ranking that has gone goes on in the newest one.

    `account_id` is whose ranking it is, None for everybody's; then `viewer` may be somebody who looks at it.
    """
    at, now = Cursor.read(cursor), utc_now()
    kept = rankings.at(conn, account_id, surface, at) if at else None
    kept = kept or rankings.newest(conn, account_id, surface, now)
    ranking = kept or rankings.settle(conn, account_id, surface, now)
    after = at.after if at else 0
    return Ranked(
        pages.page_of(conn, account_id or viewer, ranking, after=after, limit=limit), account_id, kept is None
    )


def keep(visit: Visit, found: Ranked) -> None:
    """Keep a new ranking, so that its next page is there; call it after the transaction that read it."""
    if found.new:
        with suppress(Retry), visit.keep_own() as conn:
            rankings.keep(conn, found.account_id, found.page.ranking)


def remember(visit: Visit, found: Ranked) -> None:
    """Remember what a member was shown, if they agreed to that and their browser does not ask to be left alone."""
    if visit.me and found.page.ranking.personal and may_note(visit.request):
        visit.impressions.note_page(visit.me.id, found.page, utc_now())
