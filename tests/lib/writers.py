"""Seeded writers of numbered rows, and the ledger of what they committed.

They write identity.accounts: `display_name` holds the writer and a running number, so that every committed change has
a name of its own and a lost or doubled one tells which it was.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from lake.kit.ids import new_id

Change = tuple[str, str, str, str]  # table, operation, id, display_name
Ledger = Counter[Change]
Connection = psycopg.Connection[Any]
INSERT = (
    "INSERT INTO identity.accounts (id, handle, display_name, role, status, origin, created_at)"
    " VALUES (%s, %s, %s, 'member', 'active', 'generated', now())"
)
COPY = "COPY identity.accounts (id, handle, display_name, role, status, origin, created_at) FROM STDIN"


class Writer:
    """One connection that writes transactions of one kind until it is told to stop."""

    def __init__(self, url: str, number: int, seed: int, kind: str) -> None:
        self._url, self._number, self._kind = url, number, kind
        self._random = random.Random(f"{seed}-{number}")
        self._sequence = 0
        self._alive: list[str] = []
        self.committed: Ledger = Counter()
        self.transactions = 0

    def run(self, stop: threading.Event, most: int = 1_000_000) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not stop.is_set() and self.transactions < most:
                self.transact(connection)

    def transact(self, connection: Connection) -> None:
        """One transaction; what it committed goes into the ledger."""
        done: list[Change] = []
        alive = list(self._alive)
        rollback = self._random.random() < 0.1
        with connection.transaction(force_rollback=rollback):
            getattr(self, f"_{self._kind}")(connection, done)
        if rollback:
            self._alive = alive
        else:
            self.committed.update(done)
        self.transactions += 1

    def _name(self) -> str:
        self._sequence += 1
        return f"w{self._number} s{self._sequence}"

    def _rows(self, count: int, done: list[Change]) -> list[tuple[str, str, str]]:
        rows = []
        for _ in range(count):
            key, name = str(new_id()), self._name()
            rows.append((key, f"h-{key}", name))
            self._alive.append(key)
            done.append(("accounts", "c", key, name))
        return rows

    def _short(self, connection: Connection, done: list[Change]) -> None:
        for _ in range(self._random.randint(1, 3)):
            self._change(connection, done)
        time.sleep(0.01)

    def _long(self, connection: Connection, done: list[Change]) -> None:
        """Held open while others commit, so that their changes interleave in the log."""
        for _ in range(self._random.randint(20, 60)):
            self._change(connection, done)
            time.sleep(self._random.random() * 0.03)

    def _bulk(self, connection: Connection, done: list[Change]) -> None:
        """One statement with many rows, which PostgreSQL may write as one record of the log."""
        rows = self._rows(self._random.randint(50, 200), done)
        one = "(%s, %s, %s, 'member', 'active', 'generated', now())"
        statement = INSERT[: INSERT.index("(%s")] + ", ".join([one] * len(rows))
        connection.execute(statement, [value for row in rows for value in row])
        time.sleep(0.3)

    def _copy(self, connection: Connection, done: list[Change]) -> None:
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for row in self._rows(self._random.randint(50, 200), done):
                copy.write_row((*row, "member", "active", "generated", "2026-01-01T00:00:00Z"))
        time.sleep(0.3)

    def _change(self, connection: Connection, done: list[Change]) -> None:
        dice = self._random.random()
        if dice < 0.5 or not self._alive:
            for row in self._rows(1, done):
                connection.execute(INSERT, row)
        elif dice < 0.85:
            key, name = self._random.choice(self._alive), self._name()
            connection.execute("UPDATE identity.accounts SET display_name = %s WHERE id = %s", (name, key))
            done.append(("accounts", "u", key, name))
        else:
            key = self._alive.pop(self._random.randrange(len(self._alive)))
            connection.execute("DELETE FROM identity.accounts WHERE id = %s", (key,))
            done.append(("accounts", "d", key, ""))


class Writers:
    """Several writers at once. `committed` is their ledger once they have stopped."""

    KINDS = ("short", "long", "long", "bulk", "copy")

    def __init__(self, url: str, seed: int, kinds: tuple[str, ...] = KINDS) -> None:
        self._writers = [Writer(url, number, seed, kind) for number, kind in enumerate(kinds)]

    @property
    def committed(self) -> Ledger:
        return sum((writer.committed for writer in self._writers), Ledger())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """They write while the block runs."""
        stop = threading.Event()
        threads = [threading.Thread(target=writer.run, args=(stop,)) for writer in self._writers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
