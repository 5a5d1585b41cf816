"""The people and tags around a person: whom they follow, who follows them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn

MOST = 200  # shown in one list


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person in a list."""

    handle: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Circle:
    """Whom and what a person follows, and who follows them; each at most 200, the newest first."""

    following: list[PersonCard]
    followers: list[PersonCard]
    tags: list[str]


def circle_of(conn: Conn, account_id: UUID) -> Circle:
    """The follows of one person."""
    tags = conn.execute(
        "SELECT tag FROM community.tag_follows WHERE account_id = %s ORDER BY tag LIMIT %s", (account_id, MOST)
    ).fetchall()
    with conn.cursor(row_factory=class_row(PersonCard)) as cursor:
        following = cursor.execute(
            "SELECT a.handle, a.display_name FROM community.follows f JOIN identity.accounts a ON a.id = f.followee_id "
            "WHERE f.follower_id = %s AND a.status <> 'deleted' ORDER BY f.created_at DESC LIMIT %s",
            (account_id, MOST),
        ).fetchall()
        followers = cursor.execute(
            "SELECT a.handle, a.display_name FROM community.follows f JOIN identity.accounts a ON a.id = f.follower_id "
            "WHERE f.followee_id = %s AND a.status <> 'deleted' ORDER BY f.created_at DESC LIMIT %s",
            (account_id, MOST),
        ).fetchall()
    return Circle(following, followers, [row[0] for row in tags])
