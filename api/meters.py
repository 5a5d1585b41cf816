"""What the shop counts beside its requests: see `lake.contracts.metrics.SHOP`."""

from __future__ import annotations

import asyncio

from api.db import Database
from api.metering.purchases import Bought
from api.problems import Problem
from lake.http_meters import HttpMeters
from lake.kit.errors import Retry
from lake.kit.log import get_log

LOOK = 15.0  # seconds between two looks at the inbox of Stripe's events
_WAITING = (
    "SELECT count(*) AS waiting, coalesce(extract(epoch FROM min(received_at)), 0)::float8 AS oldest"
    " FROM billing.stripe_events WHERE handled_at IS NULL"
)


class ShopMeters(HttpMeters):
    """The counts of the shop."""

    def __init__(self) -> None:
        super().__init__("shop")
        counter, gauge = self.meters.counter, self.meters.gauge
        self._purchases = counter("headwater_shop_purchases_total")
        self._micros = counter("headwater_shop_charged_micros_total")
        self._rows = counter("headwater_shop_charged_rows_total")
        self._refusals = counter("headwater_shop_refusals_total")
        self._waiting = gauge("headwater_shop_stripe_events_waiting")
        self._oldest = gauge("headwater_shop_stripe_oldest_waiting_timestamp_seconds")

    def bought(self, bought: Bought) -> None:
        """A slice was answered for money, now or before."""
        product = bought.purchase.product
        self._purchases.labels(product, bought.outcome).inc()
        if bought.outcome == "bought":
            self._micros.labels(product).inc(bought.price_now)
            self._rows.labels(product).inc(bought.purchase.charged_rows)

    def refused(self, problem: Problem) -> None:
        """A request was answered with a problem."""
        self._refusals.labels(problem.code, str(problem.status)).inc()

    async def watch_inbox(self, db: Database) -> None:
        """Look at the inbox of Stripe's events for ever; while the database is away the last count stands."""
        while True:
            try:
                if row := await db.one(_WAITING):
                    self._waiting.set(row["waiting"])
                    self._oldest.set(row["oldest"])
            except Retry:
                get_log().warning("inbox_not_seen")
            await asyncio.sleep(LOOK)
