"""What can be reported: where its words are, whose they are, and the page it is on. One entry for each kind of thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import LiteralString
from urllib.parse import quote
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import Invalid, NotFound
from platform_app.moderation import blocks, hidden

NAMES = {"post": "problem", "approach": "approach", "comment": "comment", "person": "person"}
"""How a page calls each kind."""
LONGEST_SNAPSHOT = 51_000

# Of what was deleted nothing is found: then the snapshot of the report is all there is.
_QUERIES: dict[str, LiteralString] = {
    "post": "SELECT p.author_id, p.title || E'\\n\\n' || p.body AS text, '/posts/' || p.id AS link "
    "FROM community.posts p WHERE p.id = %s AND p.status <> 'deleted'",
    "approach": "SELECT p.author_id, concat_ws(E'\\n\\n', p.title, p.body) AS text, '/approaches/' || p.id AS link "
    "FROM community.approaches p WHERE p.id = %s AND p.status <> 'deleted'",
    "comment": "SELECT c.author_id, c.body AS text, coalesce('/posts/' || c.post_id, '/approaches/' || c.approach_id) "
    "|| '#comment-' || c.id AS link FROM community.comments c WHERE c.id = %s AND c.status <> 'deleted'",
    "person": "SELECT a.id AS author_id, concat_ws(E'\\n\\n', a.display_name, p.headline, p.bio, p.website_url) AS text, "
    "a.handle AS link FROM identity.accounts a LEFT JOIN profiles.profiles p ON p.account_id = a.id "
    "WHERE a.id = %s AND a.status <> 'deleted'",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be reported. `link` is the page it is on."""

    kind: str
    id: UUID
    author_id: UUID
    text: str
    link: str

    @property
    def post_id(self) -> UUID | None:
        return self.id if self.kind == "post" else None

    @property
    def approach_id(self) -> UUID | None:
        return self.id if self.kind == "approach" else None


@dataclass(frozen=True, slots=True)
class _Found:
    author_id: UUID
    text: str
    link: str


def look(conn: Conn, kind: str, target_id: UUID) -> Thing | None:
    """The thing as it is now; None when it is gone. Invalid for a kind that there is not."""
    if kind not in _QUERIES:
        raise Invalid(f"A target is one of: {', '.join(_QUERIES)}.", field="target_kind")
    with conn.cursor(row_factory=class_row(_Found)) as cursor:
        found = cursor.execute(_QUERIES[kind], (target_id,)).fetchone()
    if found is None:
        return None
    link = f"/people/{quote(found.link, safe='')}" if kind == "person" else found.link
    return Thing(kind, target_id, found.author_id, found.text[:LONGEST_SNAPSHOT], link)


def find(conn: Conn, kind: str, target_id: UUID) -> Thing:
    """As `look`; NotFound when it is gone."""
    found = look(conn, kind, target_id)
    if found is None:
        raise NotFound(f"There is no such {NAMES[kind]}.")
    return found


def quoted(conn: Conn, viewer_id: UUID, kind: str, target_id: UUID) -> Thing:
    """As `find`, with the words that the viewer may read: what is hidden is masked as on its page.

    NotFound where one of the two has blocked the other, as its page is. A person can be reported whoever blocked whom.
    """
    thing = find(conn, kind, target_id)
    if kind != "person" and blocks.between(conn, viewer_id, thing.author_id):
        raise NotFound(f"There is no such {NAMES[kind]}.")
    (shown,) = hidden.masked(
        conn,
        viewer_id,
        [thing],
        of=lambda one: (hidden.cause_of(conn, one.id) is not None, one.author_id),
        mask=lambda one: replace(one, text=hidden.HIDDEN),
    )
    return shown
