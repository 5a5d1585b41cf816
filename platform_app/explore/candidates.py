"""What could be shown to somebody: the SQL behind a ranking.

Each source takes a few of the newest for each person, tag or group, along an index, so that its cost grows with what somebody
follows and never with what there is; tests/integration/platform_app/test_feed_plans.py looks at the plans. What is
hidden, by somebody with whom the reader has a block, or of a group by approval that they are not in, is left out when a page is read (`pages.py`), not here: that can
change while a ranking is kept.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.explore.schemas import Candidate

_NEWEST_OF: LiteralString = """
(SELECT 'post' AS kind, x.id, 0::real AS suggested FROM who CROSS JOIN LATERAL (
    SELECT q.id, q.created_at FROM community.posts q WHERE q.author_id = who.id AND q.status <> 'deleted'
    ORDER BY q.created_at DESC, q.id DESC LIMIT 3) AS x ORDER BY x.created_at DESC, x.id DESC LIMIT 150)
UNION ALL
(SELECT 'approach', x.id, 0 FROM who CROSS JOIN LATERAL (
    SELECT q.id, q.created_at FROM community.approaches q WHERE q.author_id = who.id AND q.status = 'published'
    ORDER BY q.created_at DESC, q.id DESC LIMIT 3) AS x ORDER BY x.created_at DESC, x.id DESC LIMIT 75)
"""
_TAGGED: LiteralString = """
(SELECT CASE WHEN x.post_id IS NULL THEN 'approach' ELSE 'post' END, coalesce(x.post_id, x.approach_id), 0
 FROM unnest(%(tags)s::text[]) AS liked (tag) CROSS JOIN LATERAL (
    SELECT t.post_id, t.approach_id, t.created_at FROM community.taggings t WHERE t.tag = liked.tag
    ORDER BY t.created_at DESC LIMIT 20) AS x ORDER BY x.created_at DESC LIMIT 150)
"""
_IN_GROUPS: LiteralString = """
(SELECT 'post', x.id, 0 FROM unnest(%(groups)s::uuid[]) AS mine (id) CROSS JOIN LATERAL (
    SELECT q.id, q.created_at FROM community.posts q WHERE q.group_id = mine.id AND q.status <> 'deleted'
    ORDER BY q.created_at DESC, q.id DESC LIMIT 10) AS x ORDER BY x.created_at DESC, x.id DESC LIMIT 100)
"""
_SUGGESTED: LiteralString = """
(SELECT 'post', s.post_id, s.score FROM suggestions.suggestions s WHERE s.account_id = %(me)s AND s.kind = 'post')
"""
_NEWEST: LiteralString = """
(SELECT 'post', p.id, 0 FROM community.posts p WHERE p.status <> 'deleted'
 ORDER BY p.created_at DESC, p.id DESC LIMIT 40)
UNION ALL
(SELECT 'approach', a.id, 0 FROM (SELECT id, created_at FROM community.approaches
    WHERE post_id IS NULL AND status = 'published' ORDER BY created_at DESC, id DESC LIMIT 20) AS a)
"""
_GIVEN: LiteralString = "(SELECT 'post', given.id, 0 FROM unnest(%(given)s::uuid[]) AS given (id))"
_FOLLOWED: LiteralString = "who AS (SELECT f.followee_id AS id FROM community.follows f WHERE f.follower_id = %(me)s)"
_NEAR: LiteralString = "who AS (SELECT near.id FROM unnest(%(near)s::uuid[]) AS near (id))"
_ALL: LiteralString = " UNION ALL "
FEED: LiteralString = (
    "WITH "
    + _FOLLOWED
    + _NEWEST_OF
    + _ALL
    + _TAGGED
    + _ALL
    + _IN_GROUPS
    + _ALL
    + _SUGGESTED
    + _ALL
    + _NEWEST
    + _ALL
    + _GIVEN
)
EXPLORE: LiteralString = (
    "WITH " + _NEAR + _NEWEST_OF + _ALL + _TAGGED + _ALL + _SUGGESTED + _ALL + _NEWEST + _ALL + _GIVEN
)
POPULAR: LiteralString = """
(SELECT 'post' AS kind, n.id, 0::real AS suggested FROM (
    SELECT p.id, p.created_at FROM community.posts p WHERE p.status <> 'deleted'
    ORDER BY p.created_at DESC, p.id DESC LIMIT 1500) AS n CROSS JOIN LATERAL (
    SELECT k.score, k.approaches FROM community.post_counters k WHERE k.post_id = n.id LIMIT 1) AS c
 ORDER BY (c.score + c.approaches / 2.0) / (72 + extract(epoch FROM %(now)s::timestamptz - n.created_at) / 3600) DESC, n.id
 LIMIT 150)
UNION ALL
(SELECT 'post', p.id, 0 FROM community.posts p WHERE p.status <> 'deleted'
 ORDER BY p.created_at DESC, p.id DESC LIMIT 75)
UNION ALL
(SELECT 'approach', a.id, 0 FROM community.approaches a WHERE a.post_id IS NULL AND a.status = 'published'
 ORDER BY a.created_at DESC, a.id DESC LIMIT 50)
"""
_WEIGHED: LiteralString = """
SELECT 'post' AS kind, p.id, p.author_id, p.created_at, coalesce(c.score, 0) AS votes,
       coalesce(c.approaches, 0) AS approaches,
       ARRAY(SELECT t.tag FROM community.taggings t WHERE t.post_id = p.id ORDER BY t.tag) AS tags, g.suggested,
       p.group_id
FROM unnest(%(posts)s::uuid[], %(scores)s::real[]) AS g (id, suggested)
JOIN community.posts p ON p.id = g.id LEFT JOIN community.post_counters c ON c.post_id = p.id
WHERE p.status IN ('open', 'solved') AND p.author_id IS DISTINCT FROM %(me)s
UNION ALL
SELECT 'approach', a.id, a.author_id, a.created_at,
       coalesce((SELECT sum(v.value) FROM community.votes v WHERE v.approach_id = a.id), 0)::integer, 0,
       ARRAY(SELECT t.tag FROM community.taggings t WHERE t.approach_id = a.id ORDER BY t.tag), 0,
       NULL
FROM unnest(%(answers)s::uuid[]) AS g (id) JOIN community.approaches a ON a.id = g.id
WHERE a.status = 'published' AND a.author_id IS DISTINCT FROM %(me)s
"""


def candidates(conn: Conn, source: LiteralString, **values: Any) -> list[Candidate]:
    """What one of the three sources finds, each thing once, without what `me` wrote."""
    posts: dict[UUID, float] = {}
    answers: set[UUID] = set()
    for kind, found, suggested in conn.execute(source, values).fetchall():
        if kind == "post":
            posts[found] = max(suggested, posts.get(found, 0.0))
        else:
            answers.add(found)
    return weighed(conn, values.get("me"), posts, answers)


def weighed(conn: Conn, me: UUID | None, posts: dict[UUID, float], answers: Collection[UUID]) -> list[Candidate]:
    """Posts (with the lake's score, 0 without one) and approaches with what they are weighed by."""
    values = {"me": me, "posts": list(posts), "scores": list(posts.values()), "answers": list(answers)}
    with conn.cursor(row_factory=class_row(Candidate)) as cursor:
        return cursor.execute(_WEIGHED, values).fetchall()
