"""Settles an order for somebody and keeps it for a while, so that its pages stay the same while they read.

A ranking is kept in PostgreSQL: every process shows the same order, and the next page is the next page wherever it is
asked for. What happens to a thing in between (deleted, hidden, its author blocked) counts when a page is read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.explore import candidates, interests
from platform_app.explore.schemas import Cursor, Entry, Ranking, Surface
from platform_app.explore.scoring import ALGORITHM, Interests, rank

FRESH: dict[Surface, timedelta] = {
    "feed": timedelta(minutes=3), "explore": timedelta(minutes=10), "popular": timedelta(minutes=1),
}  # fmt: skip
"""How long a ranking is the one that a first page shows."""
KEPT = timedelta(hours=2)  # how long its later pages are there

_COLUMNS: LiteralString = "SELECT id, surface, algorithm, personal, made_at, entries FROM explore.rankings "
_NEWEST: LiteralString = (
    _COLUMNS + "WHERE account_id IS NOT DISTINCT FROM %s AND surface = %s AND made_at > %s "
    "AND entries <> '[]' ORDER BY made_at DESC LIMIT 1"
)


def newest(conn: Conn, account_id: UUID | None, surface: Surface, now: datetime) -> Ranking | None:
    """The ranking that a first page shows now; None when a new one is to be made, as after one of nothing. `account_id` None: a visitor's."""
    return _read(conn, _NEWEST, (account_id, surface, now - FRESH[surface]))


def at(conn: Conn, account_id: UUID | None, surface: Surface, cursor: Cursor) -> Ranking | None:
    """The ranking of a cursor, if it is still kept and this person's."""
    query: LiteralString = _COLUMNS + "WHERE id = %s AND account_id IS NOT DISTINCT FROM %s AND surface = %s"
    return _read(conn, query, (cursor.ranking_id, account_id, surface))


def settle(conn: Conn, account_id: UUID | None, surface: Surface, now: datetime) -> Ranking:
    """Make a new ranking; reads only."""
    agreed = account_id is not None and interests.agreed(conn, account_id)
    known = (
        interests.interests_of(conn, account_id, agreed=agreed, with_near=surface == "explore")
        if account_id
        else Interests()
    )
    if surface == "popular":
        found = candidates.candidates(conn, candidates.POPULAR, me=None, now=now)
    else:
        values: dict[str, Any] = {
            "me": account_id, "tags": list(known.tags), "near": list(known.near), "groups": list(known.groups),
            "given": _popular(conn, now),
        }  # fmt: skip
        source = candidates.FEED if surface == "feed" else candidates.EXPLORE
        found = candidates.candidates(conn, source, **values)
    if surface == "explore":
        found = [one for one in found if one.author_id not in known.people]
    return Ranking(new_id(), surface, ALGORITHM, agreed, now, rank(found, known, surface, now))


def keep(conn: Conn, account_id: UUID | None, ranking: Ranking) -> None:
    """Keep a ranking that was settled, and let go of those that nobody reads any more."""
    entries = [[one.kind, str(one.id), one.reason, one.because] for one in ranking.entries]
    conn.execute(
        "DELETE FROM explore.rankings WHERE account_id IS NOT DISTINCT FROM %s AND surface = %s AND made_at < %s",
        (account_id, ranking.surface, ranking.made_at - KEPT),
    )
    conn.execute(
        "INSERT INTO explore.rankings (id, account_id, surface, algorithm, personal, made_at, entries) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            ranking.id, account_id, ranking.surface, ranking.algorithm, ranking.personal, ranking.made_at,
            Jsonb(entries),
        ),
    )  # fmt: skip


def outdate(conn: Conn, account_id: UUID) -> None:
    """Let the next first page be made anew: the person has just changed whom or what they follow."""
    conn.execute(
        "UPDATE explore.rankings SET made_at = made_at - interval '1 hour' WHERE account_id = %s "
        "AND made_at > now() - interval '1 hour'",
        (account_id,),
    )


def _popular(conn: Conn, now: datetime) -> list[UUID]:
    """Posts that are popular with everybody, as they were settled last; settled here when nobody has for a while."""
    there = _read(conn, _NEWEST, (None, "popular", now - 5 * FRESH["popular"])) or settle(conn, None, "popular", now)
    return [one.id for one in there.entries if one.kind == "post"][:100]


def _read(conn: Conn, query: LiteralString, values: tuple[object, ...]) -> Ranking | None:
    row = conn.execute(query, values).fetchone()
    if row is None:
        return None
    id_, surface, algorithm, personal, made_at, stored = row
    entries = [Entry(kind, UUID(item_id), reason, because) for kind, item_id, reason, because in stored]
    return Ranking(id_, surface, algorithm, personal, made_at, entries)
