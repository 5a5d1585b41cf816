"""Ranking by meaning: the documents whose vectors lie nearest to another one, through the HNSW index of pgvector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from platform_app.db import Conn
from platform_app.discovery.embedder import Embedder, as_sql

NEAR = 0.3  # cosine below which two texts have nothing to do with each other

# The index is scanned on until enough documents fulfil the filters; what comes in nearly the right order is put in order.
_SETTINGS = "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true)"
_NEAREST: LiteralString = """
WITH near AS MATERIALIZED (
    SELECT e.subject_id, -(e.vector <#> %(vector)s::halfvec) AS likeness
    FROM discovery.embeddings e JOIN discovery.documents d ON d.subject_id = e.subject_id
    WHERE e.model = %(model)s{}
    ORDER BY e.vector <#> %(vector)s::halfvec LIMIT %(limit)s)
SELECT subject_id, likeness FROM near WHERE likeness >= %(near)s ORDER BY likeness DESC, subject_id DESC
"""


def nearest(
    conn: Conn,
    vector: Sequence[float] | str,
    where: LiteralString,
    values: dict[str, Any],
    limit: int,
    near: float = NEAR,
) -> list[tuple[UUID, float]]:
    """The documents nearest to a vector with their cosine, the nearest first, of those that fulfil `where`."""
    conn.execute(_SETTINGS)
    query: LiteralString = _NEAREST.replace("{}", where)
    text = vector if isinstance(vector, str) else as_sql(vector)
    given = {"vector": text, "model": Embedder.version, "limit": limit, "near": near}
    return [(row[0], float(row[1])) for row in conn.execute(query, values | given).fetchall()]


def vector_of(conn: Conn, subject_id: UUID) -> str | None:
    """The vector of a document, as PostgreSQL writes it; None while it has none."""
    row = conn.execute(
        "SELECT vector::text FROM discovery.embeddings WHERE subject_id = %s AND model = %s",
        (subject_id, Embedder.version),
    ).fetchone()
    return str(row[0]) if row else None
