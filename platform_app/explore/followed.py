"""What those write whom somebody follows, and what is in the tags and groups they follow or are in: the newest first, nothing weighed."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from platform_app.community import reads
from platform_app.community.groups.reads import kept_to_members
from platform_app.community.schemas import PostCard
from platform_app.db import Conn

# A post came to somebody when it was written by a person or in a group, or put into a tag they follow, whichever was later.
_CAME: LiteralString = """
greatest(
    (SELECT p.created_at FROM community.follows f WHERE f.follower_id = %(me)s AND f.followee_id = p.author_id),
    (SELECT max(t.created_at) FROM community.taggings t JOIN community.tag_follows g ON g.tag = t.tag
     WHERE t.post_id = p.id AND g.account_id = %(me)s),
    (SELECT p.created_at FROM mine WHERE mine.id = p.group_id AND p.author_id <> %(me)s))
"""
# The newest forty of a thousand authors are by the forty whose last post is newest: only theirs are looked at further.
FOLLOWED: LiteralString = (
    """
WITH mine AS MATERIALIZED (
    SELECT m.group_id AS id FROM community.memberships m WHERE m.account_id = %(me)s AND m.state = 'joined'
    UNION SELECT f.group_id FROM community.group_follows f WHERE f.account_id = %(me)s),
cut AS MATERIALIZED (
    SELECT coalesce(max(came), 'infinity') AS at, coalesce((%(before)s::uuid), '00000000-0000-0000-0000-000000000000') AS id
    FROM (SELECT coalesce("""
    + _CAME
    + """, p.created_at) AS came FROM community.posts p WHERE p.id = %(before)s) AS last),
latest AS MATERIALIZED (
    SELECT f.followee_id AS id, x.created_at FROM community.follows f CROSS JOIN LATERAL (
        SELECT p.created_at FROM community.posts p
        WHERE p.author_id = f.followee_id AND p.status <> 'deleted' AND p.created_at <= (SELECT at FROM cut)
        ORDER BY p.created_at DESC LIMIT 1) AS x
    WHERE f.follower_id = %(me)s ORDER BY x.created_at DESC LIMIT 2 * %(limit)s),
found AS (
    (SELECT x.id FROM latest CROSS JOIN LATERAL (
        SELECT p.id, p.created_at FROM community.posts p
        WHERE p.author_id = latest.id AND p.status <> 'deleted' AND p.created_at <= (SELECT at FROM cut)
        ORDER BY p.created_at DESC, p.id DESC LIMIT 2 * %(limit)s) AS x
     ORDER BY x.created_at DESC, x.id DESC LIMIT 2 * %(limit)s)
    UNION
    (SELECT x.post_id FROM community.tag_follows g CROSS JOIN LATERAL (
        SELECT t.post_id, t.created_at FROM community.taggings t
        WHERE t.tag = g.tag AND t.post_id IS NOT NULL AND t.created_at <= (SELECT at FROM cut)
        ORDER BY t.created_at DESC LIMIT 2 * %(limit)s) AS x
     WHERE g.account_id = %(me)s ORDER BY x.created_at DESC, x.post_id DESC LIMIT 2 * %(limit)s)
    UNION
    (SELECT x.id FROM mine CROSS JOIN LATERAL (
        SELECT p.id, p.created_at FROM community.posts p WHERE p.group_id = mine.id AND p.status <> 'deleted'
        AND p.author_id <> %(me)s AND p.created_at <= (SELECT at FROM cut)
        ORDER BY p.created_at DESC, p.id DESC LIMIT 2 * %(limit)s) AS x
     ORDER BY x.created_at DESC, x.id DESC LIMIT 2 * %(limit)s))
SELECT came.id FROM (SELECT p.id, """
    + _CAME
    + """ AS at FROM found JOIN community.posts p ON p.id = found.id WHERE p.status <> 'deleted') AS came, cut
WHERE came.at < cut.at OR (came.at = cut.at AND came.id < cut.id) ORDER BY came.at DESC, came.id DESC LIMIT %(limit)s
"""
)


def followed_posts(
    conn: Conn, account_id: UUID, *, before: UUID | None = None, limit: int = reads.PAGE
) -> tuple[list[PostCard], UUID | None]:
    """A page of posts after the one whose id is `before`, and the `before` of the next page (None on the last one)."""
    values = {"me": account_id, "before": before, "limit": limit + 1}
    ids = [row[0] for row in conn.execute(FOLLOWED, values).fetchall()]
    cards = reads.posts_by_id(conn, ids[:limit], account_id)
    kept = kept_to_members(conn, cards, account_id)
    shown = [cards[one] for one in ids[:limit] if one in cards and one not in kept]
    return shown, ids[limit - 1] if len(ids) > limit else None
