"""Whether Connect and PostgreSQL agree where the stream goes on. Where they do not, changes would be lost in silence."""

from __future__ import annotations

from typing import Any

from ingestion.source import Slot
from lake.kit.errors import Stop

REPAIR = " Run `python -m ingestion resnapshot`, which makes a new slot and reads every table anew."


def check(slot: Slot | None, offset: dict[str, Any] | None, *, landed_before: bool) -> None:
    """Raise Stop unless the connector can go on from its offset, or start from nothing.

    A slot without an offset is what a first snapshot leaves that was killed early; `landed_before` says that bronze
    holds a complete one, so that the offset must have been lost later.
    """
    if offset is None:
        if slot is not None and landed_before:
            raise Stop(
                "The replication slot is there, but Connect has no offset: where the stream went on is unknown."
                + REPAIR
            )
        return
    if slot is None:
        raise Stop("The replication slot is missing: the changes since Connect last read are lost." + REPAIR)
    if slot.status == "lost" or slot.confirmed is None:
        raise Stop("The replication slot is lost: PostgreSQL has removed log that Connect had not read." + REPAIR)
    reached = _reached(offset)
    if reached is not None and slot.confirmed > reached:
        raise Stop(
            "The replication slot was advanced beyond what Connect has read: the changes between are lost." + REPAIR
        )


def without_search(offset: dict[str, Any]) -> dict[str, Any]:
    """The same place in the log, said so that Debezium sends every transaction whole that PostgreSQL gives it from there.

    With `lsn_proc` and `lsn_commit` Debezium searches what comes for the last change it sent, by its LSN, and drops what
    lies before. A commit can have the LSN of another transaction's next change (PostgreSQL 17 and newer), so that what
    it takes for sent was not. Without them it drops nothing; PostgreSQL leaves out what was committed before `lsn`. The
    counts of the transaction it was in (`transaction_…`) go, too, because that one begins anew.
    """
    reached = _reached(offset)
    if reached is None:
        return offset
    kept = {name: value for name, value in offset.items() if not name.startswith(("lsn", "transaction_"))}
    return kept | {"lsn": reached}


def _reached(offset: dict[str, Any]) -> int | None:
    """The LSN up to which Connect has read; None while it has only begun its first snapshot."""
    numbers = [int(offset[name]) for name in ("lsn_proc", "lsn_commit", "lsn") if offset.get(name) is not None]
    return max(numbers) if numbers else None
