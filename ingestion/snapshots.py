"""Follows a snapshot through the stream, from Debezium's notice that it started to the notice that it is complete."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lake.store import Position


@dataclass
class Running:
    """A snapshot under way: where it started, what was read from each table, and what of it landed."""

    started: Position
    initial: bool  # the stream itself starts with it; false when it was asked for through the signal table
    scanned: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    landed: Counter[str] = field(default_factory=Counter)
    refused: int = 0


@dataclass(frozen=True)
class Finished:
    """What a complete snapshot says of one table: rows of it that landed; older rows than `hides` are not current."""

    table: str
    rows: int
    hides: Position


class Snapshots:
    """At most one snapshot runs at a time; one that starts again replaces the one before it."""

    def __init__(self, running: Running | None = None) -> None:
        self.running = running
        self._asked = False

    def asked(self) -> None:
        self._asked = True

    def start(self, at: Position) -> Running:
        self.running = Running(at, initial=not self._asked)
        self._asked = False
        return self.running

    def scanned(self, table: str, rows: int, succeeded: bool) -> None:
        if self.running:
            self.running.scanned[table] = rows
            if not succeeded:
                self.running.failed.add(table)

    def landed(self, table: str) -> None:
        if self.running:
            self.running.landed[table] += 1

    def refused(self) -> None:
        if self.running:
            self.running.refused += 1

    def abandon(self) -> None:
        self.running = None

    def complete(self) -> tuple[list[Finished], list[str]]:
        """The tables whose snapshot is whole, and those of which rows are missing."""
        run, self.running = self.running, None
        if run is None:
            return [], []
        good, bad = [], []
        for table, rows in run.scanned.items():
            whole = table not in run.failed and run.landed[table] <= rows <= run.landed[table] + run.refused
            if whole:
                good.append(Finished(table, run.landed[table], run.started))
            else:
                bad.append(table)
        return good, bad
