"""One look at everything, every few seconds, by one thread; whoever asks is given the last one.

The state is a plain picture in JSON (docs/state.md): counts, moments, names of tables, jobs and products, and the
reasons in words. No row's value is in it, because none is read.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lake.kit.clock import utc_now
from lake.kit.log import get_log
from lake.settings import RUN, LakeSettings
from lake.store.engine import engine_of
from lake.watch import health
from lake.watch.diary import Diary, Run
from lake.watch.health import Level, Picture
from lake.watch.history import FIELDS, STEP, History
from lake.watch.products import Products
from lake.watch.settings import WatchSettings
from lake.watch.sources import Connect, Kafka, Postgres, Slot, loaded, slot
from lake.watch.stages import Lake, Stage, Stream
from lake.watch.troubles import Troubles

State = dict[str, Any]
FORM = 1  # of the state; it grows when a field changes its meaning
SELDOM = 5  # looks between two at what changes seldom: products, the connector, the engine, the disk


class Watcher:
    """Looks, and keeps the last picture. `state()` may be called from any thread."""

    def __init__(self, settings: WatchSettings, lake: LakeSettings) -> None:
        self._interval = settings.interval
        self._kafka = Kafka(settings.kafka)
        self._connect = Connect(settings.connect_url)
        self._source = Postgres(settings.source_url.get_secret_value(), slot)
        self._warehouse = Postgres(lake.warehouse_load_url.get_secret_value(), loaded)
        self._lake = Lake(lake.root)
        self._engine: str | None = None
        self._troubles = Troubles(self._lake.bronze, self._lake.quarantine)
        self._stream, self._products, self._diary = Stream(), Products(lake.root), Diary(RUN)
        self.history = History(settings.folder)
        self._connector: str | None = None
        self._disk = (0, 0)
        self._next_slow = 0.0
        self._state: State = {}
        self.looked: Callable[[float], None] = lambda seconds: None

    def state(self) -> State:
        """The last picture; empty before the first look."""
        return self._state

    def run(self, stop: threading.Event) -> None:
        """Look until somebody says stop. A look that fails is said in the log, and the next one begins anew."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever one look meets, the service goes on
                get_log().error("look_failed", exc_info=error)
            stop.wait(max(0.1, self._interval - (time.monotonic() - began)))
        self.history.write()

    def look(self) -> State:
        """One look. The reader of a stage is asked before its source, so that nobody is ahead of what he reads."""
        began, now = time.monotonic(), utc_now().timestamp()
        self._look_slowly()
        self._diary.look()
        at_warehouse = self._warehouse.ask()
        self._lake.look()
        topic = self._kafka.ask()
        held = self._source.ask()
        self._troubles.look()
        stages = self._stream.stages(now, held, topic, self._lake, at_warehouse)
        picture = self._picture(now, held, stages)
        self._remember(now, stages, held)
        self._state = self._described(now, picture, stages, time.monotonic() - began)
        self.looked(time.monotonic() - began)
        return self._state

    def _look_slowly(self) -> None:
        if time.monotonic() < self._next_slow:
            return
        self._next_slow = time.monotonic() + SELDOM * self._interval
        self._connector = self._connect.ask()
        self._products.look()
        self._engine = engine_of(self._lake.root)
        place = next(path for path in (self._lake.root, *self._lake.root.parents) if path.exists())
        usage = shutil.disk_usage(place)
        self._disk = (usage.free, usage.total)

    def _picture(self, now: float, held: Slot | None, stages: list[Stage]) -> Picture:
        return Picture(
            now=now,
            away={name: source.why for name, source in self._sources().items() if not source.up},
            slot=held,
            connector=self._connector,
            stages={stage.name: stage for stage in stages},
            quarantine=self._troubles.quarantine(),
            suspects=self._troubles.suspects,
            snapshot=self._troubles.notes.snapshot,
            last=self._diary.last,
            free=self._disk[0],
            size=self._disk[1],
        )

    def _sources(self) -> dict[str, Kafka | Connect | Postgres[Any]]:
        return {"kafka": self._kafka, "connect": self._connect, "source": self._source, "warehouse": self._warehouse}

    def _remember(self, now: float, stages: list[Stage], held: Slot | None) -> None:
        by_name = {stage.name: stage for stage in stages}
        bronze, silver = by_name["bronze"], by_name["silver"]
        lag = held.lag_bytes if held else None
        self.history.add(now, (bronze.behind, silver.behind, bronze.freshness_seconds, silver.freshness_seconds, lag))

    def _described(self, now: float, picture: Picture, stages: list[Stage], seconds: float) -> State:
        found = health.reasons(picture)
        level, sentence = health.verdict(found, picture)
        return {
            "form": FORM,
            "at": now,
            "look_seconds": round(seconds, 4),
            "interval_seconds": self._interval,
            "engine": self._engine,
            "health": {
                "level": level.name.lower(),
                "sentence": sentence,
                "reasons": [{**asdict(reason), "level": reason.level.name.lower()} for reason in found],
            },
            "sources": {name: {"up": source.up, "why": source.why} for name, source in self._sources().items()},
            "stages": [_stage(stage) for stage in stages],
            "capture": {"connector": self._connector, **(asdict(picture.slot) if picture.slot else _NO_SLOT)},
            "snapshot_running": picture.snapshot,
            "quarantine": [asdict(one) for one in picture.quarantine],
            "suspects": picture.suspects,
            "jobs": [_run(run, self._diary) for run in sorted(picture.last.values(), key=lambda one: -one.finished_at)],
            "runs": [_run(run) for run in self._diary.runs],
            "products": self._products.as_json(),
            "tables": self._lake.tables(),
            "disk": {"free_bytes": picture.free, "size_bytes": picture.size},
            "history": {"step_seconds": STEP, "fields": ["at", *FIELDS], "points": self.history.points(now)},
        }


_NO_SLOT = {"status": None, "active": None, "lag_bytes": None}
LEVELS = {level.name.lower(): int(level) for level in Level}


def _stage(stage: Stage) -> dict[str, Any]:
    age = stage.freshness_seconds
    return {**asdict(stage), "freshness_seconds": None if age is None else round(max(0.0, age), 1)}


def _run(run: Run, diary: Diary | None = None) -> dict[str, Any]:
    told = {**asdict(run), "fine": run.fine, "advice": run.advice, "command": run.command}
    if diary is not None:
        well = diary.last_success.get(run.job)
        told["succeeded_at"] = well.finished_at if well else None
    return told
