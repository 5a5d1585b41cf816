"""What the worker exports: see `lake.contracts.metrics.WORKER`."""

from __future__ import annotations

from lake.metrics import Meters
from platform_app.db import Conn
from platform_app.outbox import deliveries
from platform_app.outbox.subscribers import SUBSCRIBERS


class OutboxMeters:
    """Counts of deliveries. `meters` is what is served."""

    def __init__(self) -> None:
        self.meters = Meters("worker")
        self._handled = self.meters.counter("headwater_outbox_deliveries_total")
        self._waiting = self.meters.gauge("headwater_outbox_waiting")
        self._given_up = self.meters.gauge("headwater_outbox_given_up")

    def handled(self, subscriber: str, deliveries_: int = 1) -> None:
        self._handled.labels(subscriber, "handled").inc(deliveries_)

    def failed(self, subscriber: str) -> None:
        self._handled.labels(subscriber, "failed").inc()

    def look(self, conn: Conn) -> None:
        """Take stock of the queue."""
        found = {one.subscriber: one for one in deliveries.waiting(conn)}
        for subscriber in SUBSCRIBERS:
            one = found.get(subscriber)
            self._waiting.labels(subscriber).set(one.deliveries if one else 0)
            self._given_up.labels(subscriber).set(one.given_up if one else 0)
