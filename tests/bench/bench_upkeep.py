"""A month at one commit a second: does a lake stay small and fast while a follower appends and upkeep goes by?

    python -m tests.bench.bench_upkeep [--rows 2] [--hour 3600] [--days 30] [--commits 60]

2.6 million commits would take hours. What depends on the number of commits, and what on the bytes of a day, is measured apart:

* *One hour at the full rate*: 3,600 commits in a row in one open day, with the follower's upkeep after each 30, as it comes
  after 30 s. Live files and log entries are bounded by counts (64 of the lowest tier, 8 of each other; 200 entries before the
  newest checkpoint), not by time, so the 24th hour is like the first: the curve has to be flat from its second line on. What
  grows with hours are the names of removed files in the checkpoints, for 3 hours (10,800 commits).
* *A month of whole days*: each day has the rows of 86,400 commits, in `--commits` larger ones, since a day's commits are one
  file by its end, however many they were. `maintain`'s part (old versions, superseded files) comes once a day. The clock is
  moved by hand, while the log goes by the machine's: names of removed files are dropped at once, as they are after 3 hours.

Milliseconds are of this process's CPU, all threads of it, so that whatever else the machine does counts little.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.contracts.tables import BY_NAME
from lake.schema import current_sql, silver_schema
from lake.store import LocalStore, Position
from lake.store import pieces as tables
from lake.store.pieces import pieces
from lake.upkeep import history, small_files
from lake.upkeep.kept import Ages
from lake.upkeep.maintain import HISTORY_DAYS, TOMBSTONE_DAYS
from tests.lib.silver import pseudonym

T = TypeVar("T")
FIRST_DAY = date(2026, 1, 1)
FOLLOWER_EVERY = 30  # commits: seconds of lake.upkeep.tidier
A_DAY = 86_400
KEEP_NAMES = "delta.deletedFileRetentionDuration"
KEYS = 20_000  # rows that live; from then on everything is an update


@dataclass
class Day:
    """What a day left behind: counts of the one table, and milliseconds of CPU."""

    number: int
    commits: int
    files: int
    log: int
    on_disk: int
    appended: int
    rewritten: int
    versions: int
    commit_ms: float
    removed_names: int = 0
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
        self.at, self.appended, self.rewritten, self.draw = -1, 0, 0, np.random.default_rng(1)
        self.ids = pa.array([pseudonym("vote", number) for number in range(KEYS)])
        self.accounts = pa.array([pseudonym("account", number) for number in range(977)])

    def live(self, days: int) -> Iterator[Day]:
        """Day after day, measured at its end."""
        for number in range(days):
            today = FIRST_DAY + timedelta(days=number)
            began = time.process_time()
            self._follow(today.isoformat(), self.commits)
            seconds = time.process_time() - began
            self._maintain(today)
            yield self._measured(number + 1, (number + 1) * self.commits, 1000 * seconds / self.commits)

    def one_day(self, commits: int, every: int) -> Iterator[Day]:
        """One open day, measured after each so many commits; `maintain` does not come."""
        for number in range(commits // every):
            began = time.process_time()
            self._follow(FIRST_DAY.isoformat(), every)
            seconds = time.process_time() - began
            self.store.vacuum(self.path, older_than_hours=0, orphans=True)
            yield self._measured(1, (number + 1) * every, 1000 * seconds / every)

    def _follow(self, day: str, commits: int) -> None:
        for commit in range(commits):
            self._commit(day)
            if commit % FOLLOWER_EVERY == FOLLOWER_EVERY - 1:
                self.rewritten += small_files.tidy(self.folder, day)
                small_files.tidy_log(self.folder)

    def _commit(self, day: str) -> None:
        places = np.arange(self.at + 1, self.at + 1 + self.rows)
        self.at = int(places[-1])
        numbers = np.where(places < KEYS, places, self.draw.integers(0, KEYS, self.rows))
        shape = silver_schema(self.table)
        same = {"_revision": 0, "_op": "upsert", "_treatment": "bench", "_day": day}
        made = {
            "id": self.ids.take(pa.array(numbers)), "account_id": self.accounts.take(pa.array(numbers % 977)),
            "_position": pa.array(places),
        }  # fmt: skip
        fixed = {name: pa.repeat(pa.scalar(same.get(name), shape.field(name).type), self.rows) for name in shape.names}
        arrow = pa.table(fixed | made, schema=shape)
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
        self.store.vacuum(self.path, older_than_hours=0, orphans=True)

    def _measured(self, number: int, commits: int, commit_ms: float) -> Day:
        found = pieces(self.folder)
        log = sum(1 for _ in (self.folder / "_delta_log").iterdir())
        names = _removed_names(self.folder)
        on_disk = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        day = Day(
            number,
            commits,
            len(found),
            log,
            on_disk,
            self.appended,
            self.rewritten,
            sum(p.rows for p in found),
            commit_ms,
            names,
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


def _removed_names(folder: Path) -> int:
    """How many files that are gone the newest checkpoint still names."""
    found = sorted((folder / "_delta_log").glob("*.checkpoint.parquet"))
    removed = pq.read_table(found[-1], columns=["remove"])["remove"] if found else pa.chunked_array([pa.nulls(0)])
    return len(removed) - int(removed.null_count)


def _opened(root: Path, path: str) -> LocalStore:
    store = LocalStore(root)
    store.files(path)
    return store


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds of CPU, and what came of it."""
    began = time.process_time()
    made = work()
    return 1000 * (time.process_time() - began), made


HEAD = (
    f"{'day':>4} {'commits':>8} {'files':>6} {'log':>5} {'MB':>7} {'appended MB':>12} {'rewritten MB':>13} {'versions':>9} "
    f"{'removed':>8} {'commit ms':>10} {'open ms':>8} {'current ms':>11} {'key ms':>7}"
)


def show(day: Day) -> None:
    print(f"{day.number:>4} {day.commits:>8} {day.files:>6} {day.log:>5} {day.on_disk / 1e6:>7.2f} "
          f"{day.appended / 1e6:>12.2f} {day.rewritten / 1e6:>13.2f} {day.versions:>9} {day.removed_names:>8} "
          f"{day.commit_ms:>10.1f} {day.open_ms:>8.1f} {day.current_ms:>11.1f} {day.key_ms:>7.1f}", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2, help="rows of a commit at the full rate")
    parser.add_argument("--hour", type=int, default=3_600, help="commits at the full rate")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--commits", type=int, default=60, help="commits that bring a whole day's rows")
    wanted = parser.parse_args()
    votes, kept = BY_NAME["votes"], tables.PROPERTIES[KEEP_NAMES]
    with tempfile.TemporaryDirectory(prefix="headwater-bench-") as root:
        print(f"one commit a second, {wanted.rows} rows each, one open day", HEAD, sep="\n")
        for part in Month(Path(root), votes, 0, wanted.rows).one_day(wanted.hour, max(1, wanted.hour // 8)):
            show(part)
    tables.PROPERTIES[KEEP_NAMES] = "interval 0 seconds"
    try:
        with tempfile.TemporaryDirectory(prefix="headwater-bench-") as root:
            rows = wanted.rows * A_DAY // max(1, wanted.commits)
            print(f"a month of {A_DAY:,} × {wanted.rows} rows a day, in commits of {rows:,}", HEAD, sep="\n")
            for day in Month(Path(root), votes, wanted.commits, rows).live(wanted.days):
                show(day)
    finally:
        tables.PROPERTIES[KEEP_NAMES] = kept


if __name__ == "__main__":
    main()
