"""The filters of a query as conditions on `discovery.documents d`, with their values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, LiteralString
from uuid import UUID

from platform_app.discovery.query import Query
from platform_app.moderation import blocks, hidden

_TAGGED: LiteralString = (
    "(SELECT count(*) FROM community.taggings t WHERE {} AND t.tag IN (SELECT coalesce(g.synonym_of, g.name) "
    "FROM community.tags g WHERE g.name = ANY(%(tags)s))) >= (SELECT count(DISTINCT coalesce(g.synonym_of, g.name)) "
    "FROM community.tags g WHERE g.name = ANY(%(tags)s))"
)
_TAGS: LiteralString = (
    "NOT EXISTS (SELECT 1 FROM unnest(%(tags)s::text[]) w WHERE w NOT IN (SELECT name FROM community.tags)) AND (CASE "
    "WHEN d.kind = 'approach' THEN "
    + _TAGGED.replace("{}", "t.approach_id = d.subject_id")
    + " WHEN d.kind = 'person' THEN false ELSE "
    + _TAGGED.replace("{}", "t.post_id = d.subject_id")
    + " END)"
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


def conditions(query: Query, viewer_id: UUID | None = None) -> tuple[LiteralString, dict[str, Any]]:
    """What a document must fulfil, beginning with AND, and the values. `user:me` is the viewer, whose blocks hold."""
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
