"""What somebody has begun to write: kept until it is published or thrown away, and nobody else's business.

No event tells of a draft, and none leaves PostgreSQL. Every function takes an open transaction and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.community import reads, service
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotFound
from platform_app.moderation import guard, hidden
from platform_app.rules import clean, one_line

MOST = 100  # of one person
LONGEST = {"title": 300, "body": 50_000, "tags": 500, "kind": 20, "language": 10}

_SELECT: LiteralString = (
    """
SELECT d.id, d.form, d.post_id, d.title, d.body, d.tags, d.kind, d.language, d.updated_at,
       d.group_id, g.slug AS group_slug, g.title AS group_name,
       """
    + hidden.title_of("p")
    + """ AS post_title
FROM community.drafts d LEFT JOIN community.posts p ON p.id = d.post_id
LEFT JOIN community.groups g ON g.id = d.group_id WHERE d.account_id = %(viewer)s
"""
)
_SAVE: LiteralString = """
INSERT INTO community.drafts (id, account_id, form, post_id, title, body, tags, kind, language, group_id, updated_at)
VALUES (%(id)s, %(me)s, %(form)s, %(post_id)s, %(title)s, %(body)s, %(tags)s, %(kind)s, %(language)s, %(group_id)s, %(now)s)
ON CONFLICT (account_id, post_id) DO UPDATE SET body = excluded.body, kind = excluded.kind, updated_at = excluded.updated_at
RETURNING id
"""
_REPLACE: LiteralString = """
UPDATE community.drafts SET title = %(title)s, body = %(body)s, tags = %(tags)s, kind = %(kind)s,
    language = %(language)s, group_id = %(group_id)s, updated_at = %(now)s WHERE id = %(id)s AND account_id = %(me)s RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Words:
    """What is in a form: texts as typed, the tags with spaces between them."""

    title: str = ""
    body: str = ""
    tags: str = ""
    kind: str = ""
    language: str = "en"
    group_id: UUID | None = None  # where the post is to be published


@dataclass(frozen=True, slots=True)
class Draft:
    """A post or an approach that is not published; `post_id` is the post it would answer, whose title may not be shown."""

    id: UUID
    form: str
    post_id: UUID | None
    post_title: str | None
    title: str
    body: str
    tags: str
    kind: str
    language: str
    updated_at: datetime
    group_id: UUID | None = None
    group_slug: str | None = None
    group_name: str | None = None

    @property
    def link(self) -> str:
        """Where it is written on."""
        if self.post_id is not None:
            return f"/posts/{self.post_id}#answer"
        return f"/{'posts' if self.form == 'post' else 'approaches'}/new?draft={self.id}"


def save(
    conn: Conn,
    account_id: UUID,
    form: str,
    words: Words,
    *,
    draft_id: UUID | None = None,
    post_id: UUID | None = None,
    now: datetime,
) -> UUID:
    """Keep what is in a form, in the draft it was in before if there is one. Returns the draft's id.

    Of an answer to a post there is one draft. NotFound when the post is not there for the person; Invalid for what is
    too long and for a group that is not there, Conflict beyond a hundred drafts.
    """
    guard.may_do(conn, account_id, "draft", now)
    if form not in ("post", "approach"):
        raise Invalid("A draft is of a post or an approach.", field="form")
    if post_id is not None:
        reads.title_of(conn, Target(post_id=post_id), account_id)
    if words.group_id is not None:
        _check_group(conn, form, words.group_id)
    values = {
        "me": account_id, "group_id": words.group_id, "form": form, "post_id": post_id, "now": now, "title": one_line(words.title),
        "body": clean(words.body), "tags": one_line(words.tags), "kind": words.kind, "language": words.language,
    }  # fmt: skip
    for name, most in LONGEST.items():
        if len(str(values[name])) > most:
            raise Invalid(f"{name.capitalize()} must be at most {most:,} characters long.", field=name)
    if draft_id is not None and (row := conn.execute(_REPLACE, {**values, "id": draft_id}).fetchone()):
        return UUID(str(row[0]))
    if len(drafts_of(conn, account_id)) >= MOST:
        raise Conflict(f"You have {MOST} drafts: publish or throw away some of them.", code="too_many_drafts")
    row = conn.execute(_SAVE, {**values, "id": new_id()}).fetchone()
    assert row is not None  # noqa: S101 - an upsert returns its row
    return UUID(str(row[0]))


def _check_group(conn: Conn, form: str, group_id: UUID) -> None:
    """Whether one is a member is asked when it is published: they may join until then."""
    if form != "post":
        raise Invalid("Only problems and updates are written in groups.", field="group_id")
    if conn.execute("SELECT 1 FROM community.groups WHERE id = %s FOR KEY SHARE", (group_id,)).fetchone() is None:
        raise Invalid("There is no such group any more: write outside of it.", field="group_id")


def drafts_of(conn: Conn, account_id: UUID) -> list[Draft]:
    """A person's drafts, the newest first."""
    with conn.cursor(row_factory=class_row(Draft)) as cursor:
        return cursor.execute(_SELECT + "ORDER BY d.updated_at DESC, d.id", {"viewer": account_id}).fetchall()


def draft(conn: Conn, account_id: UUID, draft_id: UUID) -> Draft:
    """One of a person's drafts; NotFound for anybody else's."""
    with conn.cursor(row_factory=class_row(Draft)) as cursor:
        found = cursor.execute(_SELECT + "AND d.id = %(id)s", {"viewer": account_id, "id": draft_id}).fetchone()
    if found is None:
        raise NotFound("There is no such draft.")
    return found


def draft_of_answer(conn: Conn, account_id: UUID, post_id: UUID) -> Draft | None:
    """What a person has begun to answer to a post."""
    with conn.cursor(row_factory=class_row(Draft)) as cursor:
        return cursor.execute(_SELECT + "AND d.post_id = %(post)s", {"viewer": account_id, "post": post_id}).fetchone()


def discard(conn: Conn, account_id: UUID, draft_id: UUID) -> None:
    """Throw a draft away; NotFound when it is not theirs."""
    statement = "DELETE FROM community.drafts WHERE id = %s AND account_id = %s"
    if conn.execute(statement, (draft_id, account_id)).rowcount == 0:
        raise NotFound("There is no such draft.")


def published(conn: Conn, account_id: UUID, draft_id: UUID | None, *, post_id: UUID | None = None) -> None:
    """What was a draft has been published by its form: the draft goes, if there was one."""
    conn.execute(
        "DELETE FROM community.drafts WHERE account_id = %s AND (id = %s OR post_id = %s)",
        (account_id, draft_id, post_id),
    )


def publish(conn: Conn, account_id: UUID, draft_id: UUID, now: datetime) -> UUID:
    """Publish a draft as it is. Returns the id of the post or approach; refuses what its form would refuse."""
    found = draft(conn, account_id, draft_id)
    if found.form == "post":
        item_id = service.write_post(
            conn, account_id, title=found.title, body=found.body, tags=found.tags.split(),
            kind=found.kind or "problem", language=found.language, group_id=found.group_id, now=now,
        )  # fmt: skip
    else:
        item_id = service.write_approach(
            conn, account_id, title=found.title or None, body=found.body, post_id=found.post_id,
            kind=found.kind or "idea", now=now,
        )  # fmt: skip
    discard(conn, account_id, draft_id)
    return item_id
