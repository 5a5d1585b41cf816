"""Reputation: what others' votes and acceptances add up to. Derived, never counted along: computed anew from the tables.

A vote for a post brings 5, for an approach 10; one against takes 2; an acceptance by somebody else brings 15. Votes bring at most
200 a day, votes of people who are suspended when it is computed bring nothing, and nobody falls below 0. Nothing is computed when
a suspension begins or ends: the next vote or acceptance, or `python -m platform_app reputation`, takes it up.
"""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.outbox.publish import Event
from platform_app.profiles.schemas import Reputation

POST, APPROACH, AGAINST, ACCEPTED, MOST_A_DAY = 5, 10, -2, 15, 200

_ONE: LiteralString = "AND t.author_id = %(who)s"
_COMPUTE: LiteralString = """
    WITH cast_votes AS (
        SELECT t.author_id, v.cast_at, v.account_id, CASE v.value WHEN 1 THEN %(post)s WHEN -1 THEN %(against)s ELSE 0 END AS points
        FROM community.posts t JOIN community.votes v ON v.post_id = t.id WHERE t.status <> 'deleted' {only}
        UNION ALL
        SELECT t.author_id, v.cast_at, v.account_id, CASE v.value WHEN 1 THEN %(approach)s WHEN -1 THEN %(against)s ELSE 0 END
        FROM community.approaches t JOIN community.votes v ON v.approach_id = t.id WHERE t.status <> 'deleted' {only}
    ), by_day AS (
        SELECT author_id, least(sum(points), %(most)s) AS points FROM cast_votes
        WHERE EXISTS (SELECT 1 FROM identity.accounts a WHERE a.id = cast_votes.account_id AND a.status = 'active'
            AND NOT EXISTS (SELECT 1 FROM moderation.suspensions s
                            WHERE s.account_id = a.id AND s.lifted_at IS NULL AND s.until > now()))
        GROUP BY author_id, (cast_at AT TIME ZONE 'UTC')::date
    ), accepted AS (
        SELECT t.author_id, %(accepted)s AS points FROM community.approaches t
        JOIN community.posts p ON p.accepted_approach_id = t.id AND p.author_id <> t.author_id
        WHERE t.status <> 'deleted' {only}
    ), summed AS (
        SELECT author_id, sum(voted)::integer AS voted, sum(accepted)::integer AS accepted FROM (
            SELECT author_id, points AS voted, 0 AS accepted FROM by_day
            UNION ALL SELECT author_id, 0, points FROM accepted) every GROUP BY author_id
    )
    INSERT INTO profiles.reputation (account_id, score, from_votes, from_accepted, computed_at)
    SELECT s.author_id, greatest(s.voted + s.accepted, 0), s.voted, s.accepted, now() FROM summed s
    JOIN identity.accounts a ON a.id = s.author_id AND a.status <> 'deleted'
    ON CONFLICT (account_id) DO UPDATE SET score = excluded.score, from_votes = excluded.from_votes,
        from_accepted = excluded.from_accepted, computed_at = excluded.computed_at
"""


def reputation_of(conn: Conn, account_id: UUID) -> Reputation:
    """A person's reputation; nothing when nobody has voted yet."""
    with conn.cursor(row_factory=class_row(Reputation)) as cursor:
        found = cursor.execute(
            "SELECT score, from_votes, from_accepted FROM profiles.reputation WHERE account_id = %s", (account_id,)
        ).fetchone()
    return found or Reputation()


def compute(conn: Conn, account_id: UUID) -> None:
    """Compute one person's reputation anew. Two at once wait for each other, so that the later one has seen everything."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 12))", (str(account_id),))
    conn.execute("DELETE FROM profiles.reputation WHERE account_id = %s", (account_id,))
    conn.execute(_COMPUTE.replace("{only}", _ONE), _numbers() | {"who": account_id})


def compute_all(conn: Conn) -> int:
    """Compute everybody's reputation anew; returns how many people have one."""
    conn.execute("LOCK TABLE profiles.reputation IN EXCLUSIVE MODE")
    conn.execute("DELETE FROM profiles.reputation")
    return conn.execute(_COMPUTE.replace("{only}", ""), _numbers()).rowcount


def refresh(conn: Conn, event: Event) -> None:
    """React to a vote, an acceptance, a removal or what undoes one: the author's reputation follows. Hearing of it twice changes nothing."""
    author = event.data.get("author_id") or _author_of(conn, event.subject_id)
    if author is not None:
        compute(conn, UUID(str(author)))


def _author_of(conn: Conn, subject_id: UUID) -> UUID | None:
    row = conn.execute(
        "SELECT author_id FROM community.posts WHERE id = %(id)s UNION ALL "
        "SELECT author_id FROM community.approaches WHERE id = %(id)s",
        {"id": subject_id},
    ).fetchone()
    return row[0] if row else None


def _numbers() -> dict[str, object]:
    return {"post": POST, "approach": APPROACH, "against": AGAINST, "accepted": ACCEPTED, "most": MOST_A_DAY}
