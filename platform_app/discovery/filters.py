"""The filters of a query as conditions on `discovery.documents d`, with their values."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, LiteralString
from uuid import UUID

from platform_app.discovery.query import Query

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
_AUTHOR: LiteralString = "d.author_id = (SELECT id FROM identity.accounts WHERE lower(handle) = %(author)s)"


def conditions(query: Query, viewer_id: UUID | None = None) -> tuple[LiteralString, dict[str, Any]]:
    """What a document must fulfil, beginning with AND or empty, and the values. `user:me` is the viewer."""
    found: list[LiteralString] = []
    values: dict[str, Any] = {}
    if query.tags:
        found.append(_TAGS)
        values["tags"] = list(query.tags)
    if query.author == "me" and viewer_id is not None:
        found.append("d.author_id = %(viewer)s")
        values["viewer"] = viewer_id
    elif query.author is not None:
        found.append(_AUTHOR)
        values["author"] = query.author
    if query.kinds:
        found.append("d.kind = ANY(%(kinds)s)")
        values["kinds"] = list(query.kinds)
    if query.states:
        found.append("d.state = ANY(%(states)s) AND d.kind <> 'person'")
        values["states"] = list(query.states)
    if query.unanswered:
        found.append(_UNANSWERED)
    if query.language:
        found.append("split_part(d.language, '-', 1) = %(language)s AND d.kind <> 'person'")
        values["language"] = query.language
    if query.after:
        found.append("d.created_at >= %(after)s")
        values["after"] = datetime.combine(query.after, time.min, UTC)
    if query.before:
        found.append("d.created_at < %(before)s")
        values["before"] = datetime.combine(query.before, time.min, UTC)
    text: LiteralString = "".join([" AND " + one for one in found])
    return text, values
