"""What release counts, for `/metrics`: see `lake.contracts.metrics.RELEASE`. Each lane is a process with meters of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from anonymizer.spans import Masked
from lake.kit.clock import utc_now
from lake.metrics import Meters
from lake.store import START, Position
from lake.store.position import offset_of

if TYPE_CHECKING:
    from anonymizer.lane import Counts
    from anonymizer.rules.redact import Redactor

COUNTED = {"read": "changes", "written": "rows", "refused": "refused", "withheld": "withheld", "erased": "erased"}


class ReleaseMeters:
    """The counts of one lane. `meters` is what is served."""

    def __init__(self, lane: str) -> None:
        self.meters = Meters("release" if lane == "plain" else "release-text")
        counter, histogram = self.meters.counter, self.meters.histogram
        self._counted = {
            ours: counter(f"headwater_release_{theirs}_total").labels(lane) for ours, theirs in COUNTED.items()
        }
        self._texts = counter("headwater_release_texts_total").labels(lane)
        self._model_seconds = counter("headwater_release_model_seconds_total").labels(lane)
        self._batch = histogram("headwater_release_batch_seconds").labels(lane)
        self._delay = histogram("headwater_release_delay_seconds").labels(lane)
        self._offset = self.meters.gauge("headwater_release_offset").labels(lane)
        self._newest = self.meters.gauge("headwater_release_newest_commit_timestamp_seconds").labels(lane)

    def counted(self, before: Counts, after: Counts) -> None:
        """What a batch added to the lane's counts."""
        earlier = asdict(before)
        for name, count in asdict(after).items():
            self._counted[name].inc(count - earlier[name])

    def took(self, seconds: float) -> None:
        """How long a batch took from bronze to silver."""
        self._batch.observe(seconds)

    def rests(self, at: Position) -> None:
        """The lane's position, up to which silver has all that may pass."""
        if at != START:
            self._offset.set(offset_of(at) + 1)

    def caught_up(self, newest_at: datetime) -> None:
        """Silver has everything that bronze had; its newest row was committed in PostgreSQL then."""
        self._newest.set(newest_at.timestamp())
        self._delay.observe(max(0.0, (utc_now() - newest_at).total_seconds()))

    def timed(self, mask: Redactor) -> Redactor:
        """The same masking, counted."""

        def masked(texts: Sequence[str], /) -> Sequence[Masked | None]:
            began = time.monotonic()
            try:
                return mask(texts)
            finally:
                self._texts.inc(len(texts))
                self._model_seconds.inc(time.monotonic() - began)

        return masked
