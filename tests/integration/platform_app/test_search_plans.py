"""With 100,000 posts in the table each query of a search uses the index that it is meant to use; how long one takes is printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from infra.settings import CHECKOUT
from platform_app.db import Conn
from platform_app.discovery import meaning, words
from platform_app.discovery.embedder import Embedder
from platform_app.discovery.filters import conditions, used
from platform_app.discovery.query import Query, parse
from platform_app.discovery.search import _NEWEST, RANKED, Search
from tests.lib.people import sign_up, vocabulary
from tests.lib.plans import plan_of
from tests.lib.stack import Stack

POSTS = 100_000
BRING_IN = CHECKOUT / "platform_app" / "migrations" / "0051_discovery_rows.sql"
VECTORS = 5_000  # an index of a hundred thousand takes a minute to make
# Words that get rarer: the first is in one post of two, the thousandth in one of two thousand.
SEED = """
INSERT INTO community.posts (id, author_id, kind, title, body, language, status, created_at, updated_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, (%(authors)s::uuid[])[1 + n %% 20], 'problem', 'Problem ' || n || ' about ' || w.words, 'see above',
       'en', CASE n %% 3 WHEN 0 THEN 'solved' ELSE 'open' END, m.at, m.at
FROM generate_series(1, %(posts)s) n,
     LATERAL (SELECT timestamptz '2020-01-01' + n * interval '20 minutes' AS at) m,
     LATERAL (SELECT string_agg('w' || floor(1000 * power(((n::bigint * k * 7919) %% 99991) / 99991.0, 3))::int, ' ') AS words
              FROM generate_series(1, 12) k) w
"""
EMBED = """
INSERT INTO discovery.embeddings (subject_id, model, vector, made_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, %(model)s, l2_normalize(v.vector::vector(384))::halfvec(384), now()
FROM generate_series(1, %(posts)s, %(posts)s / %(vectors)s) n,
     LATERAL (SELECT array_agg(sin(n * (1 + k %% 17) + k * k)) AS vector FROM generate_series(1, 384) k) v
"""
TAG = """
INSERT INTO community.taggings (id, post_id, author_id, tag, source, created_at)
SELECT gen_random_uuid(), id, author_id, %(tag)s, 'author', created_at FROM
    (SELECT *, row_number() OVER (ORDER BY created_at) AS n FROM community.posts) AS p WHERE n %% %(every)s = 0
"""
TYPED = ["w3 w250 w700", "w900", "w1 w2", "problem about w400 is:solved", '"w5 w6"', "w20 after:2023 before:2024", "is:unsolved", "w77 w78 -w1"]  # fmt: skip


@pytest.fixture(scope="module")
def seeded(app_stack: Stack) -> Iterator[Conn]:
    """100,000 posts, some of them with vectors, as role app."""
    with psycopg.connect(app_stack.url("postgres", "app"), autocommit=True) as conn:
        authors = [sign_up(conn).id for _ in range(20)]
        conn.execute("DROP INDEX discovery.embeddings_near")
        conn.execute("ALTER TABLE community.posts DISABLE TRIGGER discovery")  # all rows at once are quicker
        conn.execute(SEED, {"authors": authors, "posts": POSTS})
        conn.execute("ALTER TABLE community.posts ENABLE TRIGGER discovery")
        conn.execute(BRING_IN.read_bytes())
        conn.execute(EMBED, {"model": Embedder.version, "posts": POSTS, "vectors": VECTORS})
        vocabulary(conn, "common", "rare")
        conn.execute(TAG, {"tag": "common", "every": 3})
        conn.execute(TAG, {"tag": "rare", "every": POSTS // 4})
        conn.execute("CREATE INDEX embeddings_near ON discovery.embeddings USING hnsw (vector halfvec_ip_ops)")
        conn.execute("ANALYZE community.posts, community.taggings, discovery.documents, discovery.embeddings")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield conn


def plan(conn: Conn, query: str, values: dict[str, Any]) -> str:
    return "\n".join(row[0] for row in conn.execute(f"EXPLAIN {query}".encode(), values).fetchall())


def test_the_nearest_are_found_through_the_index_of_vectors(seeded: Conn) -> None:
    where, values = conditions(Query(kinds=("problem",)))
    text: LiteralString = "[" + ",".join(["0.05"] * 384) + "]"
    seeded.execute(meaning._SETTINGS)
    given = values | {"vector": text, "model": Embedder.version, "limit": RANKED, "near": 0.3}
    found = plan(seeded, meaning._NEAREST.replace("{}", where), given)
    assert "Index Scan using embeddings_near" in found
    assert "Seq Scan on documents" not in found


@pytest.mark.parametrize("broad", ["('w900')", "('w250' | 'w700')"])
def test_words_are_found_through_their_index(seeded: Conn, broad: str) -> None:
    where, values = conditions(Query())
    given = values | {
        "broad": broad, "lexemes": [broad], "rarity": [1.0], "weights": words.WEIGHTS, "looked_at": 2000, "limit": 100,
    }  # fmt: skip
    found = plan(seeded, words._RANKED.replace("{}", where), given)
    assert "documents_words" in found
    assert "Seq Scan on documents" not in found


@pytest.mark.parametrize(
    ("tags", "end"),
    [(("rare",), "documents_pkey"), (("common",), "documents_newest")],
)
def test_tags_are_found_from_the_end_that_is_shorter(seeded: Conn, tags: tuple[str, ...], end: str) -> None:
    where, values = conditions(used(seeded, Query(tags=tags)))
    given = values | {"skipped": 0, "limit": 21}
    found = plan_of(seeded, _NEWEST.replace("{}", where), given)
    assert end in found.indexes
    assert "documents" not in found.scanned
    print(f"\n{tags}: {found.milliseconds:.0f} ms")


def test_every_kind_of_search_finds_something(seeded: Conn) -> None:
    search = Search(Embedder(CHECKOUT / ".run" / "models"))
    search.find(seeded, parse("warm up"))
    seconds: list[float] = []
    for typed in TYPED:
        started = time.perf_counter()
        found = search.find(seeded, parse(typed), viewer_id=UUID(int=1))
        seconds.append(time.perf_counter() - started)
        assert found.hits, typed
    print(f"\nmedian {1000 * statistics.median(seconds):.0f} ms, slowest {1000 * max(seconds):.0f} ms")
