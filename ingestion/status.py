"""The verb `status`: how far capture and landing are. Answers what it can when a part is away."""

from __future__ import annotations

from typing import Any

from ingestion import quarantine
from ingestion.epochs import epoch_for
from ingestion.settings import Settings
from ingestion.source import slot, source
from ingestion.suspects import unresolved
from ingestion.topic import Topic
from ingestion.worker import Worker
from lake.contracts.names import BRONZE
from lake.kit.errors import HouseError
from lake.store import Store
from lake.store.position import offset_of


def status(settings: Settings, store: Store) -> dict[str, Any]:
    """`lag_bytes` of the slot, `begin` and `end` of what the topic keeps and the `landed` offset
    in it (what lies before `begin` has to be landed: Kafka has let it go), suspects and quarantine; null is unknown."""
    return {**_capture(settings), **_stream(settings, store), **_lake(store)}


def _capture(settings: Settings) -> dict[str, Any]:
    said: dict[str, Any] = {"connector": None, "slot": None, "lag_bytes": None}
    try:
        said["connector"] = Worker(settings.connect_url).state()
    except HouseError:
        said["connector"] = "AWAY"
    try:
        with source(settings.source_url) as connection:
            now = slot(connection)
    except HouseError:
        return said
    return {**said, "slot": now.status if now else "missing", "lag_bytes": now.lag_bytes if now else None}


def _stream(settings: Settings, store: Store) -> dict[str, Any]:
    said: dict[str, Any] = {"begin": None, "end": None, "landed": None, "epoch": None, "position": None, "behind": None}
    try:
        with Topic(settings.kafka) as topic:
            said |= {"begin": topic.begin(), "end": topic.end()}
            if store.exists(BRONZE):
                epoch = epoch_for(store, topic.identity())
                said |= {"landed": offset_of(epoch.landed) + 1, "epoch": epoch.number, "position": int(epoch.landed)}
                said["behind"] = said["end"] - said["landed"]
    except HouseError:
        return said
    return said


def _lake(store: Store) -> dict[str, Any]:
    if not store.exists(BRONZE):
        return {"suspects": 0, "quarantined": 0}
    return {"suspects": len(unresolved(store)), "quarantined": len(quarantine.waiting(store))}
