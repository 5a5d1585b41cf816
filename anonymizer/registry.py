"""Keeps the state of people up to date: writes it from bronze in one lane, reads it in the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.bronze import READ, page
from anonymizer.names import NameIndex
from anonymizer.people import SCHEMA, SOURCES, People, as_table, events, read_events
from anonymizer.vault import Vault
from lake.contracts.names import BRONZE, PEOPLE
from lake.erased import ErasedList
from lake.kit.log import get_log
from lake.store import START, Position, Store

APP = "release"
PAGE = 10_000


@dataclass
class Registry:
    """The people, and the index of names where somebody needs one."""

    store: Store
    vault: Vault
    names: NameIndex | None = None
    people: People = field(default_factory=People)
    _read: Position = START
    _looked: Position = START
    _erased: ErasedList = field(init=False)

    def __post_init__(self) -> None:
        self._erased = ErasedList(self.store)

    def prepare(self) -> None:
        """Make the restricted table when it is missing, and take in what it holds."""
        self.store.create(PEOPLE, SCHEMA)
        self.read()

    def position(self) -> Position:
        """Up to where bronze is in the restricted table."""
        return self.store.position(PEOPLE, APP)

    def read(self) -> None:
        """Take in the events that were written since the last time, and the list of the erased."""
        self.read_erased()
        written = self.position()
        if written > self._read:
            for event in read_events(self.store, self._read):
                self._take(event)
            self._read = written

    def read_upto(self, upto: Position) -> None:
        """Be at exactly a position, as whoever asked for the work was, and know the erased of this moment."""
        self.read_erased()
        if self._read > upto:  # an older batch is treated once more; names only ever grow
            self.people, self._read = People(erased=self._erased.accounts), START
        for event in read_events(self.store, self._read) if upto > self._read else ():
            if int(str(event["_position"])) <= upto:
                self._take(event)
        self._read = upto

    def learn_names(self, names: NameIndex) -> None:
        """Keep an index of names from now on, with everybody who is known."""
        self.names = names
        for event in read_events(self.store, START):
            self._learn(event)

    @property
    def known(self) -> Position:
        """Up to where events are part of this state."""
        return self._read

    def read_erased(self) -> None:
        """Take in whoever was put on the erased list since the last time; before each batch, while the gate is open.

        Their names leave the index, which is made anew: a name may be somebody else's, too.
        """
        if self._erased.refresh():
            self.people.erased = self._erased.accounts
            if self.names is not None and self._read > START:
                self.names.clear()
                self.learn_names(self.names)

    def write(self, upto: Position, looked: Position, replays: Iterable[tuple[int, Sequence[int]]] = ()) -> int:
        """Bring the restricted table, and this state, up to a position in bronze; returns the number of events.

        Up to `looked`, bronze is known to hold nothing more: only events move the table's own position. `replays` are
        notes of changes that landed late, and their places: each becomes an event where its note stands, and counts
        unless something newer was decided meanwhile.
        """
        count, after = 0, max(self.position(), looked, self._looked)
        while after < upto:
            before, (rows, after) = after, page(self.store, SOURCES, after, upto, PAGE)
            made = list(events(rows.to_pylist(), self.vault))
            for note, places in replays:
                if before < note <= after:
                    made += self._late(note, places)
            made.sort(key=lambda event: int(event["_position"]))
            found = [event for event in made if event.get("account") not in self.people.erased]
            if found:
                self.store.append(PEOPLE, as_table(found), app=APP, upto=after, after=self.position())
                self._read, count = after, count + len(found)
                get_log().info("people_updated", events=len(found))
            for event in found:
                self._take(event)
            self._looked = after
        return count

    def _late(self, note: int, places: Sequence[int]) -> Iterator[dict[str, Any]]:
        where = pc.field("_position").isin(pa.array(list(places), pa.int64())) & pc.field("table").isin(list(SOURCES))
        rows = self.store.read(BRONZE, columns=list(READ), where=where).sort_by("_position").to_pylist()
        for event in events(rows, self.vault):
            yield event | {"late": event["_position"], "_position": note}

    def _take(self, event: dict[str, object]) -> None:
        if event["kind"] in ("consent", "reset"):
            self.people.apply(event)
        else:
            self._learn(event)

    def _learn(self, event: dict[str, object]) -> None:
        if self.names is None or event["kind"] in ("consent", "reset"):
            return
        if event.get("account") not in self.people.erased:  # a tag is nobody's
            self.names.add(str(event["kind"]), str(event["text"]))
