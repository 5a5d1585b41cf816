"""Bronze past its days: folded into the digests first, then removed with its bytes; one day after another."""

from __future__ import annotations

from lake.contracts.names import BRONZE
from lake.contracts.tables import TABLES
from lake.landed import fold
from lake.schema import KEPT_FOR_EVER
from lake.store import START, Position, Store
from lake.store.pieces import pieces
from lake.upkeep.budget import Budget


def past(store: Store, before: str) -> list[str]:
    """The days of bronze that lie before a day, oldest first."""
    found = pieces(store.root / BRONZE) if store.exists(BRONZE) else []
    return sorted({piece.day for piece in found if piece.day < before and piece.day != KEPT_FOR_EVER})


def let_go(store: Store, day: str, upto: Position, budget: Budget) -> int | None:
    """Let one day go up to a position; returns the changes removed, None when the budget ended before.

    A change leaves bronze only when it is in its table's digest. Killed anywhere, the next run goes on.
    """
    if upto == START:
        return 0
    pages = fold(store, list(TABLES), day, upto)
    while next(pages, None) is not None:
        if not budget.left:
            return None
    return store.erase(BRONZE, f"_day = '{day}' and _position <= {int(upto)}")
