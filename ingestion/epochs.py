"""Which epoch a topic's offsets belong to. Bronze holds a note of each topic it was fed from, in its first commit."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from ingestion import bronze
from ingestion.topic import TopicIdentity
from lake.contracts.names import BRONZE
from lake.store import Position, Store
from lake.store.position import epoch_of


@dataclass(frozen=True)
class Epoch:
    """The number of an epoch, where landing stands in it, and whether bronze knows it."""

    number: int
    app: str
    landed: Position  # START when nothing of this topic has landed
    known: bool


def epoch_for(store: Store, identity: TopicIdentity) -> Epoch:
    """The epoch of a topic: the one it has, or the next one when it is new to a lake that has known others."""
    landed = store.position(BRONZE, identity.app)
    for note in bronze.notes(store, "n"):
        if (note["after"].get("cluster"), note["after"].get("topic")) == (identity.cluster, identity.topic):
            return Epoch(epoch_of(Position(note["_position"])), identity.app, landed, known=True)
    newest = pc.max(store.read(BRONZE, columns=["_position"])["_position"]).as_py()
    number = 0 if newest is None else epoch_of(Position(newest)) + 1
    return Epoch(number, identity.app, landed, known=False)
