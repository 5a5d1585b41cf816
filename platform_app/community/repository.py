"""SQL that changes the schema `community`. Every function runs in the caller's transaction.

What is derived (counters, hours to the first approach) is computed again from its rows for the posts given, so a
repeated call changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from lake.contracts.tables import BY_NAME
from platform_app.community.schemas import Accepted, Closed, LinkRow, TaggingRow, Target, VoteRow
from platform_app.community.snippets import code_language
from platform_app.db import Conn, insert_new, insert_rows


def insert(conn: Conn, table: str, rows: Sequence[object]) -> int:
    """Insert batch rows into a published table; returns how many were new."""
    return insert_rows(conn, BY_NAME[table], rows)


def insert_ids(conn: Conn, table: str, rows: Sequence[object]) -> set[Any]:
    """As `insert`, but returns the new keys."""
    return set(insert_new(conn, BY_NAME[table], rows))


def vocabulary(conn: Conn) -> dict[str, str]:
    """Every tag with the tag that is used for it: itself, or what it is a synonym of."""
    rows = conn.execute("SELECT name, coalesce(synonym_of, name) FROM community.tags").fetchall()
    return dict(rows)


def post(conn: Conn, post_id: UUID) -> dict[str, Any] | None:
    """The post's row, locked until the transaction ends; None when it is unknown or deleted."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM community.posts WHERE id = %s AND status <> 'deleted' FOR NO KEY UPDATE", (post_id,)
        ).fetchone()


def approach(conn: Conn, approach_id: UUID) -> dict[str, Any] | None:
    """The approach's row, locked until the transaction ends; None when it is unknown or deleted."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM community.approaches WHERE id = %s AND status <> 'deleted' FOR NO KEY UPDATE", (approach_id,)
        ).fetchone()


def comment(conn: Conn, comment_id: UUID) -> dict[str, Any] | None:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT * FROM community.comments WHERE id = %s AND status <> 'deleted' FOR UPDATE", (comment_id,)
        ).fetchone()


def update_post(conn: Conn, post_id: UUID, title: str, body: str, now: datetime) -> None:
    conn.execute(
        "UPDATE community.posts SET title = %s, body = %s, code_language = %s, updated_at = %s WHERE id = %s",
        (title, body, code_language(body), now, post_id),
    )


def set_post_status(conn: Conn, post_id: UUID, status: str, now: datetime) -> None:
    conn.execute("UPDATE community.posts SET status = %s, updated_at = %s WHERE id = %s", (status, now, post_id))


def update_approach(conn: Conn, approach_id: UUID, title: str | None, body: str, now: datetime) -> None:
    conn.execute(
        "UPDATE community.approaches SET title = %s, body = %s, code_language = %s, updated_at = %s WHERE id = %s",
        (title, body, code_language(body), now, approach_id),
    )


def set_approach_status(conn: Conn, approach_id: UUID, status: str, now: datetime) -> None:
    conn.execute(
        "UPDATE community.approaches SET status = %s, accepted_at = NULL, updated_at = %s WHERE id = %s",
        (status, now, approach_id),
    )


def accept(conn: Conn, rows: Sequence[Accepted]) -> int:
    """Accept approaches on posts that have none accepted; returns how many posts changed."""
    given = ([row.approach_id for row in rows], [row.at for row in rows])
    changed = conn.execute(
        "UPDATE community.posts p SET accepted_approach_id = a.id, "
        "status = CASE p.status WHEN 'open' THEN 'solved' ELSE p.status END, updated_at = greatest(p.updated_at, g.at) "
        "FROM unnest(%s::uuid[], %s::timestamptz[]) AS g (id, at) JOIN community.approaches a USING (id) "
        "WHERE p.id = a.post_id AND p.accepted_approach_id IS NULL AND p.status <> 'deleted' "
        "AND a.status = 'published' RETURNING a.id",
        given,
    ).fetchall()
    ids = {row[0] for row in changed}
    times = [(row.approach_id, row.at) for row in rows if row.approach_id in ids]
    conn.execute(
        "UPDATE community.approaches a SET accepted_at = g.at "
        "FROM unnest(%s::uuid[], %s::timestamptz[]) AS g (id, at) WHERE a.id = g.id AND a.accepted_at IS NULL",
        ([approach_id for approach_id, _ in times], [at for _, at in times]),
    )
    return len(ids)


def close(conn: Conn, rows: Sequence[Closed]) -> int:
    """Close posts that are open and note who did it; returns how many changed."""
    return conn.execute(
        "WITH given AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[]) "
        "AS g (id, post_id, actor_id, reason, at)), done AS (UPDATE community.posts p SET status = 'closed', "
        "closed_reason = g.reason, updated_at = greatest(p.updated_at, g.at) FROM given g "
        "WHERE p.id = g.post_id AND p.status = 'open' RETURNING p.id) "
        "INSERT INTO community.state_changes (id, post_id, actor_id, change, reason, at) "
        "SELECT g.id, g.post_id, g.actor_id, 'closed', g.reason, g.at FROM given g JOIN done d ON d.id = g.post_id",
        [[getattr(row, name) for row in rows] for name in ("id", "post_id", "actor_id", "reason", "at")],
    ).rowcount


def unaccept(conn: Conn, post_id: UUID, now: datetime) -> None:
    conn.execute(
        "UPDATE community.approaches SET accepted_at = NULL WHERE post_id = %s AND accepted_at IS NOT NULL", (post_id,)
    )
    conn.execute(
        "UPDATE community.posts SET accepted_approach_id = NULL, updated_at = %s, "
        "status = CASE status WHEN 'solved' THEN 'open' ELSE status END WHERE id = %s",
        (now, post_id),
    )


def mark_duplicates(conn: Conn, links: Sequence[LinkRow]) -> int:
    """Point posts at the older post that asks the same, once; closes those that are still open."""
    return conn.execute(
        "UPDATE community.posts p SET duplicate_of = g.other, updated_at = greatest(p.updated_at, g.at), "
        "status = CASE p.status WHEN 'open' THEN 'closed' ELSE p.status END, "
        "closed_reason = CASE WHEN p.status IN ('open', 'closed') THEN 'duplicate' END FROM "
        "(SELECT DISTINCT ON (id) id, other, at FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS u (id, other, at)"
        " ORDER BY id, at) AS g WHERE p.id = g.id AND p.duplicate_of IS NULL AND p.status <> 'deleted'",
        (
            [link.post_id for link in links],
            [link.related_post_id for link in links],
            [link.created_at for link in links],
        ),
    ).rowcount


def set_comment_status(conn: Conn, comment_id: UUID, status: str) -> None:
    conn.execute("UPDATE community.comments SET status = %s WHERE id = %s", (status, comment_id))


def vote_of(conn: Conn, account_id: UUID, target: Target) -> VoteRow | None:
    column, value = _column(target)
    with conn.cursor(row_factory=class_row(VoteRow)) as cursor:
        return cursor.execute(
            "SELECT id, account_id, post_id, approach_id, value, cast_at FROM community.votes "
            f"WHERE {column} = %s AND account_id = %s FOR UPDATE",
            (value, account_id),
        ).fetchone()


def change_vote(conn: Conn, vote_id: UUID, value: int, now: datetime) -> None:
    conn.execute("UPDATE community.votes SET value = %s, cast_at = %s WHERE id = %s", (value, now, vote_id))


def remove_vote(conn: Conn, vote_id: UUID) -> None:
    conn.execute("DELETE FROM community.votes WHERE id = %s", (vote_id,))


def tags_of(conn: Conn, target: Target, source: str | None = None) -> set[str]:
    """The tags of a post or an approach; only those of one source, if given."""
    column, value = _column(target)
    rows = conn.execute(
        f"SELECT tag FROM community.taggings WHERE {column} = %s AND (%s::text IS NULL OR source = %s)",
        (value, source, source),
    ).fetchall()
    return {row[0] for row in rows}


def add_taggings(conn: Conn, rows: Sequence[TaggingRow]) -> int:
    return insert_rows(conn, BY_NAME["taggings"], rows)


def remove_taggings(conn: Conn, target: Target, tags: Collection[str]) -> None:
    column, value = _column(target)
    conn.execute(f"DELETE FROM community.taggings WHERE {column} = %s AND tag = ANY(%s)", (value, list(tags)))


def refresh_first_approach(conn: Conn, post_ids: Collection[UUID]) -> None:
    """Compute the hours to somebody else's first approach again; posts whose figure stays are not touched."""
    conn.execute(
        "UPDATE community.posts p SET hours_to_first_approach = f.hours FROM ("
        "SELECT q.id, greatest(0, floor(extract(epoch FROM min(a.created_at) - q.created_at) / 3600))::integer AS hours "
        "FROM community.posts q JOIN community.approaches a ON a.post_id = q.id AND a.author_id <> q.author_id "
        "WHERE q.id = ANY(%s) GROUP BY q.id) AS f "
        "WHERE p.id = f.id AND p.hours_to_first_approach IS DISTINCT FROM f.hours",
        (list(post_ids),),
    )


def refresh_counters(conn: Conn, post_ids: Collection[UUID]) -> None:
    """Compute score, approaches and comments of posts again from their rows."""
    conn.execute(
        "INSERT INTO community.post_counters AS c (post_id, score, approaches, comments) SELECT p.id, "
        "coalesce((SELECT sum(v.value) FROM community.votes v WHERE v.post_id = p.id), 0), "
        "(SELECT count(*) FROM community.approaches a WHERE a.post_id = p.id AND a.status = 'published'), "
        "(SELECT count(*) FROM community.comments m WHERE m.post_id = p.id AND m.status = 'published') "
        "FROM community.posts p WHERE p.id = ANY(%s) ORDER BY p.id "
        "ON CONFLICT (post_id) DO UPDATE SET score = excluded.score, approaches = excluded.approaches, "
        "comments = excluded.comments "
        "WHERE (c.score, c.approaches, c.comments) IS DISTINCT FROM (excluded.score, excluded.approaches, excluded.comments)",
        (list(post_ids),),
    )


def add_views(conn: Conn, post_ids: Sequence[UUID], views: Sequence[int]) -> None:
    conn.execute(
        "INSERT INTO community.post_counters AS c (post_id, views) "
        "SELECT * FROM unnest(%s::uuid[], %s::integer[]) "
        "ON CONFLICT (post_id) DO UPDATE SET views = c.views + excluded.views",
        (list(post_ids), list(views)),
    )


def remove_follow(conn: Conn, follower_id: UUID, followee_id: UUID) -> bool:
    """Whether there was one."""
    statement = "DELETE FROM community.follows WHERE follower_id = %s AND followee_id = %s"
    return conn.execute(statement, (follower_id, followee_id)).rowcount > 0


def remove_tag_follow(conn: Conn, account_id: UUID, tag: str) -> None:
    conn.execute("DELETE FROM community.tag_follows WHERE account_id = %s AND tag = %s", (account_id, tag))


def follows(conn: Conn, follower_id: UUID, followee_id: UUID) -> bool:
    return (
        conn.execute(
            "SELECT 1 FROM community.follows WHERE follower_id = %s AND followee_id = %s", (follower_id, followee_id)
        ).fetchone()
        is not None
    )


def follows_tag(conn: Conn, account_id: UUID, tag: str) -> bool:
    return (
        conn.execute(
            "SELECT 1 FROM community.tag_follows WHERE account_id = %s AND tag = %s", (account_id, tag)
        ).fetchone()
        is not None
    )


def _column(target: Target) -> tuple[str, UUID]:
    """The column that holds the target's id (one of two fixed names), and the id."""
    if target.post_id is not None:
        return "post_id", target.post_id
    assert target.approach_id is not None  # noqa: S101 - Target holds exactly one id
    return "approach_id", target.approach_id
