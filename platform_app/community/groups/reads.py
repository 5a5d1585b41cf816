"""What pages show of groups: the list, one group, its members, and those of one person."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.community.groups.schemas import Group, GroupMember
from platform_app.db import Conn
from platform_app.errors import NotFound

_GROUP: LiteralString = """
SELECT g.id, g.slug, g.title AS name, g.about, g.joining, g.created_at,
       (SELECT count(*) FROM community.memberships m WHERE m.group_id = g.id AND m.state = 'joined')::integer AS members,
       (SELECT count(*) FROM community.posts p WHERE p.group_id = g.id AND p.status <> 'deleted')::integer AS posts,
       mine.role AS my_role, mine.state AS my_state, mine.told AS my_told,
       EXISTS (SELECT 1 FROM community.group_follows f WHERE f.group_id = g.id AND f.account_id = %(me)s) AS followed
FROM community.groups g LEFT JOIN community.memberships mine ON mine.group_id = g.id AND mine.account_id = %(me)s
"""


def group_named(conn: Conn, slug: str, viewer_id: UUID | None = None) -> Group:
    """The group with this name in links; NotFound when there is none."""
    found = _groups(conn, _GROUP + "WHERE g.slug = %(slug)s", slug=slug, me=viewer_id)
    if not found:
        raise NotFound("There is no such group.")
    return found[0]


def id_named(conn: Conn, slug: str) -> UUID | None:
    """The id of the group with this name in links; None when there is none."""
    row = conn.execute("SELECT id FROM community.groups WHERE slug = %s", (slug,)).fetchone()
    return row[0] if row else None


def largest(
    conn: Conn, viewer_id: UUID | None = None, *, start: int = 0, limit: int = 20, words: str = ""
) -> list[Group]:
    """The groups with the most members first; only those whose name contains some words, if given."""
    query = _GROUP + (
        "WHERE g.title ILIKE %(like)s ORDER BY members DESC, g.created_at, g.id LIMIT %(limit)s OFFSET %(start)s"
    )
    like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return _groups(conn, query, me=viewer_id, like=like, limit=limit, start=start)


def groups_of(conn: Conn, account_id: UUID) -> list[Group]:
    """The groups that a person is in or asks to join, by name."""
    return _groups(conn, _GROUP + "WHERE mine.id IS NOT NULL ORDER BY g.title, g.id LIMIT 500", me=account_id)


def groups_followed(conn: Conn, account_id: UUID) -> list[Group]:
    """The groups that a person follows and is not in, by name."""
    query = _GROUP + (
        "WHERE mine.id IS NULL AND g.id IN (SELECT f.group_id FROM community.group_follows f WHERE f.account_id = %(me)s) "
        "ORDER BY g.title, g.id LIMIT 500"
    )
    return _groups(conn, query, me=account_id)


def kept_to_members(conn: Conn, post_ids: Collection[UUID], viewer_id: UUID | None) -> set[UUID]:
    """Which of some posts no feed shows the viewer: those of a group by approval that they are not a member of."""
    query = (
        "SELECT p.id FROM unnest(%s::uuid[]) AS given (id) JOIN community.posts p ON p.id = given.id "
        "JOIN community.groups g ON g.id = p.group_id AND g.joining = 'approval' WHERE NOT EXISTS (SELECT 1 FROM "
        "community.memberships m WHERE m.group_id = g.id AND m.account_id = %s AND m.state = 'joined')"
    )
    return {row[0] for row in conn.execute(query, (list(post_ids), viewer_id)).fetchall()}


def members(
    conn: Conn, group_id: UUID, state: str = "joined", *, after: UUID | None = None, limit: int = 50
) -> list[GroupMember]:
    """Who is in a group (or asks to be), owner and moderators first, then by how long; from the one after `after`."""
    with conn.cursor(row_factory=class_row(GroupMember)) as cursor:
        return cursor.execute(
            "SELECT m.id, m.account_id, u.handle, u.display_name, m.role, m.state, m.created_at "
            "FROM community.memberships m JOIN identity.accounts u ON u.id = m.account_id "
            "WHERE m.group_id = %(group)s AND m.state = %(state)s AND (%(after)s::uuid IS NULL OR "
            "(m.role = 'member', m.created_at, m.id) > (SELECT a.role = 'member', a.created_at, a.id "
            "FROM community.memberships a WHERE a.id = %(after)s)) "
            "ORDER BY m.role = 'member', m.created_at, m.id LIMIT %(limit)s",
            {"group": group_id, "state": state, "after": after, "limit": limit},
        ).fetchall()


def barred(conn: Conn, group_id: UUID, *, limit: int = 200) -> list[GroupMember]:
    """Whom a group's moderators took out, the latest first; their id here is the account's."""
    with conn.cursor(row_factory=class_row(GroupMember)) as cursor:
        return cursor.execute(
            "SELECT u.id, u.id AS account_id, u.handle, u.display_name, 'member' AS role, 'barred' AS state, "
            "b.since AS created_at FROM community.barred b JOIN identity.accounts u ON u.id = b.account_id "
            "WHERE b.group_id = %s ORDER BY b.since DESC, u.id LIMIT %s",
            (group_id, limit),
        ).fetchall()


def _groups(conn: Conn, query: LiteralString, **values: Any) -> list[Group]:
    with conn.cursor(row_factory=class_row(Group)) as cursor:
        return cursor.execute(query, values).fetchall()
