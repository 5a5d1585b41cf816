"""Hands events to their subscribers: the process `python -m platform_app work`.

A subscriber of this database reacts to one event in one transaction, which also ends the delivery: killed at any moment
it has reacted once or not at all. Several workers share the queue, no event is held by two.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from uuid import UUID

from lake.failpoint import reach
from lake.kit.clock import utc_now
from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app import answers
from platform_app.db import Conn, Database
from platform_app.outbox import deliveries
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import Event

React = Callable[[Conn, Event], None]
Tidy = Callable[[Conn], int]  # removes some of what is kept no longer, and says how many rows
MOST = 200  # deliveries that are looked up at once
PURGE_EVERY, LOOK_EVERY = 3600.0, 5.0  # seconds
REACTED = "worker.reacted"  # the failpoint after a reaction, before its commit


class Worker:
    """Hands out what is due. `react` maps a subscriber to what it does, `tidy` a name to what is removed every hour."""

    def __init__(
        self,
        database: Database,
        react: Mapping[str, React],
        meters: OutboxMeters,
        *,
        days: int = 90,
        tidy: Mapping[str, Tidy] | None = None,
        failpoint: str = "",
    ) -> None:
        self._database, self._react, self._meters = database, react, meters
        self._days, self._tidy, self._failpoint = days, tidy or {}, failpoint
        self._purge_at = self._look_at = time.monotonic()

    def follow(self, every_seconds: float, stop: threading.Event) -> None:
        """Hand out what comes until `stop` is set. While PostgreSQL is away it waits: nothing is lost by that."""
        while not stop.is_set():
            try:
                handled = self.work_off(stop)
                self._look()
                self._purge()
            except Retry:
                get_log().warning("worker_waits")
                handled = 0
            stop.wait(0.0 if handled else every_seconds)

    def work_off(self, stop: threading.Event | None = None) -> int:
        """Hand out everything that is due; returns how many deliveries were handled."""
        with self._database.read() as conn:
            busy = sorted(deliveries.subscribers_due(conn) & self._react.keys())
        return sum(self._serve(subscriber, stop or threading.Event()) for subscriber in busy)

    def _serve(self, subscriber: str, stop: threading.Event) -> int:
        handled = 0
        with self._database.read() as conn:
            found = deliveries.due(conn, subscriber, MOST)
        for event_id, correlation_id in found:
            if stop.is_set():
                break
            handled += self._deliver(subscriber, event_id, correlation_id)
        return handled

    def _deliver(self, subscriber: str, event_id: UUID, correlation_id: str) -> bool:
        try:
            with self._database.write(correlation_id) as conn:
                for event in deliveries.take(conn, subscriber, [event_id]):
                    self._react[subscriber](conn, event)
                    deliveries.done(conn, subscriber, [event])
                    reach(REACTED, self._failpoint)
        except Retry:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a reaction trips over, the others go on
            fault = type(error).__name__
            get_log().error("reaction_failed", subscriber=subscriber, event_id=str(event_id), fault=fault)
            with self._database.write(correlation_id) as conn:
                deliveries.failed(conn, subscriber, event_id, fault)
            self._meters.failed(subscriber)
            return False
        self._meters.handled(subscriber)
        return True

    def _look(self) -> None:
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            with self._database.read() as conn:
                self._meters.look(conn)

    def _purge(self) -> None:
        if time.monotonic() < self._purge_at:
            return
        self._purge_at = time.monotonic() + PURGE_EVERY
        with self._database.write("outbox-purge") as conn:
            removed = deliveries.purge(conn, self._days)
            answers.purge(conn, utc_now())
        get_log().info("outbox_purged", events=removed)
        for name, tidy in self._tidy.items():
            with self._database.write(f"tidy-{name}") as conn:
                removed = tidy(conn)
            get_log().info("tidied", what=name, rows=removed)
