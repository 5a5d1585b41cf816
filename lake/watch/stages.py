"""The stages of the stream, one after another: how far each is, how far behind the one before it, and how fresh."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from lake.contracts.names import BRONZE, QUARANTINE, silver_path
from lake.contracts.tables import TABLES
from lake.cut import CUT, LANES
from lake.store import START, Position
from lake.store.glance import Glance
from lake.store.position import epoch_of, offset_of
from lake.watch.freshness import Mark
from lake.watch.sources import Slot, Topic

SMALL_LAG = 1 << 20  # bytes of the log that an active slot may hold back without being behind: it confirms every second


@dataclass(frozen=True)
class Stage:
    """A stage: the offset behind the last message it has, what it lacks of the stage before, the age of what it has.

    None is unknown, because something is away or because there is nothing yet.
    """

    name: str
    offset: int | None
    behind: int | None
    freshness_seconds: float | None


class Lake:
    """The lake's tables, each looked at when it is its turn."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bronze, self.cut = Glance(root, BRONZE), Glance(root, CUT)
        self.quarantine = Glance(root, QUARANTINE)
        self._silver = {table.name: Glance(root, silver_path(table)) for table in TABLES}
        self._turns = deque(self._silver.values())

    def look(self) -> None:
        """Move forward the tables that the stream is read from, and two of the others."""
        for glance in (self.cut, self.bronze, self.quarantine):
            glance.look()
        for glance in list(self._turns)[:2]:
            glance.look()
        self._turns.rotate(-2)

    def tables(self) -> list[dict[str, int | str]]:
        """Name, files, bytes, rows (every version of them) and version of each table that is there."""
        every = {"bronze": self.bronze, "quarantine": self.quarantine, **self._silver}
        return [
            {"table": name, "files": held.count, "bytes": held.size, "rows": held.rows, "version": glance.version}
            for name, glance in every.items()
            if glance.version >= 0
            for held in (glance.files(),)
        ]

    @property
    def released(self) -> Position:
        """The cut: up to where every lane of release has come."""
        return min(self.cut.position(lane) for lane in LANES)


class Stream:
    """Follows the stages through every look."""

    def __init__(self) -> None:
        self._captured = 0.0
        self._bronze, self._silver, self._warehouse = Mark(), Mark(), Mark()

    def stages(
        self, now: float, slot: Slot | None, topic: Topic | None, lake: Lake, loaded: Position | None
    ) -> list[Stage]:
        """Kafka, bronze, silver and the warehouse. `now` is in seconds since 1970."""
        captured = self._capture(now, slot)
        kafka = Stage("kafka", topic.end if topic else None, None, now - captured if topic else None)
        landed = lake.bronze.position(topic.app) if topic else START
        there = lake.bronze.version >= 0
        if topic is None:
            bronze, moment = (
                Stage("bronze", _behind_offset(lake.bronze.files().last) if there else None, None, None),
                captured,
            )
        else:
            has = _behind_offset(landed)
            moment = self._bronze.moment(captured, topic.end, has)
            bronze = Stage("bronze", has, max(0, topic.end - has), now - moment) if there else _empty("bronze")
        last, cut = lake.bronze.files().last, lake.released
        if there and lake.cut.version >= 0:
            moment = self._silver.moment(moment, int(last), int(cut))
            silver = Stage("silver", _behind_offset(cut), _between(cut, last), now - moment)
        else:
            silver = _empty("silver")
        if loaded is None or lake.cut.version < 0:
            warehouse = _empty("warehouse")
        else:
            moment = self._warehouse.moment(moment, int(cut), int(loaded))
            warehouse = Stage("warehouse", _behind_offset(loaded), _between(loaded, cut), now - moment)
        return [kafka, bronze, silver, warehouse]

    def _capture(self, now: float, slot: Slot | None) -> float:
        """Since when Kafka lacks something that is committed; while PostgreSQL is away nothing is committed."""
        fine = slot is None or (slot.active and (slot.lag_bytes or 0) < SMALL_LAG)
        if fine or not self._captured:
            self._captured = now
        return self._captured


def _behind_offset(at: Position) -> int:
    return offset_of(at) + 1


def _between(has: Position, end: Position) -> int | None:
    """Messages from one position to another; None where they lie in different epochs."""
    if has >= end:
        return 0
    same = has == START or epoch_of(has) == epoch_of(end)
    return offset_of(end) - offset_of(has) if same else None


def _empty(name: str) -> Stage:
    return Stage(name, None, None, None)
