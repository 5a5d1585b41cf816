"""The verb `resnapshot`: the one repair. Everything anew with a new slot, or some tables while the stream waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ingestion import bronze
from ingestion.catch_up import JOB, land
from ingestion.connect import Capture, published, snapshots_after
from ingestion.epochs import epoch_for
from ingestion.settings import Settings
from ingestion.topic import Topic
from ingestion.worker import Worker
from lake.contracts.names import BRONZE
from lake.contracts.tables import TABLES
from lake.kit.errors import Retry, Stop
from lake.kit.log import get_log
from lake.store import Busy, Position, Store, lease

SECONDS_FOR_A_SNAPSHOT = 30.0
ATTEMPTS = 3


def resnapshot(settings: Settings, store: Store, names: Sequence[str]) -> dict[str, Any]:
    """Read the named tables anew, or all of them with a new slot when none is named, and wait until they have landed."""
    capture = Capture(settings, Worker(settings.connect_url), store)
    if names:
        tables = [published(name).name for name in names]
        _read_anew(settings, store, capture, tables)
    else:
        tables = [table.name for table in TABLES]
        before = landed_position(settings, store)
        capture.restart_from_nothing()
        await_landed(settings, store, lambda: snapshots_after(store, before, tables) >= set(tables))
    return {"tables": len(tables), "position": int(landed_position(settings, store))}


def _read_anew(settings: Settings, store: Store, capture: Capture, tables: Sequence[str]) -> None:
    """Ask for some tables until their snapshot is complete: Debezium forgets one in which it was killed."""
    for _ in range(ATTEMPTS):
        before, asked = landed_position(settings, store), time.monotonic()
        capture.ask(tables)
        whole = partial(_is_whole, store, before, tables)
        broken = partial(_is_broken, store, before, asked + settings.wait)
        await_landed(settings, store, lambda: whole() or broken())  # noqa: B023 - awaited in this very round
        if whole():
            return
        get_log().warning("snapshot_interrupted", tables=list(tables))
    raise Retry(f"The snapshot was interrupted {ATTEMPTS} times. Look at Connect's log, then run the command again.")


def _is_whole(store: Store, after: Position, tables: Sequence[str]) -> bool:
    return snapshots_after(store, after, tables) >= set(tables)


def _is_broken(store: Store, after: Position, late: float) -> bool:
    """Whether the snapshot that was asked for was left, or has not even started in time."""
    states = [n["after"]["state"] for n in bronze.notes(store, "m", after) if n["after"].get("kind") == "snapshot"]
    return "abandoned" in states or (not states and time.monotonic() > late)


def landed_position(settings: Settings, store: Store) -> Position:
    """The position that landing has reached in the present topic; the newest of all when it is new."""
    if not store.exists(BRONZE):
        return Position(-1)
    with Topic(settings.kafka) as topic:
        epoch = epoch_for(store, topic.identity())
    return epoch.landed if epoch.known else Position((epoch.number << 40) - 1)


def await_landed(settings: Settings, store: Store, done: Callable[[], bool]) -> None:
    """Wait until bronze holds something that is on its way; lands it here when no follower runs."""
    began = last = time.monotonic()
    with Topic(settings.kafka) as topic:
        app, seen = topic.identity().app, Position(-2)
        while not done():
            try:
                with lease(store.root, JOB):
                    land(settings, store, topic)
            except Busy:
                pass
            except Stop:
                if time.monotonic() - began > SECONDS_FOR_A_SNAPSHOT:
                    raise  # until then the new topic may hold no snapshot yet
            if (now := store.position(BRONZE, app)) != seen:
                seen, last = now, time.monotonic()
            if time.monotonic() - last > settings.wait:
                raise Retry(f"Nothing has landed for {settings.wait:.0f} s. Look at `python -m ingestion status`.")
            time.sleep(0.1)
