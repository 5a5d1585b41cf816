"""The people and tags around a person: whom they follow, who follows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.moderation import blocks

Side = Literal["followers", "following"]
PAGE = 30  # people on one page
TAGS = 200  # shown at most


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person in a list. `id` is that of the follow; `mine` says that the viewer follows them, `back` the reverse, `asked` that they wait."""

    id: UUID
    handle: str
    display_name: str
    headline: str | None
    since: datetime
    mine: bool
    back: bool
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many follow a person, and how many they follow."""

    followers: int
    following: int
    tags: int


_COLUMNS: dict[Side, tuple[LiteralString, LiteralString]] = {
    "followers": ("f.followee_id", "f.follower_id"), "following": ("f.follower_id", "f.followee_id"),
}  # fmt: skip


def people_around(
    conn: Conn, account_id: UUID, side: Side, viewer_id: UUID | None, *, before: UUID | None = None, limit: int = PAGE
) -> list[PersonCard]:
    """Who follows a person, or whom they follow: the newest follow first, after the one whose id is `before`."""
    whose, who = _COLUMNS[side]
    query: LiteralString = (
        "SELECT f.id, a.handle, a.display_name, p.headline, f.created_at AS since, "
        "EXISTS (SELECT 1 FROM community.follow_requests r WHERE r.asker_id = %(viewer)s AND r.asked_id = a.id) AS asked, "
        "EXISTS (SELECT 1 FROM community.follows m WHERE m.follower_id = %(viewer)s AND m.followee_id = a.id) AS mine, "
        "EXISTS (SELECT 1 FROM community.follows m WHERE m.follower_id = a.id AND m.followee_id = %(viewer)s) AS back "
        "FROM community.follows f JOIN identity.accounts a ON a.id = " + who + " "
        "LEFT JOIN profiles.profiles p ON p.account_id = a.id "
        "WHERE " + whose + " = %(account)s AND a.status <> 'deleted' "
        "AND a.id <> ALL (ARRAY" + blocks.APART + ") AND (%(before)s::uuid IS NULL OR "
        "(f.created_at, f.id) < (SELECT b.created_at, b.id FROM community.follows b WHERE b.id = %(before)s)) "
        "ORDER BY f.created_at DESC, f.id DESC LIMIT %(limit)s"
    )
    values = {"account": account_id, "viewer": viewer_id, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(PersonCard)) as cursor:
        return cursor.execute(query, values).fetchall()


def counts_of(conn: Conn, account_id: UUID) -> Counts:
    """How many there are around a person."""
    query = (
        "SELECT (SELECT count(*) FROM community.follows WHERE followee_id = %(id)s) AS followers, "
        "(SELECT count(*) FROM community.follows WHERE follower_id = %(id)s) AS following, "
        "(SELECT count(*) FROM community.tag_follows WHERE account_id = %(id)s) AS tags"
    )
    with conn.cursor(row_factory=class_row(Counts)) as cursor:
        return cursor.execute(query, {"id": account_id}).fetchone() or Counts(0, 0, 0)


def tags_of(conn: Conn, account_id: UUID) -> list[str]:
    """The tags a person follows."""
    query = "SELECT tag FROM community.tag_follows WHERE account_id = %s ORDER BY tag LIMIT %s"
    return [row[0] for row in conn.execute(query, (account_id, TAGS)).fetchall()]
