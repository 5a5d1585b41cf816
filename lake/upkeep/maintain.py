"""All upkeep, in bounded runs beside whatever else runs: the most needed first, the rest said and left for the next.

Nothing is remembered between runs: each looks at the tables' logs and finds what there is to do, so that a run may be
killed at any point. Nothing is touched beyond the position that a table's slowest reader has reached. A tombstone or a
barrier goes only when no older change can come back: not from Kafka, not from bronze, not from quarantine.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lake.contracts.model import Table
from lake.contracts.names import QUARANTINE, digest_path, silver_path
from lake.contracts.tables import TABLES
from lake.cut import cut
from lake.kit.log import get_log
from lake.load.copy import WAREHOUSE
from lake.quality.silver import REPORTS
from lake.settings import RUN, LakeSettings
from lake.store import START, Busy, Position, Store, lease, open_store
from lake.store.lease import turn
from lake.store.pieces import pieces
from lake.upkeep import history, leftovers, raw, readers, small_files, warehouse
from lake.upkeep.budget import Budget
from lake.upkeep.kept import Ages
from lake.upkeep.outcome import Maintained
from lake.upkeep.tidier import JOB

BRONZE_DAYS = 30  # raw changes are kept for re-treatment and replay
HISTORY_DAYS = 7  # superseded anonymised versions
TOMBSTONE_DAYS = 3  # as long as Kafka may still hold an older change
REPORT_DAYS = 90  # quality reports
QUARANTINE_DAYS = 90  # refused rows hold raw values; whoever has not mended the reason by then reads the table anew
VACUUM_HOURS = 2  # files of superseded table versions, so that a running query keeps what it opened
PATIENCE = 60.0  # seconds that a run waits for a follower's upkeep, or for a load


@dataclass
class Run:
    """One run: the lake, its moment, and what it may still do."""

    settings: LakeSettings
    store: Store
    now: datetime
    budget: Budget
    outcome: Maintained

    @property
    def root(self) -> Path:
        return self.store.root

    def day(self, days: int) -> str:
        """The day so many days ago, as partitions name it."""
        return day_before(self.now, days)

    def may(self, step: str) -> bool:
        """Whether there is budget for a step; notes it as left otherwise."""
        if not self.budget.left:
            self.outcome.left.append(step)
        return self.budget.left


def maintain(settings: LakeSettings, now: datetime, run_dir: Path = RUN) -> Maintained:
    """Do the most needed upkeep within the budget. It may be interrupted and run again at any time."""
    started, store = time.monotonic(), open_store(settings)
    budget = Budget(settings.upkeep_seconds, settings.upkeep_bytes)
    run = Run(settings, store, now, budget, Maintained())
    with turn_of_upkeep(store.root):
        _let_bronze_go(run)
        _let_reports_go(run)
        _small_files(run)
        replayable, loaded = readers.replayable_from(run.root), readers.loaded(settings)
        _settle(run, ages_at(now, replayable), loaded)
        _vacuum(run)
        leftovers.remove_unfinished(run.root, now)
        leftovers.shorten_diary(run_dir)
    _warehouse(run, replayable)
    run.outcome.seconds = time.monotonic() - started
    get_log().info("maintained", **run.outcome.summary())
    return run.outcome


def turn_of_upkeep(root: Path) -> AbstractContextManager[None]:
    """The lease of whoever rewrites files, once whoever has it is done. Raises Busy when that takes too long."""
    return turn(root, JOB, PATIENCE)


def day_before(now: datetime, days: int) -> str:
    """The day so many days ago, as partitions name it."""
    return (now - timedelta(days=days)).date().isoformat()


def ages_at(now: datetime, replayable: Position) -> Ages:
    """From when on silver's versions and tombstones are kept."""
    return Ages(day_before(now, HISTORY_DAYS), day_before(now, TOMBSTONE_DAYS), replayable)


def _let_bronze_go(run: Run) -> None:
    for day in raw.past(run.store, run.day(BRONZE_DAYS)):
        if run.may(f"bronze {day}"):
            removed = raw.let_go(run.store, day, cut(run.store), run.budget)
            if removed is None:
                run.outcome.left.append(f"bronze {day}")
            run.outcome.raw_removed += removed or 0


def _let_reports_go(run: Run) -> None:
    for path, days in ((REPORTS, REPORT_DAYS), (QUARANTINE, QUARANTINE_DAYS)):
        before = run.day(days)
        if run.store.exists(path) and any(piece.day < before for piece in pieces(run.root / path)):
            run.outcome.reports_removed += run.store.erase(path, f"_day < '{before}'")


def _small_files(run: Run) -> None:
    """The tables with the most files first: a commit of theirs costs most."""
    today = run.day(0)
    found = {path: len(pieces(run.root / path)) for path in small_files.tables(run.root)}
    for path in sorted(found, key=lambda one: -found[one]):
        run.outcome.log_removed += small_files.tidy_log(run.root / path)
        if run.may(f"files {path}"):
            rewritten = small_files.put_together(run.store, path, today)
            run.outcome.merged_bytes += rewritten
            run.budget.spend(rewritten)


def _settle(run: Run, ages: Ages, loaded: Position) -> None:
    """Old versions and old digests, the most grown first."""
    wanted: list[tuple[float, str, Table, history.Aged]] = []
    for table in TABLES:
        if run.store.exists(silver_path(table)):
            old = history.aged_silver(run.store, table, ages)
            wanted.append((old.need, "silver", table, old))
        if run.store.exists(digest_path(table)):
            old = history.aged_digest(run.store, table)
            wanted.append((old.need, "digest", table, old))
    for need, kind, table, old in sorted(wanted, key=lambda one: -one[0]):
        if need < 1:
            return
        if old.bytes > history.MOST_BYTES:
            run.outcome.too_large += 1
            run.outcome.left.append(f"lake compact {table.name}")
        elif run.may(f"{kind} {table.name}"):
            _settle_one(run, kind, table, old, ages, loaded)


def _settle_one(run: Run, kind: str, table: Table, old: history.Aged, ages: Ages, loaded: Position) -> None:
    if kind == "digest":
        history.settle_digest(run.store, table, ages.replayable)
    else:
        upto = readers.slowest_reader(run.store, table, loaded)
        if upto == START:
            return
        seen, left_out = history.settle_silver(run.store, table, ages, upto)
        run.outcome.seen += seen
        run.outcome.left_out += left_out
    run.outcome.settled_bytes += old.bytes
    run.budget.spend(old.bytes)


def _vacuum(run: Run) -> None:
    """Files that no version needs: where there are more on disk than the log names."""
    for path in small_files.tables(run.root):
        folder = run.root / path
        spare = sum(1 for _ in folder.glob("*/*.parquet")) - len(pieces(folder))
        if spare > 0 and run.may(f"vacuum {path}"):
            run.outcome.files_removed += run.store.vacuum(path, older_than_hours=VACUUM_HOURS, orphans=True)


def _warehouse(run: Run, replayable: Position) -> None:
    if not run.may("warehouse"):
        return
    try:
        with lease(run.root, WAREHOUSE):
            below = Position(min(replayable, cut(run.store)))
            run.outcome.warehouse_removed = warehouse.forget_tombstones(run.settings, below)
            run.outcome.left += [f"warehouse {name}" for name in warehouse.vacuum(run.settings, run.budget)]
    except Busy:
        run.outcome.left.append("warehouse")  # a load or dbt is at work there
