"""What people were shown and what of it they opened: the table `explore.impressions`. Takes open transactions.

Only of people who agreed to recommendations at the moment it is written, and only what the app's own ranking showed them.
One row for a thing, a page and a day; 90 days are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from lake.contracts.tables import BY_NAME
from lake.kit.ids import new_id
from platform_app.db import Conn, insert_rows
from platform_app.explore.schemas import ImpressionRow

DAYS = 90  # that are kept

_INSERT: LiteralString = """
INSERT INTO explore.impressions (id, account_id, post_id, approach_id, surface, rank, algorithm, reason, shown_at)
SELECT g.id, g.account_id, p.id, a.id, g.surface, g.rank, g.algorithm, g.reason, g.at
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::integer[], %s::text[], %s::text[],
            %s::timestamptz[]) AS g (id, account_id, kind, item_id, surface, rank, algorithm, reason, at)
JOIN identity.consents c ON c.account_id = g.account_id AND c.purpose = 'recommendations' AND c.granted
LEFT JOIN community.posts p ON p.id = g.item_id AND g.kind = 'post'
LEFT JOIN community.approaches a ON a.id = g.item_id AND g.kind = 'approach'
WHERE num_nonnulls(p.id, a.id) = 1
ON CONFLICT (account_id, (coalesce(approach_id, post_id)), surface, (CAST(shown_at AT TIME ZONE 'UTC' AS date)))
DO NOTHING
"""
_OPENED: LiteralString = """
UPDATE explore.impressions i SET clicked_at = g.at
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[]) AS g (account_id, item_id, surface, at)
WHERE i.account_id = g.account_id AND coalesce(i.approach_id, i.post_id) = g.item_id AND i.surface = g.surface
  AND i.shown_at BETWEEN g.at - interval '1 day' AND g.at + interval '1 minute' AND i.clicked_at IS NULL
RETURNING g.account_id, g.item_id
"""


@dataclass(frozen=True, slots=True)
class Impression:
    """An entry of a list that a page showed somebody."""

    account_id: UUID
    kind: str
    item_id: UUID
    surface: str
    rank: int
    algorithm: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody followed the link of a list."""

    account_id: UUID
    item_id: UUID
    surface: str
    at: datetime


def add_impressions(conn: Conn, rows: Sequence[Impression]) -> int:
    """Write what was shown; what was shown on that page that day already stays as it is. Returns how many were new."""
    columns = ("account_id", "kind", "item_id", "surface", "rank", "algorithm", "reason", "at")
    ids = [new_id() for _ in rows]
    return conn.execute(_INSERT, [ids, *([getattr(row, name) for row in rows] for name in columns)]).rowcount


def add_rows(conn: Conn, rows: Sequence[ImpressionRow]) -> int:
    """Batch form: write rows as they are; one that exists is left as it is. Returns how many were new."""
    return insert_rows(conn, BY_NAME["impressions"], rows)


def add_openings(conn: Conn, rows: Sequence[Opening]) -> set[tuple[UUID, UUID]]:
    """Write what was opened where it was shown within a day; returns (person, thing) of what was."""
    columns = ("account_id", "item_id", "surface", "at")
    found = conn.execute(_OPENED, [[getattr(row, name) for row in rows] for name in columns]).fetchall()
    return {(account_id, item_id) for account_id, item_id in found}


def purge(conn: Conn, most: int) -> int:
    """Remove at most so many rows that are older than 90 days, and rankings of yesterday; returns how many rows went."""
    conn.execute("DELETE FROM explore.rankings WHERE made_at < now() - interval '1 day'")
    return conn.execute(
        "DELETE FROM explore.impressions WHERE id IN (SELECT id FROM explore.impressions "
        "WHERE shown_at < now() - %s * interval '1 day' ORDER BY shown_at LIMIT %s)",
        (DAYS, most),
    ).rowcount


def forget(conn: Conn, account_id: UUID) -> None:
    """Remove what a person was shown and opened, and what was settled for them."""
    for statement in (
        "DELETE FROM explore.impressions WHERE account_id = %s",
        "DELETE FROM explore.rankings WHERE account_id = %s",
    ):
        conn.execute(statement, (account_id,))
