"""The verb `replay`: land what is in quarantine and can be read now, at its own place in the order.

The request goes through the log like everything else, so that landing stays the only writer of bronze.
"""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

from ingestion import bronze, quarantine
from ingestion.messages import Refused, read
from ingestion.resnapshot import await_landed, landed_position
from ingestion.settings import Settings
from ingestion.source import mark, source
from lake.contracts.names import QUARANTINE
from lake.store import Position, Store

PREFIX = "headwater.replay"


def replay(settings: Settings, store: Store) -> dict[str, Any]:
    """Land the readable messages and remove their bytes from quarantine; the others stay, and are counted as refused."""
    if not store.exists(QUARANTINE):
        return {}
    waiting = quarantine.waiting(store)
    readable = [int(each.at) for each in waiting if _readable(each.value, settings.placeholder)]
    if readable:
        before = landed_position(settings, store)
        with source(settings.source_url) as connection:
            mark(connection, PREFIX, {"kind": "replay", "positions": readable})
        await_landed(settings, store, lambda: set(readable) <= _said(store, before))
    _remove_landed(store)
    return {"in": len(waiting), "out": len(readable), "refused": len(waiting) - len(readable)}


def _readable(value: bytes, placeholder: str) -> bool:
    try:
        read(value, placeholder=placeholder)
    except Refused:
        return False
    return True


def _said(store: Store, after: Position) -> set[int]:
    """The positions whose replay landing has noted beyond a position."""
    notes = [n["after"] for n in bronze.notes(store, "m", after)]
    return {position for about in notes if about.get("kind") == "replay" for position in about["positions"]}


def _remove_landed(store: Store) -> None:
    rows = store.read(QUARANTINE, columns=["_position"], where=pc.field("stage") == quarantine.STAGE)
    done = {
        p
        for note in bronze.notes(store, "m")
        if note["after"].get("kind") == "replay"
        for p in note["after"]["positions"]
    }
    if gone := sorted(done & set(rows["_position"].to_pylist())):
        store.erase(QUARANTINE, f"stage = '{quarantine.STAGE}' AND _position IN ({', '.join(map(str, gone))})")
