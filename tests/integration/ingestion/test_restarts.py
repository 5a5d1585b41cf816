"""Connect stopped and killed while long, interleaved and bulk transactions run: bronze has each committed change once."""

from __future__ import annotations

import time

import pytest

from ingestion.audit import audit
from ingestion.suspects import unresolved
from tests.lib.stream import Stream
from tests.lib.writers import Writers


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_every_committed_change_is_in_bronze_exactly_once(running: Stream, writers: Writers, how: str) -> None:
    with running.follower() as follower, writers.writing():
        for _ in range(3):
            time.sleep(1.5)
            running.restart_connect(how)
        time.sleep(1)
        assert follower.poll() is None
    running.land_all()
    landed, committed = running.ledger(), writers.committed
    assert len(committed) > 1_000
    assert landed - committed == {}, "in bronze more often than committed"
    lost = committed - landed
    if lost:  # Debezium lost rows of a bulk statement: landing has noticed, and the audit repairs
        assert unresolved(running.store)
    audit(running.settings, running.store, ["accounts"])
    assert set(running.current("accounts")) == {str(i) for (i,) in running.sql("SELECT id FROM identity.accounts")}
