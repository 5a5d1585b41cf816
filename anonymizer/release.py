"""Bronze → silver: the plain lane in this process, the text lane in a child, so that a model never holds up a vote.

The plain lane also writes who consents and what people are called, ahead of both lanes. Each lane moves its own
position; readers go by the smaller one, `lake.cut.cut`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from anonymizer.bronze import Reach, end, reach
from anonymizer.lane import Lane
from anonymizer.late import release_replayed
from anonymizer.policy import Tools
from anonymizer.registry import Registry
from anonymizer.rules.redact import Redactor
from anonymizer.settings import AnonymizerSettings
from anonymizer.spread import BATCH, Later, Treating
from anonymizer.vault import open_vault
from lake import cut
from lake.contracts.names import PEOPLE as PEOPLE_PATH
from lake.contracts.names import silver_path
from lake.contracts.tables import TABLES
from lake.failpoint import reach as reach_failpoint
from lake.kit.errors import Retry
from lake.settings import LakeSettings
from lake.store import Position, Store, open_store
from lake.store.gate import Gate
from lake.upkeep.tidier import keep_tidy

PEOPLE = "people"  # the mark up to which the plain lane has taken in people, when it is ahead of its own position
STANDS = 300.0  # seconds without a move after which a lane that waits for nobody gives up

Tick = Callable[[Position], None]


@dataclass
class Room:
    """A lane with what it stands on."""

    store: Store
    registry: Registry
    lane: Lane

    @property
    def name(self) -> str:
        return self.lane.name

    def prepare(self) -> None:
        """Make what is missing and take in the state of people."""
        cut.prepare(self.store)
        self.registry.prepare()
        self.lane.prepare()
        self.lane.meters.rests(self.lane.position())
        self.registry.people.forget_withdrawals(self.lane.position())

    def step(self) -> Position:
        """Release what bronze holds by now; returns where the lane stands. Waits while an erasure has the gate closed."""
        with Gate(self.store.root).passing():
            self.registry.read_erased()
            return self._step()

    def _step(self) -> Position:
        here = self.lane.position()
        there = whole = reach(self.store, here)
        if self.name == "plain":
            self._take_in_people(here, there)
        else:
            known = max(cut.lane_position(self.store, PEOPLE), cut.lane_position(self.store, "plain"))
            there = replace(there, upto=min(there.upto, known))
            self.registry.read()
        release_replayed(self.lane, there)
        at = self.lane.advance(there)
        if here < at == whole.upto and whole.newest_at is not None:
            self.lane.meters.caught_up(whole.newest_at)
        return at

    def _take_in_people(self, here: Position, there: Reach) -> None:
        if there.upto <= here:
            return
        events = self.registry.write(there.upto, here, there.replays)
        if events or there.upto - here > self.lane.batch_rows:
            cut.move_lane(self.store, PEOPLE, there.upto)

    def run_to(self, target: Position, pause: float, tick: Tick = lambda at: None, parent: int | None = None) -> None:
        """Step until the lane has reached a position, or the parent process is gone.

        Raises Retry when a lane without a parent stands still: one that has a parent waits for that one's people.
        """
        self.keep_tidy()  # a backlog of millions is thousands of commits, each of which costs more with every file
        moved = Still(STANDS)
        while (at := self.step()) < target and _lives(parent):
            tick(at)
            if parent is None and moved.stands(at):
                raise Retry(
                    f"The {self.name} lane has stood at position {at} for {STANDS:.0f} s, before {target}, although bronze "
                    "holds what lies between. Look at `python -m ingestion status`, then run the command again."
                )
            time.sleep(pause)
        tick(at)

    def follow(self, pause: float, parent: int | None = None) -> None:
        """Step for ever, or until the parent process is gone."""
        self.keep_tidy()
        while _lives(parent):
            before = self.lane.position()
            if self.step() == before:
                time.sleep(pause)

    def keep_tidy(self) -> None:
        """Compact the lane's tables beside it for as long as this process lives."""
        paths = [silver_path(table) for table in self.lane.tables]
        if self.name == "plain":
            paths += [cut.CUT, cut.LATE, PEOPLE_PATH]
        keep_tidy(self.store, paths)

    def summary(self, seconds: float) -> dict[str, Any]:
        """Counts for the command's one line of JSON."""
        counts = asdict(self.lane.counts)
        return {"in": counts.pop("read"), "out": counts.pop("written"), **counts, "seconds": round(seconds, 3)}


def open_room(name: str, settings: AnonymizerSettings, lake: LakeSettings, *, here: bool = False) -> Room:
    """The plain lane, or the text lane with its model; with `here`, this process treats whatever the engine could do."""
    store = open_store(lake)
    vault = open_vault(settings.key_file)
    registry = Registry(store, vault)
    mask: Redactor = _nothing_to_mask
    if name == "text" and not here and store.carries:
        mask = Later(settings, registry)
    elif name == "text":
        from anonymizer.detect import open_detector  # noqa: PLC0415 - the plain lane does without 250 MB of model

        mask = detector = open_detector(settings.models, settings.regex_timeout, processes=settings.processes)
        registry.names = detector.names
    lane = Lane(
        name=name,
        tables=[table for table in TABLES if cut.lane_of(table) == name],
        store=store,
        tools=Tools(vault, mask),
        people=registry.people,
        batch_rows=settings.batch_texts if name == "text" else settings.batch_rows,
        reached=lambda point: reach_failpoint(point, settings.failpoint),
        awaited=Gate(store.root).awaited,
    )
    lane.tools = Tools(vault, lane.meters.timed(mask))
    if store.carries and not here:
        lane.batch_rows = BATCH
        lane.work = lambda done: Treating(name, registry.known, done, settings, lake)
    return Room(store, registry, lane)


class Still:
    """Whether something that should move has not for some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: object = None
        self._since = time.monotonic()

    def stands(self, now: object) -> bool:
        """What it looks like now; true once it has looked like that for too long."""
        if now != self._seen:
            self._seen, self._since = now, time.monotonic()
        return time.monotonic() - self._since > self._seconds


def _lives(parent: int | None) -> bool:
    return parent is None or os.getppid() == parent


def _nothing_to_mask(texts: Any) -> Any:
    raise AssertionError("The plain lane holds no free text.")


def bronze_end(store: Store) -> Position:
    """The last position that can be released now."""
    return end(store)
