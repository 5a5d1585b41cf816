"""Many rows at once: what the importer and the generator call, and what the single forms in `service.py` end in.

Every function takes an open transaction and rows that keep the contracts. A row whose key exists is left as it is,
and what is derived is computed again, so that a repeated batch changes nothing. Each returns the new rows by table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from platform_app.community import repository
from platform_app.community.groups.schemas import GroupFollowRow, GroupRow, MembershipRow
from platform_app.community.schemas import (
    Accepted,
    ApproachRow,
    Closed,
    CommentRow,
    FollowRow,
    LinkRow,
    PostRow,
    SavedItemRow,
    TagFollowRow,
    TaggingRow,
    TagRow,
    VoteRow,
)
from platform_app.community.tagging import tags_in
from platform_app.db import Conn
from platform_app.ids import settled_id

Counts = dict[str, int]


def add_vocabulary(conn: Conn, rows: Sequence[TagRow]) -> Counts:
    """Add tags to the vocabulary; synonyms after the tags they stand for."""
    return {"tags": repository.insert(conn, "tags", rows)}


def add_posts(conn: Conn, rows: Sequence[PostRow], views: Mapping[UUID, int] | None = None) -> Counts:
    """Publish posts with their authors' tags, all of which are in the vocabulary; `views` happened elsewhere."""
    new = repository.insert_ids(conn, "posts", rows)
    taggings = [
        TaggingRow(
            settled_id(row.created_at, "tagging", row.id, tag),
            row.id,
            None,
            row.author_id,
            tag,
            "author",
            row.created_at,
        )
        for row in rows
        if row.id in new
        for tag in row.tags
    ]
    seen = {post_id: count for post_id, count in (views or {}).items() if post_id in new}
    repository.add_views(conn, list(seen), list(seen.values()))
    return {"posts": len(new), "taggings": repository.add_taggings(conn, taggings)}


def add_approaches(conn: Conn, rows: Sequence[ApproachRow]) -> Counts:
    """Publish approaches, tag them by their words, and note when a post got its first."""
    new = repository.insert_ids(conn, "approaches", rows)
    fresh = [row for row in rows if row.id in new]
    answered = {row.post_id for row in fresh if row.post_id is not None}
    repository.refresh_first_approach(conn, answered)
    repository.refresh_counters(conn, answered)
    return {"approaches": len(new), "taggings": repository.add_taggings(conn, _machine_taggings(conn, fresh))}


def _machine_taggings(conn: Conn, rows: Sequence[ApproachRow]) -> list[TaggingRow]:
    known = repository.vocabulary(conn)
    return [
        TaggingRow(
            settled_id(row.created_at, "tagging", row.id, tag),
            None,
            row.id,
            row.author_id,
            tag,
            "machine",
            row.created_at,
        )
        for row in rows
        for tag in tags_in(f"{row.title or ''}\n{row.body}", known)
    ]


def accept_many(conn: Conn, rows: Sequence[Accepted]) -> int:
    """Accept approaches on posts without an accepted one; returns how many posts changed."""
    return repository.accept(conn, rows)


def close_many(conn: Conn, rows: Sequence[Closed]) -> int:
    """Close posts that are open, each with its reason; returns how many were."""
    return repository.close(conn, rows)


def add_comments(conn: Conn, rows: Sequence[CommentRow]) -> Counts:
    """Publish comments."""
    count = repository.insert(conn, "comments", rows)
    repository.refresh_counters(conn, _posts(rows))
    return {"comments": count}


def cast_votes(conn: Conn, rows: Sequence[VoteRow]) -> Counts:
    """Cast votes; each person votes once on a target and never on their own, which the caller has seen to."""
    count = repository.insert(conn, "votes", rows)
    repository.refresh_counters(conn, _posts(rows))
    return {"votes": count}


def add_links(conn: Conn, rows: Sequence[LinkRow]) -> Counts:
    """Link posts; a duplicate also points its post at the other one and closes it."""
    new = repository.insert_ids(conn, "post_links", rows)
    repository.mark_duplicates(conn, [row for row in rows if row.id in new and row.kind == "duplicate"])
    return {"post_links": len(new)}


def add_follows(conn: Conn, rows: Sequence[FollowRow]) -> Counts:
    """Follow people."""
    return {"follows": repository.insert(conn, "follows", rows)}


def add_groups(conn: Conn, rows: Sequence[GroupRow]) -> Counts:
    """Begin groups; their owners' memberships come after them."""
    return {"groups": repository.insert(conn, "groups", rows)}


def add_memberships(conn: Conn, rows: Sequence[MembershipRow]) -> Counts:
    """Join groups; a group's owner is one of its members."""
    return {"memberships": repository.insert(conn, "memberships", rows)}


def add_group_follows(conn: Conn, rows: Sequence[GroupFollowRow]) -> Counts:
    """Follow groups; a row that exists is left as it is."""
    return {"group_follows": repository.insert(conn, "group_follows", rows)}


def add_saved_items(conn: Conn, rows: Sequence[SavedItemRow]) -> Counts:
    """Save posts and approaches."""
    return {"saved_items": repository.insert(conn, "saved_items", rows)}


def add_tag_follows(conn: Conn, rows: Sequence[TagFollowRow]) -> Counts:
    """Follow tags."""
    return {"tag_follows": repository.insert(conn, "tag_follows", rows)}


def _posts(rows: Sequence[CommentRow] | Sequence[VoteRow]) -> set[UUID]:
    return {row.post_id for row in rows if row.post_id is not None}
