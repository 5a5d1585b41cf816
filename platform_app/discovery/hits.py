"""What a page of results shows of each document: title, a piece of its text with the found words marked, and its facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from platform_app.db import Conn
from platform_app.discovery.texts import plain

OPEN, CLOSE = "\ue000", "\ue001"  # around a found word, on the way from PostgreSQL; taken out of every text before
TITLE = f"StartSel={OPEN}, StopSel={CLOSE}, HighlightAll=true"
PIECE = f'StartSel={OPEN}, StopSel={CLOSE}, MaxFragments=2, MaxWords=26, MinWords=12, FragmentDelimiter=" … "'
READ = 6_000  # characters of a text in which words are marked

_FACTS = """
SELECT d.subject_id, d.kind, d.state, d.created_at, d.post_id, u.handle, u.display_name,
       coalesce(p.title, a.title, q.title, CASE d.kind WHEN 'person' THEN u.display_name ELSE 'An approach' END) AS title,
       left(coalesce(p.body, a.body, concat_ws('. ', f.headline, f.bio)), %(read)s) AS body,
       CASE WHEN d.kind = 'approach'
            THEN ARRAY(SELECT t.tag FROM community.taggings t WHERE t.approach_id = d.subject_id ORDER BY t.tag)
            ELSE ARRAY(SELECT t.tag FROM community.taggings t WHERE t.post_id = d.subject_id ORDER BY t.tag) END AS tags,
       coalesce(c.score, (SELECT sum(v.value) FROM community.votes v WHERE v.approach_id = d.subject_id), 0)::integer
           AS score,
       coalesce(c.approaches, 0) AS approaches
FROM discovery.documents d JOIN identity.accounts u ON u.id = d.author_id
LEFT JOIN community.posts p ON p.id = d.subject_id AND d.kind IN ('problem', 'update')
LEFT JOIN community.post_counters c ON c.post_id = p.id
LEFT JOIN community.approaches a ON a.id = d.subject_id AND d.kind = 'approach'
LEFT JOIN community.posts q ON q.id = d.post_id AND d.kind = 'approach' AND q.status <> 'deleted'
    AND NOT EXISTS (SELECT 1 FROM moderation.hidden h WHERE h.target_id = q.id)
LEFT JOIN profiles.profiles f ON f.account_id = d.subject_id AND d.kind = 'person'
WHERE d.subject_id = ANY(%(ids)s)
"""
_MARKED = """
SELECT ts_headline(%(config)s::regconfig, t.title, q.query, %(as_title)s), ts_headline(%(config)s::regconfig, t.body, q.query, %(as_piece)s)
FROM unnest(%(titles)s::text[], %(bodies)s::text[]) WITH ORDINALITY AS t (title, body, place),
     (SELECT websearch_to_tsquery(%(config)s::regconfig, %(asked)s) AS query) q
ORDER BY t.place
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text, and whether they were looked for."""

    text: str
    found: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `post_id` is the post that an approach answers; `score` and `approaches` are 0 for a person."""

    id: UUID
    kind: str
    state: str
    title: list[Piece]
    text: list[Piece]
    post_id: UUID | None
    author_handle: str
    author_name: str
    created_at: datetime
    tags: list[str]
    score: int
    approaches: int

    @property
    def path(self) -> str:
        """Its page here; a person's needs the handle encoded, which the template does."""
        return f"/approaches/{self.id}" if self.kind == "approach" else f"/posts/{self.id}"


def shown(conn: Conn, ids: Sequence[UUID], asked: str, configs: Sequence[str]) -> list[Hit]:
    """The documents in the order given, with what was asked for marked; those that are gone meanwhile are left out."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = {row["subject_id"]: row for row in cursor.execute(_FACTS, {"ids": list(ids), "read": READ}).fetchall()}
    facts = [rows[one] for one in ids if one in rows]
    config = configs[2] if len(configs) == 3 and "simple" in configs else "english"
    marked = _mark(conn, [(bare(row["title"]), bare(plain(row["body"]))) for row in facts], asked, config)
    return [_hit(row, title, text) for row, (title, text) in zip(facts, marked, strict=True)]


def _mark(conn: Conn, texts: Sequence[tuple[str, str]], asked: str, config: str) -> list[tuple[str, str]]:
    words = " or ".join(dict.fromkeys(asked.replace('"', " ").split())) or "-"
    given = {
        "config": config, "asked": words, "as_title": TITLE, "as_piece": PIECE,
        "titles": [title for title, _ in texts], "bodies": [body for _, body in texts],
    }  # fmt: skip
    return [(row[0], row[1]) for row in conn.execute(_MARKED, given).fetchall()]


def _hit(row: dict[str, Any], title: str, text: str) -> Hit:
    return Hit(
        row["subject_id"], row["kind"], row["state"], pieces(title), pieces(text), row["post_id"], row["handle"],
        row["display_name"], row["created_at"], row["tags"], row["score"], row["approaches"],
    )  # fmt: skip


def bare(text: str) -> str:
    """The text without the two signs that mark words."""
    return text.replace(OPEN, "").replace(CLOSE, "")


def pieces(marked: str) -> list[Piece]:
    """A marked text in pieces, none of them empty."""
    found: list[Piece] = []
    for number, part in enumerate(marked.split(OPEN)):
        inside, _, outside = part.partition(CLOSE) if number else ("", "", part)
        found += [Piece(inside, True), Piece(outside, False)]
    return [piece for piece in found if piece.text]
