"""What a person has done and how it was received, by day and by month. Reads only, each in one query with an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn


@dataclass(frozen=True, slots=True)
class Totals:
    """What a person has published and what came of it."""

    posts: int
    solved: int
    views: int
    approaches: int
    answers: int  # approaches to others' posts
    accepted: int  # of the answers

    @property
    def acceptance(self) -> int | None:
        """Percent of answers that were accepted; None without answers."""
        return round(100 * self.accepted / self.answers) if self.answers else None


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a person."""

    month: date
    posts: int
    approaches: int
    votes: int  # received


@dataclass(frozen=True, slots=True)
class Seen:
    """A post of theirs and how often it was looked at."""

    id: UUID
    title: str
    views: int


def totals_of(conn: Conn, account_id: UUID) -> Totals:
    """Everything up to now."""
    with conn.cursor(row_factory=class_row(Totals)) as cursor:
        found = cursor.execute(
            """
            SELECT (SELECT count(*) FROM community.posts WHERE author_id = %(me)s AND status <> 'deleted') AS posts,
                (SELECT count(*) FROM community.posts WHERE author_id = %(me)s AND status = 'solved') AS solved,
                (SELECT coalesce(sum(c.views), 0)::bigint FROM community.posts p JOIN community.post_counters c
                    ON c.post_id = p.id WHERE p.author_id = %(me)s AND p.status <> 'deleted') AS views,
                count(*) AS approaches, count(*) FILTER (WHERE p.author_id <> a.author_id) AS answers,
                count(*) FILTER (WHERE p.author_id <> a.author_id AND p.accepted_approach_id = a.id) AS accepted
            FROM community.approaches a LEFT JOIN community.posts p ON p.id = a.post_id
            WHERE a.author_id = %(me)s AND a.status <> 'deleted'
            """,
            {"me": account_id},
        ).fetchone()
    assert found is not None  # noqa: S101 - an aggregate has one row
    return found


def months_of(conn: Conn, account_id: UUID, now: datetime) -> list[Month]:
    """The last twelve months, oldest first, with those in which nothing happened."""
    first = date(now.year if now.month == 12 else now.year - 1, now.month % 12 + 1, 1)
    with conn.cursor(row_factory=class_row(Month)) as cursor:
        return cursor.execute(
            """
            WITH happened AS (
                SELECT created_at AS at, 1 AS posts, 0 AS approaches, 0 AS votes FROM community.posts
                WHERE author_id = %(me)s AND status <> 'deleted' AND created_at >= %(first)s
                UNION ALL SELECT created_at, 0, 1, 0 FROM community.approaches
                WHERE author_id = %(me)s AND status <> 'deleted' AND created_at >= %(first)s
                UNION ALL SELECT v.cast_at, 0, 0, 1 FROM community.posts p JOIN community.votes v ON v.post_id = p.id
                WHERE p.author_id = %(me)s AND v.value = 1 AND v.cast_at >= %(first)s
                UNION ALL SELECT v.cast_at, 0, 0, 1 FROM community.approaches a
                JOIN community.votes v ON v.approach_id = a.id
                WHERE a.author_id = %(me)s AND v.value = 1 AND v.cast_at >= %(first)s)
            SELECT m::date AS month, coalesce(sum(posts), 0)::integer AS posts,
                coalesce(sum(approaches), 0)::integer AS approaches, coalesce(sum(votes), 0)::integer AS votes
            FROM generate_series(%(first)s::timestamp, %(now)s::timestamp, interval '1 month') m
            LEFT JOIN happened h ON date_trunc('month', h.at AT TIME ZONE 'UTC') = m
            GROUP BY m ORDER BY m
            """,
            {"me": account_id, "first": first, "now": now.replace(tzinfo=None)},
        ).fetchall()


def most_seen(conn: Conn, account_id: UUID, limit: int = 5) -> list[Seen]:
    """Their posts that were looked at most."""
    with conn.cursor(row_factory=class_row(Seen)) as cursor:
        return cursor.execute(
            "SELECT p.id, p.title, c.views FROM community.posts p JOIN community.post_counters c ON c.post_id = p.id "
            "WHERE p.author_id = %s AND p.status <> 'deleted' AND c.views > 0 ORDER BY c.views DESC, p.id LIMIT %s",
            (account_id, limit),
        ).fetchall()


def days_of(conn: Conn, account_id: UUID, now: datetime, days: int = 364) -> dict[date, int]:
    """On which of the last days they wrote something, and how much."""
    rows = conn.execute(
        """
        SELECT (at AT TIME ZONE 'UTC')::date, count(*) FROM (
            SELECT created_at AS at FROM community.posts WHERE author_id = %(me)s AND status <> 'deleted'
            UNION ALL SELECT created_at FROM community.approaches WHERE author_id = %(me)s AND status <> 'deleted'
            UNION ALL SELECT created_at FROM community.comments WHERE author_id = %(me)s AND status <> 'deleted') wrote
        WHERE at >= %(since)s GROUP BY 1
        """,
        {"me": account_id, "since": now - timedelta(days=days)},
    ).fetchall()
    return {row[0]: row[1] for row in rows}
