"""Keeps the state of people up to date: writes it from bronze in one lane, reads it in the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from anonymizer.bronze import page
from anonymizer.names import NameIndex
from anonymizer.people import SCHEMA, SOURCES, People, as_table, events, read_events
from anonymizer.vault import Vault
from lake.contracts.names import PEOPLE
from lake.kit.log import get_log
from lake.store import START, Position, Store

APP = "release"
PAGE = 10_000
ERASED = "restricted/erased"  # pseudonyms of accounts that must never enter again


@dataclass
class Registry:
    """The people, and the index of names where somebody needs one."""

    store: Store
    vault: Vault
    names: NameIndex | None = None
    people: People = field(default_factory=People)
    _read: Position = START
    _looked: Position = START

    def prepare(self) -> None:
        """Make the restricted table when it is missing, and take in what it holds."""
        self.store.create(PEOPLE, SCHEMA)
        self.read()

    def position(self) -> Position:
        """Up to where bronze is in the restricted table."""
        return self.store.position(PEOPLE, APP)

    def read(self) -> None:
        """Take in the events that were written since the last time, and the list of the erased."""
        written = self.position()
        if written > self._read:
            for event in read_events(self.store, self._read):
                self._take(event)
            self._read = written
        if self.store.exists(ERASED):
            listed = self.store.read(ERASED, columns=["account"])["account"].to_pylist()
            self.people.erased = frozenset(listed)

    def write(self, upto: Position, looked: Position) -> int:
        """Bring the restricted table, and this state, up to a position in bronze; returns the number of events.

        Up to `looked`, bronze is known to hold nothing more: only events move the table's own position.
        """
        count, after = 0, max(self.position(), looked, self._looked)
        while after < upto:
            rows, after = page(self.store, SOURCES, after, upto, PAGE)
            found = list(events(rows.to_pylist(), self.vault))
            if found:
                self.store.append(PEOPLE, as_table(found), app=APP, upto=after, after=self.position())
                self._read, count = after, count + len(found)
                get_log().info("people_updated", events=len(found))
            for event in found:
                self._take(event)
            self._looked = after
        return count

    def _take(self, event: dict[str, object]) -> None:
        if event["kind"] in ("consent", "reset"):
            self.people.apply(event)
        elif self.names is not None:
            self.names.add(str(event["kind"]), str(event["text"]))
