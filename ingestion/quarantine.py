"""Messages that could not be read: kept as they came, counted, and landed at their own place once they can be."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.assemble import Assembler, Batch, Refusal
from ingestion.bronze import CHANGES, WITHHELD, identities
from ingestion.messages import Row
from ingestion.repeats import identity
from lake.contracts.names import BRONZE, QUARANTINE
from lake.kit.clock import utc_now
from lake.kit.log import get_log
from lake.schema import QUARANTINE as SCHEMA
from lake.store import START, Position, Store
from lake.store.position import offset_of

STAGE = "land"


def refuse(store: Store, app: str, refusals: Sequence[Refusal], upto: Position) -> None:
    """Keep refused messages. Those that a commit before a crash has kept already are left out."""
    kept = store.position(QUARANTINE, app) if refusals else START
    new = [each for each in refusals if each.at > kept]
    if not new:
        return
    now = utc_now()
    rows = [
        {
            "_position": each.at,
            "stage": STAGE,
            "table": each.table,
            "reason": each.reason,
            "offset": offset_of(each.at),
            "message": each.value,
            "refused_at": now,
            "_day": now.date().isoformat(),
        }
        for each in new
    ]
    store.append(QUARANTINE, pa.Table.from_pylist(rows, SCHEMA), app=app, upto=upto)
    for each in new:
        get_log().warning("message_refused", table=each.table, reason=each.reason, offset=offset_of(each.at))


def waiting(store: Store) -> list[Refusal]:
    """The messages in quarantine that landing refused and that have not been landed since."""
    if not store.exists(QUARANTINE):
        return []
    rows = store.read(QUARANTINE, where=pc.field("stage") == STAGE).sort_by("_position").to_pylist()
    done = landed_at(store, [row["_position"] for row in rows])
    return [
        Refusal(Position(row["_position"]), row["table"], row["reason"], row["message"])
        for row in rows
        if row["_position"] not in done
    ]


def landed_at(store: Store, positions: Sequence[int]) -> set[int]:
    """Which of the positions hold a row in bronze."""
    if not positions:
        return set()
    where = pc.field("_position").isin(pa.array(positions, pa.int64())) & pc.field("op").isin([*CHANGES, WITHHELD, "r"])
    return set(store.read(BRONZE, columns=["_position"], where=where)["_position"].to_pylist())


def replayed(store: Store, assembler: Assembler, batch: Batch, positions: Sequence[int]) -> list[int]:
    """Add to a batch the waiting messages at `positions` that can be read now; returns the positions that are landed."""
    wanted = set(positions)
    landed = []
    for refusal in waiting(store):
        if refusal.at not in wanted:
            continue
        each = assembler.understand(refusal.at, refusal.value)
        if isinstance(each, Refusal):
            continue
        if isinstance(each, Row):
            if each.op != "r" and identity(each) in identities(store, {each.lsn}, START):
                continue
            batch.rows.change(refusal.at, assembler.withhold(each), assembler.transactions.correlation(each.tx_id))
            batch.changes += 1
        landed.append(int(refusal.at))
    return landed
