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
from platform_app.db import Busy, Conn, Database
from platform_app.outbox import deliveries
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import Event
from platform_app.outbox.subscribers import RELAY

React = Callable[[Conn, Event], None]
Tidy = Callable[[Conn, int], int]  # removes at most so many rows of what is kept no longer, and says how many
MOST = 200  # deliveries that are looked up at once
PURGE_EVERY, LOOK_EVERY = 3600.0, 5.0  # seconds
CHUNK = deliveries.MOST_PURGED  # rows that are removed in one transaction
REACTED = "worker.reacted"  # the failpoint after a reaction, before its commit


class Worker:
    """Hands out what is due. `react` maps a subscriber to what it does, `tidy` a name to what is removed every hour.

    `relayed` is whether a relay runs: what waits for one that does not is removed with the rest, so that the outbox ends.
    """

    def __init__(
        self,
        database: Database,
        react: Mapping[str, React],
        meters: OutboxMeters,
        *,
        days: int = 90,
        tidy: Mapping[str, Tidy] | None = None,
        relayed: bool = True,
        failpoint: str = "",
    ) -> None:
        self._database, self._react, self._meters = database, react, meters
        self._failpoint = failpoint
        unheard: dict[str, Tidy] = {} if relayed else {"relay": lambda conn, most: deliveries.drop(conn, RELAY, most)}
        handled: dict[str, Tidy] = {"outbox": lambda conn, most: deliveries.purge(conn, days, most)}
        self._tidy = {**unheard, **handled, **(tidy or {})}
        self._purge_at = self._look_at = time.monotonic()

    def follow(self, every_seconds: float, stop: threading.Event) -> None:
        """Hand out what comes until `stop` is set. While PostgreSQL is away it waits: nothing is lost by that."""
        while not stop.is_set():
            try:
                handled = self.work_off(stop)
                self._look()
                self.tidy_up(stop)
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
        except Exception as error:
            if isinstance(error, Retry) and not isinstance(error, Busy):
                raise  # PostgreSQL is away: no reaction is to blame
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

    def tidy_up(self, stop: threading.Event) -> None:
        """Remove what is kept no longer, if it is an hour since that was done."""
        if time.monotonic() < self._purge_at:
            return
        self._purge_at = time.monotonic() + PURGE_EVERY
        with self._database.write("purge-answers") as conn:
            answers.purge(conn, utc_now())
        for name, tidy in self._tidy.items():
            try:
                get_log().info("tidied", what=name, rows=self._chunks(name, tidy, stop))
            except Busy:
                get_log().warning("not_tidied", what=name)  # in an hour again; the others do not wait for it

    def _chunks(self, name: str, tidy: Tidy, stop: threading.Event) -> int:
        """Remove chunk after chunk until one comes back short; returns how many rows went."""
        removed = 0
        while not stop.is_set():
            with self._database.write(f"tidy-{name}") as conn:
                chunk = tidy(conn, CHUNK)
            removed += chunk
            if chunk < CHUNK:
                break
        return removed
