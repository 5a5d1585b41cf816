"""How far release has come, for `make status`."""

from __future__ import annotations

from typing import Any

from anonymizer.quarantine import waiting
from anonymizer.release import bronze_end
from lake.contracts.names import BRONZE
from lake.cut import CUT, cut
from lake.store import Store
from lake.store.position import epoch_of, offset_of


def status(store: Store) -> dict[str, Any]:
    """`released` counts the topic's messages that silver holds all of; `behind` those that bronze has more; null is unknown."""
    if not (store.exists(BRONZE) and store.exists(CUT)):
        return {"epoch": None, "released": None, "behind": None, "quarantined": 0}
    here, there = cut(store), bronze_end(store)
    same = here < 0 or epoch_of(here) == epoch_of(there)
    return {
        "epoch": max(0, epoch_of(here)),
        "released": offset_of(here) + 1,
        "behind": offset_of(there) - offset_of(here) if same else None,
        "quarantined": len(waiting(store)),
    }
