"""Where a newcomer can start: open problems whose meaning is near to what they tell about themselves, with the reason.

The lake suggests from what people did; whoever has done nothing yet has told something, perhaps. Made when a profile changes
and when somebody agrees to suggestions, removed when they no longer do. `suggestions.reads` shows them until the lake's are
there, together with the newest problems in the tags that they follow.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lake.contracts.suggestions import PURPOSES
from platform_app.db import Conn
from platform_app.discovery import meaning
from platform_app.discovery.filters import conditions
from platform_app.discovery.query import Query

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


def refresh(conn: Conn, account_id: UUID, now: datetime) -> int:
    """Make the problems for a person anew; none for somebody who did not agree or tells nothing. Returns how many."""
    conn.execute("DELETE FROM discovery.starts WHERE account_id = %s", (account_id,))
    agreed = conn.execute(_AGREED, {"me": account_id, "purposes": list(PURPOSES)}).fetchone()
    vector = meaning.vector_of(conn, account_id)
    if vector is None or agreed is None or not agreed[0]:
        return 0
    where, values = conditions(OPEN, account_id)
    near = meaning.nearest(conn, vector, where + " AND d.author_id <> %(viewer)s", values, KEPT)
    given = {"me": account_id, "now": now, "ids": [one for one, _ in near], "scores": [score for _, score in near]}
    return conn.execute(_SAVE, given).rowcount
