"""What moderators see of reports: the queue of cases, and one case with everything there is about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.moderation import hidden, log, suspensions, targets, trust
from platform_app.moderation.reports import CATEGORIES
from platform_app.moderation.targets import NAMES, Thing

SHOWN = ("waiting", "mine", "decided")
PAGE = 30


@dataclass(frozen=True, slots=True)
class Case:
    """All reports about one thing, as a row of the queue."""

    target_kind: str
    target_id: UUID
    state: str
    reports: int
    categories: list[str]
    excerpt: str
    author_handle: str
    author_name: str
    assigned_handle: str | None
    hidden: bool
    since: datetime

    @property
    def what(self) -> str:
        return NAMES[self.target_kind]

    @property
    def why(self) -> str:
        return ", ".join(CATEGORIES[category] for category in self.categories)


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `reporter` None: they have left."""

    id: UUID
    reporter: str | None
    category: str
    body: str
    snapshot: str
    state: str
    created_at: datetime
    decided_at: datetime | None

    @property
    def words(self) -> str:
        return CATEGORIES[self.category]


@dataclass(frozen=True, slots=True)
class History:
    """What a moderator should know of a person before deciding."""

    reports: int
    upheld: int
    hidden: int
    suspensions: int


@dataclass(frozen=True, slots=True)
class File:
    """A case with its history. `thing` None: it is gone, the snapshots are what is left."""

    target_kind: str
    target_id: UUID
    thing: Thing | None
    cause: str | None
    author: Account
    trusted: bool
    suspended_until: datetime | None
    history: History
    reports: list[Report]
    entries: list[log.Entry]
    assigned_handle: str | None

    @property
    def what(self) -> str:
        return NAMES[self.target_kind]

    @property
    def waits(self) -> bool:
        return any(report.state in ("open", "assigned") for report in self.reports)

    @property
    def decided(self) -> bool:
        return bool(self.reports) and not self.waits


_CASES: LiteralString = """
SELECT c.*, left(t.snapshot, 240) AS excerpt, a.handle AS author_handle, a.display_name AS author_name,
       m.handle AS assigned_handle, EXISTS (SELECT 1 FROM moderation.hidden h WHERE h.target_id = c.target_id) AS hidden
FROM (SELECT r.target_id, min(r.target_kind) AS target_kind, min(r.author_id::text)::uuid AS author_id,
             min(r.state) AS state, min(r.assigned_to::text)::uuid AS assigned_to, count(*)::integer AS reports,
             array_agg(DISTINCT r.category) AS categories, max(coalesce(r.decided_at, r.created_at)) AS latest,
             min(r.created_at) AS since, min(r.id::text)::uuid AS first_id
      FROM moderation.reports r WHERE {} GROUP BY r.target_id) AS c
JOIN moderation.reports t ON t.id = c.first_id JOIN identity.accounts a ON a.id = c.author_id
LEFT JOIN identity.accounts m ON m.id = c.assigned_to
"""
_WHICH: dict[str, tuple[LiteralString, LiteralString]] = {
    "waiting": ("r.state IN ('open', 'assigned')", "ORDER BY c.reports DESC, c.since"),
    "mine": ("r.state = 'assigned' AND r.assigned_to = %(me)s", "ORDER BY c.since"),
    "decided": (
        "r.state IN ('upheld', 'dismissed') AND NOT EXISTS (SELECT 1 FROM moderation.reports w "
        "WHERE w.target_id = r.target_id AND w.state IN ('open', 'assigned'))",
        "ORDER BY c.latest DESC",
    ),
}


def queue(conn: Conn, moderator_id: UUID, which: str, *, limit: int = PAGE, skip: int = 0) -> list[Case]:
    """The cases: those that wait (the most reported first), those the moderator has taken, or those decided."""
    where, order = _WHICH[which]
    columns: LiteralString = (
        "SELECT q.target_kind, q.target_id, q.state, q.reports, q.categories, q.excerpt, q.author_handle, q.author_name, "
        "q.assigned_handle, q.hidden, q.since FROM ("
    )
    query: LiteralString = columns + _CASES.replace("{}", where) + order + " LIMIT %(limit)s OFFSET %(skip)s) AS q"
    with conn.cursor(row_factory=class_row(Case)) as cursor:
        return cursor.execute(query, {"me": moderator_id, "limit": limit, "skip": skip}).fetchall()


def waiting(conn: Conn) -> int:
    """How many cases wait for a decision."""
    row = conn.execute(
        "SELECT count(DISTINCT target_id) FROM moderation.reports WHERE state IN ('open', 'assigned')"
    ).fetchone()
    return int(row[0]) if row else 0


def file_of(conn: Conn, kind: str, target_id: UUID, now: datetime) -> File:
    """Everything about one thing, reported or not; NotFound when it is gone and was never reported."""
    thing, reports = targets.look(conn, kind, target_id), _reports(conn, target_id)
    author_id = thing.author_id if thing else _reported_author(conn, target_id)
    author = identity.find_account(conn, author_id)
    return File(
        target_kind=kind,
        target_id=target_id,
        thing=thing,
        cause=hidden.cause_of(conn, target_id),
        author=author,
        trusted=trust.is_trusted(conn, author, now),
        suspended_until=suspensions.until(conn, author_id),
        history=history_of(conn, author_id),
        reports=reports,
        entries=log.about(conn, author_id, limit=20),
        assigned_handle=_assigned(conn, target_id),
    )


def history_of(conn: Conn, account_id: UUID) -> History:
    """How often a person was reported, rightly so, hidden and suspended."""
    with conn.cursor(row_factory=class_row(History)) as cursor:
        found = cursor.execute(
            "SELECT count(*)::integer AS reports, count(*) FILTER (WHERE state = 'upheld')::integer AS upheld, "
            "(SELECT count(*) FROM moderation.hidden h WHERE h.author_id = %(who)s)::integer AS hidden, "
            "(SELECT count(*) FROM moderation.suspensions s WHERE s.account_id = %(who)s)::integer AS suspensions "
            "FROM moderation.reports WHERE author_id = %(who)s",
            {"who": account_id},
        ).fetchone()
    return found or History(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class OwnReport:
    """A report as its reporter sees it."""

    id: UUID
    target_kind: str
    category: str
    body: str
    state: str
    created_at: datetime

    @property
    def what(self) -> str:
        return NAMES[self.target_kind]

    @property
    def words(self) -> str:
        """How it stands. Who looks at it is nobody's business, so `assigned` is still waiting."""
        told = {"upheld": "Moderators agreed and acted", "dismissed": "Moderators saw no reason to act"}
        return told.get(self.state, "Waits for a moderator")


def reports_by(conn: Conn, account_id: UUID, *, limit: int = 50) -> list[OwnReport]:
    """What a person reported; the newest first."""
    with conn.cursor(row_factory=class_row(OwnReport)) as cursor:
        return cursor.execute(
            "SELECT id, target_kind, category, body, CASE state WHEN 'assigned' THEN 'open' ELSE state END AS state, "
            "created_at FROM moderation.reports WHERE reporter_id = %s ORDER BY id DESC LIMIT %s",
            (account_id, limit),
        ).fetchall()


def _reports(conn: Conn, target_id: UUID) -> list[Report]:
    with conn.cursor(row_factory=class_row(Report)) as cursor:
        return cursor.execute(
            "SELECT r.id, a.handle AS reporter, r.category, r.body, r.snapshot, r.state, r.created_at, r.decided_at "
            "FROM moderation.reports r LEFT JOIN identity.accounts a ON a.id = r.reporter_id WHERE r.target_id = %s "
            "ORDER BY r.id",
            (target_id,),
        ).fetchall()


def _reported_author(conn: Conn, target_id: UUID) -> UUID:
    row = conn.execute("SELECT author_id FROM moderation.reports WHERE target_id = %s LIMIT 1", (target_id,)).fetchone()
    if row is None:
        raise NotFound("There is nothing of this kind here.")
    return UUID(str(row[0]))


def _assigned(conn: Conn, target_id: UUID) -> str | None:
    row = conn.execute(
        "SELECT a.handle FROM moderation.reports r JOIN identity.accounts a ON a.id = r.assigned_to "
        "WHERE r.target_id = %s AND r.state = 'assigned' LIMIT 1",
        (target_id,),
    ).fetchone()
    return None if row is None else str(row[0])
