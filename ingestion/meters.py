"""What landing counts, for `/metrics`: see `lake.contracts.metrics.LAND`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lake.kit.clock import utc_now
from lake.metrics import Meters

if TYPE_CHECKING:
    from ingestion.assemble import Batch


class LandMeters:
    """The counts of one landing. `meters` is what is served."""

    def __init__(self) -> None:
        self.meters = Meters("land")
        counter, gauge = self.meters.counter, self.meters.gauge
        self._messages = counter("headwater_land_messages_total")
        self._rows = counter("headwater_land_rows_total")
        self._refused = counter("headwater_land_refused_total")
        self._repeats = counter("headwater_land_repeats_total")
        self._suspects = counter("headwater_land_suspects_total")
        self._commit = self.meters.histogram("headwater_land_commit_seconds")
        self._delay = self.meters.histogram("headwater_land_delay_seconds")
        self._offset = gauge("headwater_land_offset")
        self._behind = gauge("headwater_land_behind_messages")
        self._newest_us = 0
        self._newest = gauge("headwater_land_newest_commit_timestamp_seconds")

    def watch(self, offset: int, behind: Callable[[], float]) -> None:
        """Where landing begins, and how to learn how much is behind it whenever somebody asks."""
        self._offset.set(offset)
        self._behind.set_function(behind)

    def committed(self, batch: Batch, messages: int, offset: int, seconds: float) -> None:
        """A commit to bronze of a batch that came from so many messages, up to an offset."""
        newest_us = batch.rows.newest_commit()
        self._messages.inc(messages)
        self._rows.inc(batch.changes)
        self._refused.inc(len(batch.refusals))
        self._repeats.inc(batch.repeats)
        self._suspects.inc(len(batch.suspects))
        self._commit.observe(seconds)
        self._offset.set(offset)
        if newest_us is not None:
            self._newest_us = max(self._newest_us, newest_us)  # a replay lands older rows
            self._newest.set(self._newest_us / 1e6)
            self._delay.observe(max(0.0, utc_now().timestamp() - newest_us / 1e6))
