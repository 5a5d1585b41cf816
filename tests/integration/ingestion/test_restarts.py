"""Connect stopped and killed while long, interleaved and bulk transactions run: bronze has each committed change once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from ingestion.repeats import Repeats
from tests.lib.stream import Stream, wait_until
from tests.lib.writers import Ledger, Writers


@dataclass
class Storm:
    """What was committed, and the stream it came through."""

    stream: Stream
    committed: Ledger

    def again(self, lake: Path) -> Stream:
        """The same topic, landed in another lake."""
        other = Stream(self.stream.stack, lake)
        other.land()
        return other


@pytest.fixture(scope="module")
def storm(running: Stream) -> Storm:
    """Five writers at once while Connect is killed, stopped and killed again, and landing is killed once."""
    writers = Writers(running.stack.url("postgres", "app"), seed=7)
    with writers.writing():
        with running.follower() as follower:
            time.sleep(1)
            running.restart_connect("kill")
            time.sleep(1)
            follower.kill()
        with running.follower() as follower:
            running.restart_connect("terminate")
            time.sleep(1)
            running.restart_connect("kill")
            time.sleep(1)
            assert follower.poll() is None
    running.land_all()
    return Storm(running, writers.committed)


def test_every_committed_change_is_in_bronze_exactly_once(storm: Storm) -> None:
    landed = storm.stream.ledger()
    assert len(storm.committed) > 1_000
    assert landed - storm.committed == {}, "in bronze, and not committed so often"
    assert storm.committed - landed == {}, "committed, and not in bronze"


def test_what_connect_sends_again_would_be_doubled_if_it_were_not_recognised(
    storm: Storm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Repeats, "landed_already", lambda *_: set())
    numbers = count()
    monkeypatch.setattr("ingestion.assemble.identity", lambda row: (row.lsn, row.table, str(next(numbers))))
    doubled = storm.again(tmp_path).ledger() - storm.committed
    assert doubled, "a kill -9 of Connect sends changes again"


def test_the_newest_row_of_each_key_is_the_one_postgresql_holds(storm: Storm) -> None:
    names = {key: row["display_name"] for key, row in storm.stream.current("accounts").items()}
    source = {str(key): name for key, name in storm.stream.sql("SELECT id, display_name FROM identity.accounts")}
    assert names == source


def test_a_restart_raises_no_false_alarm(storm: Storm) -> None:
    assert storm.stream.rows("e") == []


def test_the_follower_outlives_the_broker(running: Stream) -> None:
    tags = "INSERT INTO community.tags SELECT %s || i, NULL, now() FROM generate_series(1, 200) AS i"
    with running.follower() as follower:
        running.sql(tags, "before-")
        wait_until(lambda: len(running.current("tags")) == 200)
        running.stack.kill("kafka")
        running.sql(tags, "meanwhile-")
        running.stack.restart("kafka")
        running.sql(tags, "after-")
        wait_until(lambda: len(running.current("tags")) == 600, 120)
        assert follower.poll() is None
    assert max(running.ledger().values()) == 1
    assert running.rows("e") == []
