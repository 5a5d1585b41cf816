"""What must not be passed over in silence: each is a Stop that names the repair."""

from __future__ import annotations

import pytest

from ingestion.catch_up import open_landing
from ingestion.epochs import epoch_for
from ingestion.landing import Landing
from ingestion.resnapshot import resnapshot
from ingestion.topic import Topic
from lake.kit.errors import Stop
from lake.store import START, Busy, SecondWriter, lease
from lake.store.position import epoch_of
from tests.lib.stream import Stream, wait_until


def insert(stream: Stream, tag: str) -> None:
    stream.sql("INSERT INTO community.tags VALUES (%s, NULL, now())", tag)


def test_a_slot_that_was_advanced_is_a_stop_and_without_the_check_the_change_is_lost(stream: Stream) -> None:
    stream.streaming()
    insert(stream, "seen")
    stream.land_all()
    stream.stop_connector()
    insert(stream, "skipped")
    stream.sql("SELECT pg_replication_slot_advance('headwater', pg_current_wal_lsn())")
    with pytest.raises(Stop, match=r"advanced beyond.*resnapshot"):
        stream.connect()
    stream.worker.resume()
    stream.worker.await_state("RUNNING", 60)
    insert(stream, "later")
    stream.land_all()
    assert set(stream.current("tags")) == {"seen", "later"}, "Debezium itself goes on in silence"
    resnapshot(stream.settings, stream.store, [])
    assert set(stream.current("tags")) == {"seen", "skipped", "later"}


def test_an_offset_that_was_lost_is_a_stop(stream: Stream) -> None:
    stream.streaming()
    stream.worker.stop()
    stream.worker.forget_offset()
    with pytest.raises(Stop, match=r"Connect has no offset.*resnapshot"):
        stream.connect()


def test_a_topic_made_again_is_a_new_epoch_once_it_holds_a_snapshot(stream: Stream) -> None:
    stream.streaming()
    insert(stream, "first")
    stream.land_all()
    stream.stop_connector()
    stream.recreate_topic()
    insert(stream, "second")
    stream.worker.resume()
    with Topic(stream.settings.kafka) as topic:
        wait_until(lambda: topic.end() > 3)
    with pytest.raises(Stop, match=r"not the one bronze was fed from.*resnapshot"):
        stream.land()
    resnapshot(stream.settings, stream.store, [])
    assert set(stream.current("tags")) == {"first", "second"}
    (note,) = [row for row in stream.rows("n") if row["_position"] > 0 and epoch_of(row["_position"]) == 1]
    with Topic(stream.settings.kafka) as topic:
        assert epoch_for(stream.store, topic.identity()).number == 1 == epoch_of(note["_position"])


def test_offsets_that_the_topic_has_lost_are_a_stop(stream: Stream) -> None:
    stream.streaming()
    insert(stream, "kept")
    stream.land_all()
    insert(stream, "expired")
    with Topic(stream.settings.kafka) as topic:
        end = topic.end()
        wait_until(lambda: topic.end() > end)
        stream.delete_records(topic.end())
    with pytest.raises(Stop, match=r"holds no snapshot|changes between are gone"):
        stream.land()


def test_a_second_follower_does_not_start(stream: Stream) -> None:
    with lease(stream.lake, "land"):
        done = stream.command("land", "--follow", INGESTION_WAIT="1")
    assert (done.returncode, "Another process is running 'land'" in done.stderr) == (Busy.exit_code, True)


def test_a_second_copy_that_got_past_the_lease_loses_its_first_commit(stream: Stream) -> None:
    stream.streaming()
    with Topic(stream.settings.kafka) as one, Topic(stream.settings.kafka) as two:
        first, second = (open_landing(stream.settings, stream.store, topic) for topic in (one, two))
        insert(stream, "once")
        wait_until(lambda: one.end() > first.offset + 3)
        read_all(first)
        read_all(second)
        first.commit()
        with pytest.raises(SecondWriter, match="second copy"):
            second.commit()
    stream.land_all()
    assert len([row for row in stream.rows("c") if '"once"' in row["key"]]) == 1


def test_without_the_position_of_the_commit_the_second_copy_doubles_what_it_read(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.streaming()
    monkeypatch.setattr("lake.store.local.LocalStore._position", staticmethod(lambda *_: START))
    with Topic(stream.settings.kafka) as one, Topic(stream.settings.kafka) as two:
        first, second = (open_landing(stream.settings, stream.store, topic) for topic in (one, two))
        insert(stream, "once")
        wait_until(lambda: one.end() > first.offset + 3)
        read_all(first)
        read_all(second)
        first.commit()
        second.commit()
    assert len([row for row in stream.rows("c") if '"once"' in row["key"]]) == 2


def read_all(landing: Landing) -> None:
    while landing.poll(1_000, 300):
        pass


def test_one_shot_landing_waits_for_the_follower_that_runs(stream: Stream) -> None:
    stream.streaming()
    with stream.follower(), Topic(stream.settings.kafka) as topic:
        wait_until(lambda: is_held(stream))
        end = topic.end()
        insert(stream, "followed")
        wait_until(lambda: topic.end() >= end + 3)  # BEGIN, the row, END
        assert stream.land()["followed"]
        wait_until(lambda: "followed" in stream.current("tags"), 20)


def is_held(stream: Stream) -> bool:
    try:
        with lease(stream.lake, "land"):
            return False
    except Busy:
        return True
