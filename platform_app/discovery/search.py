"""Searching: what fits by words and what fits by meaning, fused by reciprocal rank, filtered, a page at a time.

`method` says how a page was made: `hybrid` (words and meaning), `words` (no model, no vectors yet, or nothing near), or
`filters` (only operators were typed: the newest first).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, LiteralString
from uuid import UUID

from platform_app.db import Conn
from platform_app.discovery import meaning, spelling, words
from platform_app.discovery.embedder import Embedder
from platform_app.discovery.filters import conditions, used
from platform_app.discovery.hits import Hit, shown
from platform_app.discovery.query import Query
from platform_app.discovery.words import Known

PAGE = 20
MOST_PAGES = 10
RANKED = 100  # of each ranking that are fused
DAMPING = 60  # of the reciprocal rank, as its authors chose it

_NEWEST: LiteralString = (
    "SELECT d.subject_id FROM discovery.documents d WHERE true{} "
    "ORDER BY d.created_at DESC, d.subject_id DESC OFFSET %(skipped)s LIMIT %(limit)s"
)

Method = Literal["hybrid", "words", "filters"]
Sort = Literal["relevance", "newest"]


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results. `corrected` holds what was taken for what was typed; `total` is at most what was ranked."""

    hits: list[Hit]
    method: Method
    total: int
    has_next: bool
    corrected: dict[str, str]


class Search:
    """Search over one database: the model and the statistics that it keeps in memory."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.known = Known()

    def find(
        self, conn: Conn, query: Query, *, viewer_id: UUID | None = None, sort: Sort = "relevance", page: int = 1
    ) -> Results:
        """One page of what fits a query."""
        corrected: dict[str, str] = {}
        first = (page - 1) * PAGE
        if not query.asks_for_words:
            found = _newest(conn, query, viewer_id, first, PAGE + 1)
            hits = shown(conn, found[:PAGE], "", self.known.read(conn).configs)
            more = len(found) > PAGE and page < MOST_PAGES
            return Results(hits, "filters", first + len(found), more, corrected)
        corrected = spelling.corrections(conn, query.words)
        query = replace(query, words=tuple(corrected.get(word, word) for word in query.words))
        method, found = self.rank(conn, query, viewer_id)
        if sort == "newest":
            found = _by_date(conn, found)
        hits = shown(conn, found[first : first + PAGE], query.text, self.known.read(conn).configs)
        more = len(found) > first + PAGE and page < MOST_PAGES
        return Results(hits, method, len(found), more, corrected)

    def rank(self, conn: Conn, query: Query, viewer_id: UUID | None = None) -> tuple[Method, list[UUID]]:
        """Everything that fits, the best first, and how it was found."""
        where, values = conditions(used(conn, query), viewer_id)
        phrases, held = words.must(query.phrases, query.without)
        where, values = where + phrases, values | held
        asked = [*query.words, *(word for phrase in query.phrases for word in phrase.split())]
        by_words = words.ranked(conn, self.known.read(conn), asked, where, values, RANKED)
        by_meaning = self._by_meaning(conn, query.text, where, values)
        if not by_meaning:
            return "words", by_words
        return "hybrid", fused(by_words, by_meaning)

    def _by_meaning(self, conn: Conn, text: str, where: LiteralString, values: dict[str, Any]) -> list[UUID]:
        if not self.embedder.there:
            return []
        vector = self.embedder.embed_query(text)
        return [subject for subject, _ in meaning.nearest(conn, vector, where, values, RANKED)]


def fused(*rankings: Sequence[UUID]) -> list[UUID]:
    """One ranking of several: what stands high in any of them, highest what stands high in all."""
    scores: dict[UUID, float] = defaultdict(float)
    for ranking in rankings:
        for place, one in enumerate(ranking, 1):
            scores[one] += 1 / (DAMPING + place)
    return sorted(scores, key=lambda one: (-scores[one], one.bytes))


def _newest(conn: Conn, query: Query, viewer_id: UUID | None, skipped: int, limit: int) -> list[UUID]:
    where, values = conditions(used(conn, query), viewer_id)
    unwanted, held = words.must((), query.without)
    rows = conn.execute(
        _NEWEST.replace("{}", where + unwanted), values | held | {"skipped": skipped, "limit": limit}
    ).fetchall()
    return [row[0] for row in rows]


def _by_date(conn: Conn, found: Iterable[UUID]) -> list[UUID]:
    rows = conn.execute(
        "SELECT subject_id FROM discovery.documents WHERE subject_id = ANY(%s) ORDER BY created_at DESC, subject_id DESC",
        (list(found),),
    ).fetchall()
    return [row[0] for row in rows]
