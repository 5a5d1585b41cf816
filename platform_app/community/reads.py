"""What pages show: lists of posts and approaches, one post with everything under it, tags.

Lists are newest first and paged by the id of the last item seen (`before`). Names of authors come from `identity`. A list
is without what is hidden and without those whom the viewer does not want to see; a page keeps the place of what is hidden
without its words, and leaves out those with whom the viewer has a block.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from psycopg.rows import class_row, dict_row

from platform_app.community import repository, states, threads
from platform_app.community.schemas import ApproachView, PostCard, PostView, TagCount, Target
from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.moderation import blocks, hidden

PAGE = 20
UNTITLED = "An approach"  # that has no title of its own, under a post that is not to be seen
Shown = TypeVar("Shown", PostCard, ApproachView)

_CARD: LiteralString = (
    """
SELECT p.id, p.kind, p.title, p.body, p.status, p.created_at, p.author_id,
       u.handle AS author_handle, u.display_name AS author_name,
       ARRAY(SELECT t.tag FROM community.taggings t WHERE t.post_id = p.id ORDER BY t.tag) AS tags,
       coalesce(c.score, 0) AS score, coalesce(c.approaches, 0) AS approaches,
       coalesce(c.comments, 0) AS comments, coalesce(c.views, 0) AS views,
       """
    + hidden.is_hidden("p.id")
    + """ AS hidden
FROM community.posts p JOIN identity.accounts u ON u.id = p.author_id
LEFT JOIN community.post_counters c ON c.post_id = p.id
WHERE p.status <> 'deleted'
"""
)
_LISTED: LiteralString = (
    "AND " + hidden.in_lists("p.id", "p.author_id") + " AND " + blocks.seen_by_viewer("p.author_id")
)
_PAGED: LiteralString = """
AND (%(before)s::uuid IS NULL
     OR (p.created_at, p.id) < (SELECT b.created_at, b.id FROM community.posts b WHERE b.id = %(before)s))
ORDER BY p.created_at DESC, p.id DESC LIMIT %(limit)s
"""
_APPROACH: LiteralString = (
    """
SELECT p.id, p.post_id, p.kind, p.title, p.body, p.accepted_at, p.created_at, p.updated_at, p.author_id,
       (SELECT max(r.at) FROM community.revisions r WHERE r.approach_id = p.id AND r.number > 1) AS edited_at,
       u.handle AS author_handle, u.display_name AS author_name,
       ARRAY(SELECT t.tag FROM community.taggings t WHERE t.approach_id = p.id ORDER BY t.tag) AS tags,
       coalesce((SELECT sum(v.value) FROM community.votes v WHERE v.approach_id = p.id), 0)::integer AS score,
       coalesce((SELECT v.value FROM community.votes v
                 WHERE v.approach_id = p.id AND v.account_id = %(viewer)s), 0) AS my_vote,
       """
    + hidden.is_hidden("p.id")
    + """ AS hidden
FROM community.approaches p JOIN identity.accounts u ON u.id = p.author_id
WHERE p.status <> 'deleted'
"""
)
_APPROACHES_PAGED: LiteralString = """
AND (%(before)s::uuid IS NULL
     OR (p.created_at, p.id) < (SELECT b.created_at, b.id FROM community.approaches b WHERE b.id = %(before)s))
ORDER BY p.created_at DESC, p.id DESC LIMIT %(limit)s
"""


def newest_posts(
    conn: Conn,
    *,
    tag: str | None = None,
    viewer_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = PAGE,
) -> list[PostCard]:
    """The newest posts, of one tag if given (a synonym means the tag it stands for)."""
    if tag is None:
        return _cards(conn, _CARD + _LISTED + _PAGED, viewer=viewer_id, before=before, limit=limit)
    tagged: LiteralString = (
        "AND EXISTS (SELECT 1 FROM community.taggings t WHERE t.post_id = p.id AND t.tag = "
        "(SELECT coalesce(g.synonym_of, g.name) FROM community.tags g WHERE g.name = %(tag)s))"
    )
    return _cards(conn, _CARD + tagged + _LISTED + _PAGED, tag=tag, viewer=viewer_id, before=before, limit=limit)


def posts_of(
    conn: Conn, author_id: UUID, viewer_id: UUID | None = None, *, before: UUID | None = None, limit: int = PAGE
) -> list[PostCard]:
    """The newest posts of one person."""
    query: LiteralString = _CARD + "AND p.author_id = %(author)s " + _LISTED + _PAGED
    return _cards(conn, query, author=author_id, viewer=viewer_id, before=before, limit=limit)


def posts_by_id(conn: Conn, ids: Collection[UUID], viewer_id: UUID | None = None) -> dict[UUID, PostCard]:
    """The posts with these ids that a list may show to the viewer."""
    found = _cards(conn, _CARD + "AND p.id = ANY(%(ids)s) " + _LISTED, ids=list(ids), viewer=viewer_id) if ids else []
    return {card.id: card for card in found}


def approaches_by_id(conn: Conn, ids: Collection[UUID], viewer_id: UUID | None = None) -> dict[UUID, ApproachView]:
    """The approaches with these ids that a list may show to the viewer."""
    query: LiteralString = _APPROACH + "AND p.id = ANY(%(ids)s) " + _LISTED
    found = _approaches(conn, query, ids=list(ids), viewer=viewer_id) if ids else []
    return {view.id: view for view in found}


def posts_of_group(
    conn: Conn, group_id: UUID, viewer_id: UUID | None = None, *, before: UUID | None = None, limit: int = PAGE
) -> list[PostCard]:
    """The newest posts of one group."""
    query: LiteralString = _CARD + _LISTED + " AND p.group_id = %(group)s" + _PAGED
    return _cards(conn, query, group=group_id, viewer=viewer_id, before=before, limit=limit)


def newest_approaches(
    conn: Conn, viewer_id: UUID | None = None, *, before: UUID | None = None, limit: int = PAGE
) -> list[ApproachView]:
    """The newest approaches that stand on their own."""
    query: LiteralString = _APPROACH + "AND p.post_id IS NULL " + _LISTED + _APPROACHES_PAGED
    return _approaches(conn, query, viewer=viewer_id, before=before, limit=limit)


def approaches_of(
    conn: Conn, author_id: UUID, viewer_id: UUID | None = None, *, before: UUID | None = None, limit: int = PAGE
) -> list[ApproachView]:
    """The newest approaches of one person."""
    query: LiteralString = _APPROACH + "AND p.author_id = %(author)s " + _LISTED + _APPROACHES_PAGED
    return _approaches(conn, query, viewer=viewer_id, author=author_id, before=before, limit=limit)


def read_post(
    conn: Conn, post_id: UUID, viewer_id: UUID | None = None, *, approaches_from: int = 0, limit: int = PAGE
) -> PostView:
    """One post with a page of its approaches, the first comments and the viewer's votes; NotFound when it is gone."""
    shown: LiteralString = _CARD + "AND p.id = %(id)s AND p.author_id <> ALL (ARRAY" + blocks.APART + ")"
    cards = _cards(conn, shown, id=post_id, viewer=viewer_id)
    if not cards:
        raise NotFound("There is no such post.")
    with conn.cursor(row_factory=dict_row) as cursor:
        rest = cursor.execute(
            "SELECT p.language, p.updated_at, accepted_approach_id, duplicate_of, closed_reason, locked_at, "
            "p.group_id, g.slug AS group_slug, g.title AS group_name, "
            "(SELECT max(r.at) FROM community.revisions r WHERE r.post_id = p.id AND r.number > 1) AS edited_at, "
            "coalesce((SELECT v.value FROM community.votes v WHERE v.post_id = p.id AND v.account_id = %s), 0) AS my_vote "
            "FROM community.posts p LEFT JOIN community.groups g ON g.id = p.group_id WHERE p.id = %s",
            (viewer_id, post_id),
        ).fetchone()
    order: LiteralString = (
        "AND p.post_id = %(id)s AND "
        + blocks.seen_by_viewer("p.author_id")
        + " ORDER BY p.accepted_at IS NULL, score DESC, p.created_at, p.id "
        "LIMIT %(limit)s OFFSET %(start)s"
    )
    values = {"viewer": viewer_id, "id": post_id, "limit": limit, "start": approaches_from}
    approaches = _masked(conn, viewer_id, _approaches(conn, _APPROACH + order, **values))
    held = rest is not None and (rest["locked_at"] is not None or cards[0].status == "closed")
    return PostView(
        card=_masked(conn, viewer_id, cards)[0],
        **(rest or {}),
        approaches=approaches,
        discussions=threads.discussions(conn, post_id, [one.id for one in approaches], viewer_id),
        linked=states.linked_posts(conn, post_id, viewer_id),
        changes=states.changes_of(conn, post_id) if held else [],
        keeps_order=viewer_id is not None and states.orders(conn, viewer_id, rest["group_id"] if rest else None),
    )


def read_approach(conn: Conn, approach_id: UUID, viewer_id: UUID | None = None) -> ApproachView:
    """One approach; NotFound when it is unknown or deleted."""
    query: LiteralString = _APPROACH + "AND p.id = %(id)s AND p.author_id <> ALL (ARRAY" + blocks.APART + ")"
    found = _approaches(conn, query, viewer=viewer_id, id=approach_id)
    if not found:
        raise NotFound("There is no such approach.")
    return _masked(conn, viewer_id, found)[0]


def title_of(conn: Conn, target: Target, viewer_id: UUID | None = None) -> str:
    """The title of a post, of an approach, or of the post that an approach answers (`UNTITLED` where that is not to be seen).

    NotFound when it is gone, hidden from the viewer, or by somebody with whom the viewer has a block.
    """
    query: LiteralString = (
        "SELECT f.title FROM (SELECT p.title, p.author_id, p.id FROM community.posts p WHERE p.id = %(post)s "
        "AND p.status <> 'deleted' UNION ALL SELECT coalesce(a.title, " + hidden.title_of("p") + ", %(untitled)s), a.author_id, a.id "
        "FROM community.approaches a LEFT JOIN community.posts p ON p.id = a.post_id "
        "WHERE a.id = %(approach)s AND a.status <> 'deleted') AS f WHERE " + hidden.for_viewer("f.id", "f.author_id")
    )  # fmt: skip
    values = {"post": target.post_id, "approach": target.approach_id, "viewer": viewer_id, "untitled": UNTITLED}
    row = conn.execute(query, values).fetchone()
    if row is None:
        raise NotFound("There is no such post." if target.post_id else "There is no such approach.")
    return str(row[0])


def popular_tags(conn: Conn, *, prefix: str = "", limit: int = 100) -> list[TagCount]:
    """Tags in use that start with `prefix`, or of which a synonym does, the most used first."""
    with conn.cursor(row_factory=class_row(TagCount)) as cursor:
        return cursor.execute(
            "SELECT f.name, f.posts, ARRAY(SELECT s.name FROM community.tags s WHERE s.synonym_of = f.name "
            "ORDER BY s.name) AS synonyms FROM ("
            "SELECT g.name, count(t.post_id)::integer AS posts FROM community.tags g "
            "LEFT JOIN community.taggings t ON t.tag = g.name WHERE g.synonym_of IS NULL AND (starts_with(g.name, %(prefix)s) "
            "OR EXISTS (SELECT 1 FROM community.tags s WHERE s.synonym_of = g.name AND starts_with(s.name, %(prefix)s))) "
            "GROUP BY g.name ORDER BY posts DESC, g.name LIMIT %(limit)s) AS f ORDER BY f.posts DESC, f.name",
            {"prefix": prefix.lower(), "limit": limit},
        ).fetchall()


def follow_state(conn: Conn, follower_id: UUID, followee_id: UUID) -> bool:
    """Whether one person follows another."""
    return repository.follows(conn, follower_id, followee_id)


def tag_follow_state(conn: Conn, account_id: UUID, tag: str) -> bool:
    """Whether a person follows a tag."""
    return repository.follows_tag(conn, account_id, tag)


def _cards(conn: Conn, query: LiteralString, **values: Any) -> list[PostCard]:
    with conn.cursor(row_factory=class_row(PostCard)) as cursor:
        return cursor.execute(query, values).fetchall()


def _approaches(conn: Conn, query: LiteralString, **values: Any) -> list[ApproachView]:
    with conn.cursor(row_factory=class_row(ApproachView)) as cursor:
        return cursor.execute(query, values).fetchall()


def _masked(conn: Conn, viewer_id: UUID | None, items: list[Shown]) -> list[Shown]:
    """The items, those that are hidden from the viewer without their words."""
    return hidden.masked(conn, viewer_id, items, of=lambda item: (item.hidden, item.author_id), mask=_wordless)


def _wordless(item: Shown) -> Shown:
    return replace(item, title=hidden.HIDDEN, body=hidden.HIDDEN, tags=[])
