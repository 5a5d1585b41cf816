"""Words that mean a tag: whoever types one gets the tag, everywhere. Moderators keep them.

Every function takes an open transaction and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.community import repository
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.outbox.topics import TAGS, announce

# What carried the word carries the tag from now on; where it carried both, once is enough.
_MERGE: tuple[LiteralString, ...] = (
    "DELETE FROM community.taggings t WHERE t.tag = %(name)s AND EXISTS (SELECT 1 FROM community.taggings o "
    "WHERE o.tag = %(of)s AND (o.post_id = t.post_id OR o.approach_id = t.approach_id))",
    "UPDATE community.taggings SET tag = %(of)s WHERE tag = %(name)s",
    "DELETE FROM community.tag_follows f WHERE f.tag = %(name)s AND EXISTS "
    "(SELECT 1 FROM community.tag_follows o WHERE o.tag = %(of)s AND o.account_id = f.account_id)",
    "UPDATE community.tag_follows SET tag = %(of)s WHERE tag = %(name)s",
    "UPDATE community.tags SET synonym_of = %(of)s WHERE synonym_of = %(name)s OR name = %(name)s",
)


@dataclass(frozen=True, slots=True)
class Synonym:
    """A word and the tag that is used for it."""

    name: str
    synonym_of: str


def make_synonym(conn: Conn, moderator_id: UUID, name: str, of: str) -> None:
    """A tag of the vocabulary becomes a synonym of another: what carried it carries the other now; moderators only."""
    _moderator(conn, moderator_id)
    conn.execute("LOCK TABLE community.tags IN SHARE ROW EXCLUSIVE MODE")  # two at once could make a circle
    known = repository.vocabulary(conn)
    if name not in known:
        raise NotFound("There is no such tag.")
    if known.get(of) != of or of == name:
        raise Invalid(
            "A synonym must name another tag of the vocabulary that is no synonym itself.", field="synonym_of"
        )
    if known[name] == of:
        raise Conflict("It is a synonym of this tag already.", code="already_synonym", field="name")
    for statement in _MERGE:
        conn.execute(statement, {"name": name, "of": of})
    announce(conn, TAGS)


def drop_synonym(conn: Conn, moderator_id: UUID, name: str) -> None:
    """A synonym becomes a tag of its own; what was tagged keeps the tag it has. Moderators only."""
    _moderator(conn, moderator_id)
    statement = "UPDATE community.tags SET synonym_of = NULL WHERE name = %s AND synonym_of IS NOT NULL"
    if conn.execute(statement, (name,)).rowcount == 0:
        raise NotFound("There is no such synonym.")
    announce(conn, TAGS)


def synonyms(conn: Conn) -> list[Synonym]:
    """Every synonym, by the tag it stands for."""
    with conn.cursor(row_factory=class_row(Synonym)) as cursor:
        return cursor.execute(
            "SELECT name, synonym_of FROM community.tags WHERE synonym_of IS NOT NULL ORDER BY synonym_of, name"
        ).fetchall()


def tag_used(conn: Conn, name: str) -> str | None:
    """The tag that is used for a word: itself, or what it is a synonym of; None when the word is unknown."""
    row = conn.execute("SELECT coalesce(synonym_of, name) FROM community.tags WHERE name = %s", (name,)).fetchone()
    return str(row[0]) if row else None


def _moderator(conn: Conn, actor_id: UUID) -> None:
    if not identity.active_account(conn, actor_id).is_moderator:
        raise NotAllowed("Only a moderator may do this.", code="not_a_moderator")
