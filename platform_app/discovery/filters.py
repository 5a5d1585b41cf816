"""The filters of a query as conditions on `discovery.documents d`, with their values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, LiteralString
from uuid import UUID

from platform_app.db import Conn
from platform_app.discovery.query import Query
from platform_app.moderation import blocks, hidden

# Found from the taggings, so that a rare tag costs what it carries; a tag stands once on a thing. The tags are those in use
# (`used`), given as they are: PostgreSQL knows how common one is and begins at the end that is shorter.
_TAGS: LiteralString = (
    "d.subject_id IN (SELECT coalesce(t.post_id, t.approach_id) FROM community.taggings t WHERE t.tag = ANY(%(tags)s) "
    "GROUP BY 1 HAVING count(*) >= cardinality(%(tags)s::text[]))"
)
_UNANSWERED: LiteralString = (
    "d.kind = 'problem' AND NOT EXISTS (SELECT 1 FROM community.approaches n WHERE n.post_id = d.subject_id "
    "AND n.status = 'published')"
)
_SPOKEN: LiteralString = "split_part(d.language, '-', 1) = %(language)s AND d.kind <> 'person'"
_AUTHOR: LiteralString = "d.author_id = (SELECT id FROM identity.accounts WHERE lower(handle) = %(author)s)"
_VISIBLE: LiteralString = (
    blocks.seen_by_viewer("d.author_id") + " AND " + hidden.in_lists("d.subject_id", "d.author_id")
)


def used(conn: Conn, query: Query) -> Query:
    """The query with the tags that are used for the words it names as tags; an unknown one stays and fits nothing."""
    if not query.tags:
        return query
    known: dict[str, str] = dict(
        conn.execute(
            "SELECT name, coalesce(synonym_of, name) FROM community.tags WHERE name = ANY(%s)", (list(query.tags),)
        ).fetchall()
    )
    return replace(query, tags=tuple(dict.fromkeys(known.get(tag, tag) for tag in query.tags)))


def conditions(query: Query, viewer_id: UUID | None = None) -> tuple[LiteralString, dict[str, Any]]:
    """What a document must fulfil, beginning with AND, and the values. `user:me` is the viewer, whose blocks hold.

    Its tags are those in use (`used`).
    """
    found: list[LiteralString] = [_VISIBLE]
    values: dict[str, Any] = {"viewer": viewer_id}
    mine = query.author == "me" and viewer_id is not None
    for asked, condition, name, value in (
        (query.tags, _TAGS, "tags", list(query.tags)),
        (mine, "d.author_id = %(viewer)s", "viewer", viewer_id),
        (query.author and not mine, _AUTHOR, "author", query.author),
        (query.kinds, "d.kind = ANY(%(kinds)s)", "kinds", list(query.kinds)),
        (query.states, "d.state = ANY(%(states)s) AND d.kind <> 'person'", "states", list(query.states)),
        (query.unanswered, _UNANSWERED, "unanswered", True),
        (query.language, _SPOKEN, "language", query.language),
        (query.after, "d.created_at >= %(after)s", "after", _midnight(query.after)),
        (query.before, "d.created_at < %(before)s", "before", _midnight(query.before)),
    ):
        if asked:
            found.append(condition)
            values[name] = value
    text: LiteralString = "".join([" AND " + one for one in found])
    return text, values


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None
