"""The history of a text: every version, who wrote it and when. Functions that write take an open transaction.

What somebody changes again within five minutes is one version, and what an author corrects within five minutes of
publishing is none: typing errors are no history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row, dict_row

from lake.kit.ids import new_id
from platform_app.community.schemas import Target
from platform_app.db import Conn

ONE_GO = timedelta(minutes=5)

_INSERT: LiteralString = """
INSERT INTO community.revisions (id, post_id, approach_id, number, editor_id, title, body, tags, at)
VALUES (%(id)s, %(post_id)s, %(approach_id)s, %(number)s, %(editor_id)s, %(title)s, %(body)s, %(tags)s, %(at)s)
"""
_WHERE: LiteralString = "(r.post_id = %(post_id)s OR r.approach_id = %(approach_id)s)"
_READ: LiteralString = (
    """
SELECT r.number, r.title, r.body, r.tags, r.at, u.handle AS editor_handle, u.display_name AS editor_name
FROM community.revisions r JOIN identity.accounts u ON u.id = r.editor_id
WHERE """
    + _WHERE
    + " AND (%(before)s::integer IS NULL OR r.number < %(before)s) ORDER BY r.number DESC LIMIT %(limit)s"
)


@dataclass(frozen=True, slots=True)
class Version:
    """What a text said at one time; an approach has no tags of its author's."""

    title: str | None
    body: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a text. Number 1 is what was published."""

    number: int
    title: str | None
    body: str
    tags: list[str]
    at: datetime
    editor_handle: str
    editor_name: str


def keep(
    conn: Conn, target: Target, row: Mapping[str, Any], before: Version, after: Version, editor_id: UUID, now: datetime
) -> None:
    """Keep the version that replaces another; `row` is the text's row before it was changed."""
    if before == after:
        return
    last = _last(conn, target)
    if last is None and editor_id == row["author_id"] and now - row["created_at"] <= ONE_GO:
        return
    if last is None:
        _insert(conn, target, 1, row["author_id"], before, row["created_at"])
        number = 2
    elif last["number"] > 1 and last["editor_id"] == editor_id and now - last["at"] <= ONE_GO:
        conn.execute("DELETE FROM community.revisions WHERE id = %s", (last["id"],))
        number = last["number"]
    else:
        number = last["number"] + 1
    _insert(conn, target, number, editor_id, after, now)


def revisions_of(conn: Conn, target: Target, *, before: int | None = None, limit: int = 20) -> list[Revision]:
    """The versions of a text, the newest first, from the one before number `before`; none of a text never changed."""
    values = {"post_id": target.post_id, "approach_id": target.approach_id, "before": before, "limit": limit}
    with conn.cursor(row_factory=class_row(Revision)) as cursor:
        return cursor.execute(_READ, values).fetchall()


def _last(conn: Conn, target: Target) -> dict[str, Any] | None:
    query = "SELECT r.id, r.number, r.editor_id, r.at FROM community.revisions r WHERE " + _WHERE
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            query + " ORDER BY r.number DESC LIMIT 1", {"post_id": target.post_id, "approach_id": target.approach_id}
        ).fetchone()


def _insert(conn: Conn, target: Target, number: int, editor_id: UUID, version: Version, at: datetime) -> None:
    values: dict[str, Any] = {
        "id": new_id(), "post_id": target.post_id, "approach_id": target.approach_id, "number": number,
        "editor_id": editor_id, "title": version.title, "body": version.body, "tags": sorted(version.tags), "at": at,
    }  # fmt: skip
    conn.execute(_INSERT, values)
