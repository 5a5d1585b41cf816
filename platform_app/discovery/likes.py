"""What is like a text: problems that ask nearly the same, and tags that fit it, each with a confidence.

A tag fits when the text names it, and when the problems nearest in meaning carry it. The two are told apart and put
together: 1 - (1 - words) · (1 - neighbours). The figures are in docs/decisions/0094; tests/bench/bench_search.py measures them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from platform_app.community import repository
from platform_app.community.tagging import tags_in
from platform_app.db import Conn
from platform_app.discovery import meaning, words
from platform_app.discovery.filters import conditions
from platform_app.discovery.query import Query, parse
from platform_app.discovery.search import Search
from platform_app.discovery.texts import embedded, plain

SHOWN = 5
SIMILAR = 0.5  # cosine from which a problem is shown as similar
NEIGHBOURS = 30  # problems that are asked for their tags
IN_TITLE, IN_TEXT = 0.30, 0.10  # how often a named tag was the author's own, of titles and of texts
ENOUGH = 2.0  # weight of neighbours below which their shares count for less: three problems are no opinion
SHORTEST = 8  # letters of a title that say anything

PROBLEMS = Query(kinds=("problem",))
_CARDS = """
SELECT p.id, p.title, p.status, coalesce(c.approaches, 0) AS approaches,
       ARRAY(SELECT t.tag FROM community.taggings t WHERE t.post_id = p.id ORDER BY t.tag) AS tags,
       NULL::float8 AS likeness
FROM community.posts p LEFT JOIN community.post_counters c ON c.post_id = p.id
WHERE p.id = ANY(%s) AND p.status IN ('open', 'solved', 'closed')
"""


@dataclass(slots=True)
class SimilarPost:
    """A problem that is like another one; `likeness` is None when they share words alone."""

    id: UUID
    title: str
    status: str
    approaches: int
    tags: list[str]
    likeness: float | None


@dataclass(frozen=True, slots=True)
class TagFit:
    """A tag, how sure it is in per cent, and what speaks for it."""

    name: str
    confidence: int
    reason: Literal["words", "neighbours", "both"]


@dataclass(frozen=True, slots=True)
class Found:
    """What may help somebody who writes."""

    similar: list[SimilarPost]
    tags: list[TagFit]


class Likes:
    """What is like a text, by the same model and statistics as search."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def to_post(
        self, conn: Conn, post_id: UUID, viewer_id: UUID | None = None, limit: int = SHOWN
    ) -> list[SimilarPost]:
        """The problems most like a post, by its stored vector; by its title's words while it has none."""
        vector = meaning.vector_of(conn, post_id)
        if vector is None:
            row = conn.execute("SELECT title FROM community.posts WHERE id = %s", (post_id,)).fetchone()
            return self._by_words(conn, row[0] if row else "", post_id, viewer_id, limit)
        near = meaning.nearest(conn, vector, *conditions(PROBLEMS, viewer_id), limit + 1, SIMILAR)
        return _cards(conn, [(one, likeness) for one, likeness in near if one != post_id][:limit])

    def hints(self, conn: Conn, title: str, body: str, viewer_id: UUID | None = None, limit: int = SHOWN) -> Found:
        """Problems like a text, and tags that fit it; nothing for a title that says nothing yet."""
        if len(title.strip()) < SHORTEST:
            return Found([], [])
        vector = self._embed(title, body)
        if vector is None:
            return Found(self._by_words(conn, title, None, viewer_id, limit), tag_fits(conn, title, body, []))
        near = meaning.nearest(conn, vector, *conditions(PROBLEMS, viewer_id), NEIGHBOURS)
        close = [(one, likeness) for one, likeness in near if likeness >= SIMILAR]
        return Found(_cards(conn, close[:limit]), tag_fits(conn, title, body, near))

    def tags(self, conn: Conn, post_id: UUID, title: str, body: str) -> list[TagFit]:
        """The tags that fit a post, the surest first; the post itself is not asked."""
        if (vector := meaning.vector_of(conn, post_id)) is None:
            return tag_fits(conn, title, body, [])
        near = meaning.nearest(conn, vector, *conditions(PROBLEMS), NEIGHBOURS + 1)
        return tag_fits(conn, title, body, [(one, likeness) for one, likeness in near if one != post_id])

    def _embed(self, title: str, body: str) -> list[float] | None:
        embedder = self._search.embedder
        return embedder.embed_query(embedded(title, body)) if embedder.there else None

    def _by_words(
        self, conn: Conn, title: str, but: UUID | None, viewer_id: UUID | None, limit: int
    ) -> list[SimilarPost]:
        asked = parse(title.replace('"', " ")).words
        found = words.ranked(conn, self._search.known.read(conn), asked, *conditions(PROBLEMS, viewer_id), limit + 1)
        return _cards(conn, [(one, None) for one in found if one != but][:limit])


def tag_fits(conn: Conn, title: str, body: str, near: Sequence[tuple[UUID, float]]) -> list[TagFit]:
    """The tags that fit a text, the surest first, at most ten; `near` are the problems nearest to it with their cosine."""
    named = _named(title, plain(body), repository.vocabulary(conn))
    carried = _carried(conn, near)
    return fits(named, carried)


def fits(named: dict[str, float], carried: dict[str, float], most: int = 10) -> list[TagFit]:
    """The tags that the text names and that its neighbours carry, put together."""
    found = []
    for tag in named.keys() | carried.keys():
        by_words, by_neighbours = named.get(tag, 0.0), carried.get(tag, 0.0)
        sure = round(100 * (1 - (1 - by_words) * (1 - by_neighbours)))
        reason: Literal["words", "neighbours", "both"] = (
            "both" if by_words and by_neighbours else "words" if by_words else "neighbours"
        )
        if sure >= 10:
            found.append(TagFit(tag, sure, reason))
    return sorted(found, key=lambda fit: (-fit.confidence, fit.name))[:most]


def _named(title: str, body: str, vocabulary: Mapping[str, str]) -> dict[str, float]:
    found = dict.fromkeys(tags_in(body, vocabulary), IN_TEXT)
    return found | dict.fromkeys(tags_in(title, vocabulary), IN_TITLE)


def _carried(conn: Conn, near: Iterable[tuple[UUID, float]]) -> dict[str, float]:
    """The share of the neighbours that carry a tag by choice of a person, the nearer ones counting for more."""
    weights = {one: likeness**2 for one, likeness in near}
    total = max(sum(weights.values()), ENOUGH)
    rows = conn.execute(
        "SELECT post_id, tag FROM community.taggings WHERE post_id = ANY(%s) AND source <> 'machine'", (list(weights),)
    ).fetchall()
    shares: dict[str, float] = defaultdict(float)
    for post_id, tag in rows:
        shares[tag] += weights[post_id] / total
    return shares


def _cards(conn: Conn, ranked: Sequence[tuple[UUID, float | None]]) -> list[SimilarPost]:
    with conn.cursor(row_factory=class_row(SimilarPost)) as cursor:
        cards = {card.id: card for card in cursor.execute(_CARDS, ([one for one, _ in ranked],)).fetchall()}
    for one, likeness in ranked:
        if one in cards:
            cards[one].likeness = likeness
    return [cards[one] for one, _ in ranked if one in cards]
