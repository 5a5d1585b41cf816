"""What Debezium loses when it is stopped between transactions that overlap, and what it loses when Headwater starts it.

    python -m tests.bench.bench_stops [--stops 50] [--seed 3] [--searching]

Starts a stack of its own. Four connections write inserts, COPY, updates and rollbacks in transactions that overlap; most
times the connector is stopped just behind a commit, where the next change of another transaction may have that commit's
LSN (decision 0007). Then it goes on and everything is compared with what was committed. `--searching` leaves Debezium to
find its place by itself, as it does without Headwater. Prints after every fifth stop how many changes were committed, are
lost, came twice, and how many alarms landing raised.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg

from ingestion.worker import Worker
from lake.kit.ids import new_id
from tests.lib.stack import make_stack, remove_stack
from tests.lib.stream import Stream
from tests.lib.writers import COPY, INSERT, Change, Ledger


class Overlapping:
    """Connections whose transactions overlap, drawn by a seed, and the ledger of what they committed."""

    def __init__(self, url: str, seed: int, connections: int = 4) -> None:
        self._random = random.Random(seed)
        self._open: list[psycopg.Connection[Any]] = [psycopg.connect(url) for _ in range(connections)]
        self._pending: list[list[Change]] = [[] for _ in self._open]
        self._number = 0
        self.committed: Ledger = Ledger()

    def step(self) -> None:
        """Something in one of the transactions."""
        which, dice = self._random.randrange(len(self._open)), self._random.random()
        if dice < 0.45:
            self._insert(which)
        elif dice < 0.55:
            self._copy(which, self._random.randint(1, 80))
        elif dice < 0.9:
            self._commit(which)
        elif dice < 0.95:
            self._open[which].rollback()
            self._pending[which] = []
        elif self._pending[which]:
            key, name = self._pending[which][-1][2], self._name()
            self._open[which].execute("UPDATE identity.accounts SET display_name = %s WHERE id = %s", (name, key))
            self._pending[which].append(("accounts", "u", key, name))

    def steps(self, least: int, most: int) -> None:
        for _ in range(self._random.randint(least, most)):
            self.step()

    def meet(self) -> None:
        """A commit, and at once the next change of a transaction that was open already."""
        one, other = self._random.sample(range(len(self._open)), 2)
        for which in (one, other):
            self._insert(which)
        self._commit(one)
        if self._random.random() < 0.4:
            self._copy(other, self._random.choice([1, 2, 3, 60]))
        else:
            self._insert(other)
        time.sleep(self._random.choice([0.1, 0.3]))

    def settle(self) -> None:
        """Commit everything."""
        for which in range(len(self._open)):
            self._commit(which)

    def close(self) -> None:
        for connection in self._open:
            connection.close()

    def _name(self) -> str:
        self._number += 1
        return f"n{self._number}"

    def _insert(self, which: int) -> None:
        key, name = str(new_id()), self._name()
        self._open[which].execute(INSERT, (key, f"h-{key}", name))
        self._pending[which].append(("accounts", "c", key, name))

    def _copy(self, which: int, rows: int) -> None:
        with self._open[which].cursor() as cursor, cursor.copy(COPY) as copy:
            for _ in range(rows):
                key, name = str(new_id()), self._name()
                copy.write_row((key, f"h-{key}", name, "member", "active", "generated", "2026-01-01T00:00:00Z"))
                self._pending[which].append(("accounts", "c", key, name))

    def _commit(self, which: int) -> None:
        self._open[which].commit()
        self.committed.update(self._pending[which])
        self._pending[which] = []


def stop_and_go(stream: Stream, writers: Overlapping, stops: int) -> None:
    """Stop the connector so often between overlapping transactions, and say what became of them."""
    for number in range(1, stops + 1):
        writers.steps(3, 25)
        writers.meet()
        stream.stop_connector()
        writers.steps(0, 12)
        stream.connect()
        if number % 5 == 0 or number == stops:
            writers.settle()
            stream.land_all()
            landed, committed = stream.ledger(), writers.committed
            lost, twice = (committed - landed).total(), (landed - committed).total()
            alarms = len(stream.rows("e"))
            print(
                f"{number} stops: {committed.total()} committed, {lost} lost, {twice} twice, {alarms} alarms",
                flush=True,
            )


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("--stops", type=int, default=50)
    told.add_argument("--seed", type=int, default=3)
    told.add_argument("--searching", action="store_true", help="let Debezium search for its place")
    asked = told.parse_args()
    stack = make_stack()
    try:
        stack.up("postgres", "kafka", "connect")
        with tempfile.TemporaryDirectory() as folder:
            stream = Stream(stack, Path(folder) / "lake").reset()
            stream.streaming()
            writers = Overlapping(stack.url("postgres", "app"), asked.seed)
            moves: AbstractContextManager[Any] = (
                mock.patch.object(Worker, "move", return_value=None) if asked.searching else nullcontext()
            )
            with moves:
                stop_and_go(stream, writers, asked.stops)
            writers.close()
    finally:
        remove_stack(stack)


if __name__ == "__main__":
    main()
