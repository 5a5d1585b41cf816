"""A month of commits in minutes: does a lake stay small and fast while a follower appends and upkeep goes by?

    python -m tests.bench.bench_upkeep [--days 30] [--commits 400] [--rows 10]

Commits go as release makes them, each with its position; the clock moves one day after each `--commits`. The follower's
upkeep (small files, log) comes every 60 commits, as it does after 30 s at two commits a second; `maintain`'s part (old
versions, superseded files) once a day. A real day at one commit a second has more commits in the open day alone: files
and log entries are bounded by count, not by time, so the curve says what a longer day would be like.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import duckdb
import pyarrow as pa

from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.contracts.tables import BY_NAME
from lake.schema import current_sql, silver_schema
from lake.store import LocalStore, Position
from lake.store.pieces import pieces
from lake.upkeep import history, small_files
from lake.upkeep.kept import Ages
from lake.upkeep.maintain import HISTORY_DAYS, TOMBSTONE_DAYS
from tests.lib.silver import pseudonym

T = TypeVar("T")
FIRST_DAY = date(2026, 1, 1)
FOLLOWER_EVERY = 60  # commits
KEYS = 20_000  # rows that live; from then on everything is an update


@dataclass
class Day:
    """What a day left behind: counts of the one table, and milliseconds."""

    number: int
    commits: int
    files: int
    log: int
    on_disk: int
    appended: int
    rewritten: int
    versions: int
    commit_ms: float
    open_ms: float = 0.0
    current_ms: float = 0.0
    key_ms: float = 0.0


class Month:
    """One silver table, and its follower."""

    def __init__(self, root: Path, table: Table, commits: int, rows: int) -> None:
        self.store, self.table, self.commits, self.rows = LocalStore(root), table, commits, rows
        self.path = silver_path(table)
        self.folder = root / self.path
        self.store.create(self.path, silver_schema(table))
        self.at, self.appended, self.rewritten, self.draw = -1, 0, 0, Random(1)

    def live(self, days: int) -> Iterator[Day]:
        """Day after day, measured at its end."""
        for number in range(days):
            today = FIRST_DAY + timedelta(days=number)
            began = time.perf_counter()
            for commit in range(self.commits):
                self._commit(today.isoformat())
                if commit % FOLLOWER_EVERY == FOLLOWER_EVERY - 1:
                    self.rewritten += small_files.tidy(self.folder, today.isoformat())
                    small_files.tidy_log(self.folder)
            seconds = time.perf_counter() - began
            self._maintain(today)
            yield self._measured(number + 1, 1000 * seconds / self.commits)

    def _commit(self, day: str) -> None:
        rows = []
        for _ in range(self.rows):
            self.at += 1
            number = self.at if self.at < KEYS else self.draw.randrange(KEYS)
            rows.append(
                {"id": pseudonym("vote", number), "account_id": pseudonym("account", number % 977), "_position": self.at,
                 "_revision": 0, "_op": "upsert", "_treatment": "bench", "_day": day}
            )  # fmt: skip
        arrow = pa.Table.from_pylist(rows, silver_schema(self.table))
        self.store.append(self.path, arrow, app="release", upto=Position(self.at))
        self.appended += self._newest_bytes()

    def _newest_bytes(self) -> int:
        """Bytes of the file that the newest commit added."""
        newest = self.folder / "_delta_log" / f"{self.store.version(self.path):020}.json"
        actions = map(json.loads, newest.read_text().splitlines())
        return sum(action["add"]["size"] for action in actions if "add" in action)

    def _maintain(self, today: date) -> None:
        old, dead = ((today - timedelta(days=n)).isoformat() for n in (HISTORY_DAYS, TOMBSTONE_DAYS))
        ages = Ages(history=old, tombstones=dead, replayable=Position(self.at))
        self.rewritten += small_files.tidy(self.folder, today.isoformat())
        small_files.tidy_log(self.folder)
        aged = history.aged_silver(self.store, self.table, ages)
        if aged.need >= 1:
            history.settle_silver(self.store, self.table, ages, Position(self.at))
            self.rewritten += aged.bytes
        # The clock of files is the machine's, and moves no days here: what is superseded goes at once.
        self.store.vacuum(self.path, older_than_hours=0)

    def _measured(self, number: int, commit_ms: float) -> Day:
        found = pieces(self.folder)
        log = sum(1 for _ in (self.folder / "_delta_log").iterdir())
        on_disk = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        day = Day(
            number,
            number * self.commits,
            len(found),
            log,
            on_disk,
            self.appended,
            self.rewritten,
            sum(p.rows for p in found),
            commit_ms,
        )
        day.open_ms, fresh = _timed(lambda: _opened(self.store.root, self.path))
        source = fresh.dataset(self.path, silver_schema(self.table))
        with duckdb.connect() as memory:
            memory.register("versions", source)
            query = f"select count(*) from ({current_sql(self.table, 'versions')}) as current"
            day.current_ms, _ = _timed(lambda: memory.execute(query).fetchall())
            one = f"select max(_position) from versions where id = '{pseudonym('vote', 7)}'"
            day.key_ms, _ = _timed(lambda: memory.execute(one).fetchall())
        return day


def _opened(root: Path, path: str) -> LocalStore:
    store = LocalStore(root)
    store.files(path)
    return store


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds, and what came of it."""
    began = time.perf_counter()
    made = work()
    return 1000 * (time.perf_counter() - began), made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--commits", type=int, default=400)
    parser.add_argument("--rows", type=int, default=10)
    wanted = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    print(f"{'day':>4} {'commits':>8} {'files':>6} {'log':>5} {'MB':>7} {'appended MB':>12} {'rewritten MB':>13} {'versions':>9} "
          f"{'commit ms':>10} {'open ms':>8} {'current ms':>11} {'key ms':>7}")  # fmt: skip
    try:
        for day in Month(root, BY_NAME["votes"], wanted.commits, wanted.rows).live(wanted.days):
            print(f"{day.number:>4} {day.commits:>8} {day.files:>6} {day.log:>5} {day.on_disk / 1e6:>7.2f} "
                  f"{day.appended / 1e6:>12.2f} {day.rewritten / 1e6:>13.2f} {day.versions:>9} {day.commit_ms:>10.1f} {day.open_ms:>8.1f} "
                  f"{day.current_ms:>11.1f} {day.key_ms:>7.1f}", flush=True)  # fmt: skip
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
