"""Upkeep, beside whatever runs: few files instead of many, old versions away, bronze kept for days.

Nothing is touched beyond the position that the slowest reader has reached. A tombstone or a barrier goes only when no
older change can come back: not from Kafka, not from bronze, not from quarantine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from lake.contracts.model import Table
from lake.contracts.names import BRONZE, QUARANTINE, silver_path
from lake.contracts.tables import TABLES
from lake.cut import cut
from lake.kit.log import get_log
from lake.load.warehouse import connect
from lake.quality.silver import REPORTS
from lake.settings import LakeSettings
from lake.store import START, Position, Store, lease, open_store
from lake.upkeep import Ages, kept

BRONZE_DAYS = 30  # raw changes are kept for re-treatment and replay
HISTORY_DAYS = 30  # superseded anonymised versions
TOMBSTONE_DAYS = 3  # as long as Kafka may still hold an older change
VACUUM_HOURS = 24  # files of superseded table versions, so that a running query keeps what it opened
MOST_BYTES = 512 * 2**20  # a larger silver table is only brought to fewer files: rewriting it needs a larger engine
MANY_FILES = 8


@dataclass
class Maintained:
    """What was done: rows looked at in silver, rows left out there, raw changes removed, files removed."""

    seen: int = 0
    left_out: int = 0
    raw_removed: int = 0
    files_removed: int = 0
    too_large: int = 0
    seconds: float = 0.0

    def summary(self) -> dict[str, int | float]:
        return {
            "in": self.seen, "out": self.seen - self.left_out, "refused": 0, "seconds": round(self.seconds, 3),
            "raw_removed": self.raw_removed, "files_removed": self.files_removed, "too_large": self.too_large,
        }  # fmt: skip


def maintain(settings: LakeSettings, now: datetime) -> Maintained:
    """Do all upkeep once. It may be interrupted and run again at any time."""
    started, outcome, store = time.monotonic(), Maintained(), open_store(settings)
    with lease(settings.root, "maintain"):
        if store.exists(BRONZE):
            day = _day(now, BRONZE_DAYS)
            outcome.raw_removed = store.erase(BRONZE, f"_day < '{day}' and _position <= {int(cut(store))}")
            _fewer_files(store, BRONZE, outcome)
        upto = slowest_reader(settings, store)
        ages = Ages(_day(now, HISTORY_DAYS), _day(now, TOMBSTONE_DAYS), replayable_from(store))
        for table in TABLES:
            if store.exists(silver_path(table)):
                _maintain_table(store, table, upto, ages, outcome)
    outcome.seconds = time.monotonic() - started
    get_log().info("maintained", left_out=outcome.left_out, raw=outcome.raw_removed, files=outcome.files_removed)
    return outcome


def slowest_reader(settings: LakeSettings, store: Store) -> Position:
    """The smallest position that release, load and the quality reports have reached; START before the first of each."""
    with connect(settings.warehouse_load_url.get_secret_value(), "warehouse_load") as connection:
        known = connection.execute("select to_regclass('loaded.state')").fetchone()
        row = connection.execute("select cut from loaded.state").fetchone() if known and known[0] else None
    loaded = Position(row[0]) if row else START
    checked = [at for table in TABLES if (at := store.position(REPORTS, table.name)) != START]
    return min([cut(store), loaded, *checked])


def replayable_from(store: Store) -> Position:
    """The smallest position that bronze or quarantine still holds: a change from there on can be released again."""
    held = []
    for path in (BRONZE, QUARANTINE):
        if store.exists(path):
            smallest = pc.min(store.read(path, columns=["_position"])["_position"]).as_py()
            held += [smallest] if smallest is not None else []
    return Position(min(held, default=2**62))


def _maintain_table(store: Store, table: Table, upto: Position, ages: Ages, outcome: Maintained) -> None:
    path = silver_path(table)
    size = sum(Path(file).stat().st_size for file in store.files(path) if Path(file).exists())
    if size > MOST_BYTES:
        outcome.too_large += 1
    elif upto != START:
        columns = [*table.key, "_position", "_revision", "_op", "_day"]
        rows = store.changes(path, after=START, upto=upto, columns=columns)
        outcome.seen += rows.num_rows
        if kept(table, ages)(rows).num_rows < rows.num_rows:
            outcome.left_out += store.compact(path, keep=kept(table, ages), upto=upto)
    _fewer_files(store, path, outcome)


def _fewer_files(store: Store, path: str, outcome: Maintained) -> None:
    if len(store.files(path)) > MANY_FILES:
        store.compact(path, upto=START)
    outcome.files_removed += store.vacuum(path, older_than_hours=VACUUM_HOURS)


def _day(now: datetime, days: int) -> str:
    return (now - timedelta(days=days)).date().isoformat()
