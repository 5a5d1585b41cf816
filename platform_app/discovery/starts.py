"""Where a newcomer can start: open problems whose meaning is near to what they tell about themselves, with the reason.

The lake suggests from what people did; whoever has done nothing yet has told something, perhaps. Made when a profile changes
and when somebody agrees to suggestions, removed when they no longer do. `suggestions.reads` shows them until the lake's are
there, together with the newest problems in the tags that they follow.

The skills that a résumé names count here and nowhere else: what is near to them is shown to its owner alone. The vector
that others can find a person by knows only of what the person shows.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lake.contracts.suggestions import PURPOSES
from platform_app.db import Conn
from platform_app.discovery import embedding, meaning
from platform_app.discovery.embedder import Embedder, Vector
from platform_app.discovery.filters import conditions
from platform_app.discovery.query import Query
from platform_app.discovery.texts import embedded
from platform_app.profiles.vocabulary import labels

KEPT = 24  # problems for one person
OPEN = Query(kinds=("problem",), states=("open",))

_AGREED = (
    "SELECT count(*) = cardinality(%(purposes)s::text[]) FROM identity.consents "
    "WHERE account_id = %(me)s AND granted AND purpose = ANY(%(purposes)s)"
)
_SAVE = (
    "INSERT INTO discovery.starts (account_id, post_id, score, reason, made_at) "
    "SELECT %(me)s, id, least(score, 1), 'like_profile', %(now)s FROM unnest(%(ids)s::uuid[], %(scores)s::real[]) AS n (id, score)"
)


def refresh(conn: Conn, account_id: UUID, now: datetime, embedder: Embedder) -> int:
    """Make the problems for a person anew; none for somebody who did not agree or tells nothing. Returns how many."""
    conn.execute("DELETE FROM discovery.starts WHERE account_id = %s", (account_id,))
    agreed = conn.execute(_AGREED, {"me": account_id, "purposes": list(PURPOSES)}).fetchone()
    if agreed is None or not agreed[0] or (vector := _vector(conn, account_id, embedder)) is None:
        return 0
    where, values = conditions(OPEN, account_id)
    near = meaning.nearest(conn, vector, where + " AND d.author_id <> %(viewer)s", values, KEPT)
    given = {"me": account_id, "now": now, "ids": [one for one, _ in near], "scores": [score for _, score in near]}
    return conn.execute(_SAVE, given).rowcount


def _vector(conn: Conn, account_id: UUID, embedder: Embedder) -> Vector | str | None:
    """What a person tells, with the skills that their résumé names if there is one; never another word of it."""
    row = conn.execute("SELECT skills FROM profiles.resumes WHERE account_id = %s", (account_id,)).fetchone()
    told = embedding.text_of(conn, account_id)
    if row is None or not row[0] or told is None or not embedder.there:
        return meaning.vector_of(conn, account_id)
    words = ". ".join(part for part in (told.title, ", ".join(labels(row[0])), told.body) if part)
    return embedder.embed([embedded(None, words)])[0]
