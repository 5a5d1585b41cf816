"""Messages go in, bronze rows come out; no server is needed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ingestion.assemble import Assembler, Batch
from ingestion.repeats import Repeats
from ingestion.sessions import Sessions
from ingestion.snapshots import Snapshots
from ingestion.transactions import Transactions
from lake.schema import BRONZE
from lake.store import Position
from tests.lib.changes import row
from tests.lib.envelopes import begin, change, end, insert, notice, said, signal


def assembler() -> Assembler:
    return Assembler(
        Repeats(lambda lsns: set()),
        Transactions(lambda tx_id: 0),
        Snapshots(),
        Sessions(),
        placeholder="__debezium_unavailable_value:x",
        on_new_stream=lambda at: None,
    )


def feed(one: Assembler, *messages: bytes | None, first: int = 0) -> Batch:
    return one.assemble([(Position(first + n), message) for n, message in enumerate(messages)])


def rows(batch: Batch) -> list[dict[str, Any]]:
    table = batch.rows.table()
    assert table.schema == BRONZE
    return list(table.to_pylist())


def brief(batch: Batch) -> list[tuple[int, str, str | None]]:
    return [(each["_position"], each["op"], each["table"]) for each in rows(batch)]


def read(name: str, lsn: int = 1) -> bytes:
    return change("tags", "r", lsn=lsn, after=row("tags", name=name), snapshot="true")


def test_a_transaction_lands_with_its_correlation_id() -> None:
    batch = feed(
        assembler(), begin(1), said("headwater.correlation", "c-1"), insert("tags", lsn=5), insert("posts", lsn=6),
        end(1, tags=1, posts=1), begin(2), insert("tags", lsn=7, tx=2, name="b"), end(2, tags=1),
    )  # fmt: skip
    assert brief(batch) == [(2, "c", "tags"), (3, "c", "posts"), (6, "c", "tags")]
    assert [each["correlation_id"] for each in rows(batch)] == ["c-1", "c-1", None]


def test_a_batch_that_ends_between_an_id_and_its_rows_leaves_the_id_behind() -> None:
    batch = feed(assembler(), begin(1), said("headwater.correlation", "c-1"))
    (note,) = rows(batch)
    assert (note["op"], note["tx_id"], note["correlation_id"]) == ("m", 1, "c-1")


def test_a_snapshot_has_a_barrier_for_each_table_also_for_an_empty_one() -> None:
    batch = feed(
        assembler(), notice("STARTED"), read("a"), notice("TABLE_SCAN_COMPLETED", "tags", 2),
        notice("TABLE_SCAN_COMPLETED", "posts", 0), read("b"), notice("COMPLETED"), first=10,
    )  # fmt: skip
    barriers = [
        (each["_position"], each["table"], orjson.loads(each["after"])) for each in rows(batch) if each["op"] == "b"
    ]
    assert barriers == [
        (15, "tags", {"kind": "snapshot", "hides": 10, "rows": 2}),
        (15, "posts", {"kind": "snapshot", "hides": 10, "rows": 0}),
    ]


def test_a_snapshot_that_lacks_rows_has_no_barrier_and_is_suspected() -> None:
    scanned = notice("TABLE_SCAN_COMPLETED", "tags", 2)
    batch = feed(assembler(), notice("STARTED"), read("a"), scanned, notice("COMPLETED"))
    assert "b" not in [op for _, op, _ in brief(batch)]
    assert batch.suspects[0].tables == ("tags",)


@pytest.mark.parametrize("after", [(begin(1),), (insert("tags", lsn=5),), (notice("ABORTED"),)])
def test_a_snapshot_that_is_left_counts_for_nothing(after: tuple[bytes, ...]) -> None:
    scanned = notice("TABLE_SCAN_COMPLETED", "tags", 1)
    batch = feed(assembler(), notice("STARTED"), read("a"), scanned, *after, notice("COMPLETED"))
    assert "b" not in [op for _, op, _ in brief(batch)]


def test_rows_of_two_snapshots_with_one_lsn_are_no_repeats() -> None:
    whole = (notice("STARTED"), read("a"), notice("TABLE_SCAN_COMPLETED", "tags", 1), notice("COMPLETED"))
    batch = feed(assembler(), *whole, signal(), *whole)
    assert [op for _, op, _ in brief(batch)].count("r") == 2
    assert [orjson.loads(e["after"])["hides"] for e in rows(batch) if e["op"] == "b"] == [0, 5]


def test_only_a_snapshot_that_nobody_asked_for_starts_a_new_stream() -> None:
    started: list[Position] = []
    one = assembler()
    one._on_new_stream = started.append
    feed(one, notice("STARTED"), notice("COMPLETED"), signal(), notice("STARTED"), notice("COMPLETED"))
    assert started == [0]


def test_a_truncation_says_what_it_hides() -> None:
    batch = feed(assembler(), change("tags", "t", lsn=5), first=3)
    (each,) = rows(batch)
    assert (each["op"], each["key"], orjson.loads(each["after"])) == ("t", None, {"kind": "truncate", "hides": 3})


def test_a_change_sent_twice_in_one_batch_lands_once() -> None:
    batch = feed(assembler(), begin(1), insert("tags", lsn=5), begin(1), insert("tags", lsn=5), end(1, tags=1))
    assert (len(brief(batch)), batch.repeats) == (1, 1)


def test_a_message_that_cannot_be_read_is_kept_and_the_others_land() -> None:
    batch = feed(assembler(), b"garbage", insert("tags", lsn=5))
    assert [(each.at, each.value) for each in batch.refusals] == [(0, b"garbage")]
    assert brief(batch) == [(1, "c", "tags")]


def test_a_marker_that_cannot_be_read_is_passed_over() -> None:
    batch = feed(assembler(), said("headwater.audit", "{"), said("headwater.audit", "[]"), said("elsewhere", "x"))
    assert rows(batch) == []


def opening(announcement: str) -> bytes:
    return said("headwater.audit", orjson.dumps({"kind": "opening", "id": announcement}).decode())


def beat(session: str) -> bytes:
    return said("headwater.session", session)


def alarms(batch: Batch) -> list[int]:
    return [at for at, op, _ in brief(batch) if op == "e"]


def test_a_session_that_nobody_announced_makes_every_table_suspect() -> None:
    batch = feed(assembler(), beat("1"), beat("1"), opening("a"), beat("2"), beat("2"), beat("3"), beat("3"))
    assert (alarms(batch), [each.tables for each in batch.suspects]) == ([5], [()])


def test_an_announcement_or_a_session_that_comes_again_changes_nothing() -> None:
    again = (beat("1"), opening("a"), beat("2"))
    assert alarms(feed(assembler(), *again, *again, beat("3"))) == [6]


def test_a_new_stream_begins_with_a_session_of_its_own() -> None:
    batch = feed(assembler(), beat("1"), notice("STARTED"), notice("COMPLETED"), beat("2"), beat("3"))
    assert alarms(batch) == [4]


def test_a_restart_of_landing_knows_the_sessions_that_landed() -> None:
    landed = [orjson.loads(each["after"]) for each in rows(feed(assembler(), beat("1"), opening("a")))]
    one = assembler()
    one.sessions.restore(landed)
    assert alarms(feed(one, beat("1"), opening("a"), beat("2"), beat("3"))) == [3]
