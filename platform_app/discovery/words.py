"""Ranking by words: the more of the query's words a document has, the rarer they are and the nearer its title, the higher.

PostgreSQL finds the documents by its full-text index and says how strongly each word stands in each; how rare a word is
comes from the statistics that it gathers anyway. Only documents with one of the rarest words are looked at closer, so that
a query of ten words costs what its rare ones cost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, LiteralString
from uuid import UUID

from platform_app.db import Conn

LOOKED_AT = 2_000  # documents that are ranked; of very common words the newest
SCORED_WORDS = 10  # the rarest words of a query
WEIGHTS = [0.25, 0.4, 0.6, 1.0]  # of a text, a headline's line, and a title: D, C, B, A
KEPT = 300.0  # seconds that the statistics are used

_LEXEMES = """
SELECT w.place, ARRAY(SELECT DISTINCT x FROM unnest(%(configs)s::regconfig[]) c, unnest(tsvector_to_array(to_tsvector(c, w.word))) x)
FROM unnest(%(words)s::text[]) WITH ORDINALITY AS w (word, place)
WHERE to_tsvector('pg_catalog.english', w.word) <> '' ORDER BY w.place
"""
_PHRASE = "(phraseto_tsquery('pg_catalog.english', {0}) || phraseto_tsquery('pg_catalog.simple', {0}))"
_RANKED: LiteralString = """
WITH near AS MATERIALIZED (
    SELECT d.subject_id, d.words FROM discovery.documents d WHERE d.words @@ %(broad)s::tsquery{}
    ORDER BY d.created_at DESC LIMIT %(looked_at)s)
SELECT n.subject_id FROM near n, LATERAL (
    SELECT sum(t.weight * ts_rank(%(weights)s::real[], n.words, t.lexemes, 1)) AS score
    FROM unnest(%(lexemes)s::tsquery[], %(rarity)s::float8[]) AS t (lexemes, weight)) s
ORDER BY s.score DESC, n.subject_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Statistics:
    """How many documents there are, in how many the common words are, and which stemmers are in use."""

    documents: float
    common: dict[str, float]
    configs: tuple[str, ...]

    def count(self, lexemes: Sequence[str]) -> float:
        """About how many documents hold one of the lexemes."""
        rarest = min(self.common.values(), default=1.0) / 2
        return max((self.common.get(lexeme, rarest) for lexeme in lexemes), default=0.0)


class Known:
    """The statistics of a database, read again every few minutes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read: Statistics | None = None
        self._until = 0.0

    def read(self, conn: Conn) -> Statistics:
        """What is known, at most five minutes old."""
        with self._lock:
            if self._read is None or time.monotonic() >= self._until:
                self._read = _statistics(conn)
                self._until = time.monotonic() + KEPT
            return self._read


def ranked(
    conn: Conn, statistics: Statistics, words: Sequence[str], where: LiteralString, values: dict[str, Any], limit: int
) -> list[UUID]:
    """The documents that fit the words best, the best first, of those that fulfil `where`."""
    lexemes = [found for _, found in conn.execute(_LEXEMES, _given(statistics, words)).fetchall() if found]
    if not lexemes:
        return []
    chosen = sorted(lexemes, key=statistics.count)[:SCORED_WORDS]
    query: LiteralString = _RANKED.replace("{}", where)
    given = {
        "broad": " | ".join(as_query(one) for one in _broad(statistics, chosen)),
        "lexemes": [as_query(one) for one in chosen],
        "rarity": [math.log(1 + statistics.documents / (1 + statistics.count(one))) for one in chosen],
        "weights": WEIGHTS,
        "looked_at": LOOKED_AT,
        "limit": limit,
    }
    return [row[0] for row in conn.execute(query, values | given).fetchall()]


def must(phrases: Sequence[str], without: Sequence[str]) -> tuple[LiteralString, dict[str, Any]]:
    """That the phrases are there and what is unwanted is not, as a condition on `discovery.documents d` with its values."""
    text: LiteralString = ""
    values: dict[str, Any] = {}
    for number, phrase in enumerate(phrases[:10]):
        text += " AND d.words @@ " + _PHRASE.replace("{0}", "%(phrase" + "i" * number + ")s")
        values["phrase" + "i" * number] = phrase
    for number, phrase in enumerate(without[:10]):
        text += " AND NOT d.words @@ " + _PHRASE.replace("{0}", "%(without" + "i" * number + ")s")
        values["without" + "i" * number] = phrase
    return text, values


def as_query(lexemes: Sequence[str]) -> str:
    """Any of the lexemes, as PostgreSQL reads a tsquery."""
    return "(" + " | ".join("'" + one.replace("\\", "\\\\").replace("'", "''") + "'" for one in lexemes) + ")"


def _broad(statistics: Statistics, chosen: Sequence[list[str]]) -> list[list[str]]:
    """The rarest of the words, as many as together are in no more documents than are looked at; at least one."""
    found: list[list[str]] = []
    total = 0.0
    for one in chosen:
        total += statistics.count(one)
        if found and total > LOOKED_AT:
            break
        found.append(one)
    return found


def _given(statistics: Statistics, words: Sequence[str]) -> dict[str, Any]:
    return {"words": list(words), "configs": list(statistics.configs)}


def _statistics(conn: Conn) -> Statistics:
    row = conn.execute(
        "SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'discovery.documents'::regclass"
    ).fetchone()
    documents = float(row[0]) if row else 0.0
    common = conn.execute(
        "SELECT e.word, f.share FROM pg_stats s, "
        "unnest(s.most_common_elems::text::text[]) WITH ORDINALITY AS e (word, place) "
        "JOIN unnest(s.most_common_elem_freqs) WITH ORDINALITY AS f (share, place) USING (place) "
        "WHERE s.schemaname = 'discovery' AND s.tablename = 'documents' AND s.attname = 'words'"
    ).fetchall()
    languages = conn.execute(
        "SELECT DISTINCT discovery.config_of(l.language)::text FROM "
        "(SELECT language FROM discovery.documents ORDER BY created_at DESC LIMIT 20000) l"
    ).fetchall()
    configs = dict.fromkeys(["english", "simple", *(row[0].removeprefix("pg_catalog.") for row in languages)])
    return Statistics(documents, {word: share * documents for word, share in common}, tuple(configs))
