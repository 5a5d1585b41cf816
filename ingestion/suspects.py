"""Tables that may miss changes, and since when; an audit that began later clears them."""

from __future__ import annotations

from ingestion import bronze
from lake.contracts.tables import BY_NAME
from lake.store import Position, Store


def unresolved(store: Store) -> dict[str, Position]:
    """Each suspected table that no audit has found equal since, with the position of the newest suspicion."""
    suspected: dict[str, Position] = {}
    for note in bronze.notes(store, ("e", "m")):
        about = note["after"]
        if note["op"] == "e":
            for table in about["tables"] or BY_NAME:
                suspected[table] = Position(note["_position"])
        elif about.get("kind") == "audited":
            for table in about["tables"]:
                if suspected.get(table, -1) < about["began"]:
                    suspected.pop(table, None)
    return suspected
