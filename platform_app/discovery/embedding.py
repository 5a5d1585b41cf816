"""Keeps what texts mean beside them: one vector for each document of the model in use.

A document waits while it has no vector of this model; the database drops a vector as soon as its text changes. So nothing
is queued and nothing is marked: to embed what waits is the whole job, however often it is stopped or killed, and the
subscriber `embeddings` of the outbox does the same for the one document that an event is about.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID, uuid4

from psycopg.rows import class_row

from lake.kit.clock import utc_now
from platform_app.db import Conn, Database
from platform_app.discovery.embedder import Embedder, Vector, as_sql
from platform_app.discovery.texts import EMBEDDED, embedded
from platform_app.outbox.publish import Event

CHUNK = 128  # documents embedded in one transaction

_TEXTS: LiteralString = """
SELECT d.subject_id, coalesce(p.title, a.title, f.headline) AS title,
       left(coalesce(p.body, a.body, concat_ws('. ', s.skills, f.bio)), %(most)s) AS body
FROM discovery.documents d
LEFT JOIN community.posts p ON d.kind IN ('problem', 'update') AND p.id = d.subject_id
LEFT JOIN community.approaches a ON d.kind = 'approach' AND a.id = d.subject_id
LEFT JOIN profiles.profiles f ON d.kind = 'person' AND f.account_id = d.subject_id
LEFT JOIN LATERAL (SELECT string_agg(k.skill, ', ' ORDER BY k.skill) AS skills FROM (
    SELECT skill FROM profiles.account_skills WHERE account_id = d.subject_id AND d.kind = 'person'
    UNION SELECT skill FROM profiles.portfolio_skills WHERE account_id = d.subject_id AND d.kind = 'person') AS k
) AS s ON true
"""
"""A text and its title; of a person what they tell about themselves, after the skills that they or their work show."""
_WAITING: LiteralString = """
WHERE NOT EXISTS (SELECT 1 FROM discovery.embeddings e WHERE e.subject_id = d.subject_id AND e.model = %(model)s)
AND (d.kind <> 'person' OR coalesce(f.headline, f.bio, s.skills, '') <> '')
"""
_SAVE: LiteralString = """
INSERT INTO discovery.embeddings AS e (subject_id, model, vector, made_at)
SELECT d.subject_id, %(model)s, g.vector::halfvec, %(now)s
FROM unnest(%(ids)s::uuid[], %(vectors)s::text[]) AS g (id, vector)
JOIN discovery.documents d ON d.subject_id = g.id
ON CONFLICT (subject_id) DO UPDATE SET model = excluded.model, vector = excluded.vector, made_at = excluded.made_at
"""


@dataclass(frozen=True, slots=True)
class Text:
    """What of a document is embedded."""

    subject_id: UUID
    title: str | None
    body: str

    @property
    def words(self) -> str:
        return embedded(self.title, self.body)


def waiting(conn: Conn) -> int:
    """How many documents have no vector of the model in use."""
    row = conn.execute(f"SELECT count(*) FROM ({_TEXTS} {_WAITING}) w", _given()).fetchone()
    return int(row[0]) if row else 0


def work_off(
    database: Database,
    embedder: Embedder,
    on_batch: Callable[[str, int], None],
    stop: threading.Event | None = None,
) -> int:
    """Embed everything that waits, or as much as before `stop` is set; returns how many documents that were.

    Stopped anywhere, the next run goes on there.
    """
    done = 0
    for chunk in _chunks(database):
        done += _embed(database, embedder, chunk)
        on_batch("documents", len(chunk))
        if stop is not None and stop.is_set():
            break
    return done


def follow_event(embedder: Embedder) -> Callable[[Conn, Event], None]:
    """What the subscriber does: embed the document an event is about, if it is there and waits.

    Without a model it does nothing: the documents wait for `python -m platform_app embed`.
    """

    def embed(conn: Conn, event: Event) -> None:
        query: LiteralString = f"{_TEXTS} {_WAITING} AND d.subject_id = %(subject)s"
        if not embedder.there:
            return
        _hold(conn, [event.subject_id])
        if found := _read(conn, query, subject=event.subject_id):
            _save(conn, found, embedder.embed([one.words for one in found]))

    return embed


def text_of(conn: Conn, subject_id: UUID) -> Text | None:
    """What of a document is embedded; None when there is no such document."""
    query: LiteralString = f"{_TEXTS} WHERE d.subject_id = %(subject)s"
    return next(iter(_read(conn, query, subject=subject_id)), None)


def _chunks(database: Database) -> Iterator[list[Text]]:
    """What waits, by id: each transaction is short, and what comes meanwhile behind the reading has events."""
    after = UUID(int=0)
    query: LiteralString = f"{_TEXTS} {_WAITING} AND d.subject_id > %(after)s ORDER BY d.subject_id LIMIT %(chunk)s"
    while True:
        with database.read() as conn:
            found = _read(conn, query, after=after, chunk=CHUNK)
        if not found:
            return
        yield found
        after = found[-1].subject_id


def _embed(database: Database, embedder: Embedder, texts: Sequence[Text]) -> int:
    """Embed outside of a transaction, then save what has not changed meanwhile."""
    vectors = dict(zip((one.subject_id for one in texts), embedder.embed([one.words for one in texts]), strict=True))
    query: LiteralString = f"{_TEXTS} WHERE d.subject_id = ANY(%(ids)s)"
    with database.write(f"embed-{uuid4()}") as conn:
        _hold(conn, list(vectors))
        now = {one.subject_id: one for one in _read(conn, query, ids=list(vectors))}
        same = [one for one in texts if now.get(one.subject_id) == one]
        _save(conn, same, [vectors[one.subject_id] for one in same])
    return len(same)


def _hold(conn: Conn, ids: Sequence[UUID]) -> None:
    """Lock documents, in a statement of its own: the next one sees the texts as they are under the lock."""
    conn.execute(
        "SELECT 1 FROM discovery.documents WHERE subject_id = ANY(%s) ORDER BY subject_id FOR NO KEY UPDATE",
        (list(ids),),
    )


def _save(conn: Conn, texts: Sequence[Text], vectors: Sequence[Vector]) -> None:
    ids, numbers = [one.subject_id for one in texts], [as_sql(vector) for vector in vectors]
    conn.execute(_SAVE, _given() | {"ids": ids, "vectors": numbers, "now": utc_now()})


def _read(conn: Conn, query: LiteralString, **more: object) -> list[Text]:
    with conn.cursor(row_factory=class_row(Text)) as cursor:
        return cursor.execute(query, _given() | more).fetchall()


def _given() -> dict[str, object]:
    return {"model": Embedder.version, "most": 2 * EMBEDDED}
