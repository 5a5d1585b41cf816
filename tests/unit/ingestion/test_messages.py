from __future__ import annotations

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.messages import NOTHING, Begin, End, Refused, Row, Said, SnapshotAsked, SnapshotNotice, read
from lake.contracts.tables import TABLES
from lake.kit.errors import Stop
from tests.lib import envelopes
from tests.lib.changes import row
from tests.lib.envelopes import change

TAG = row("tags", name="fees", synonym_of=None)
POST = row("posts")


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_row_of_every_table_keeps_all_its_columns_in_the_contracts_order(table: object) -> None:
    name = table.name  # type: ignore[attr-defined]
    each = read(change(name, "c", lsn=5, after=dict(reversed(row(name).items()))))
    assert isinstance(each, Row)
    assert list(orjson.loads(each.after or "")) == [c.name for c in table.columns]  # type: ignore[attr-defined]
    assert list(orjson.loads(each.key)) == list(table.key)  # type: ignore[attr-defined]


def test_before_is_reduced_to_key_and_people() -> None:
    each = read(change("posts", "d", lsn=5, before=POST))
    assert isinstance(each, Row)
    assert orjson.loads(each.before or "") == {"id": POST["id"], "author_id": POST["author_id"]}
    assert (each.after, orjson.loads(each.key)) == (None, {"id": POST["id"]})


def test_a_message_older_than_the_contract_has_null_in_the_new_column() -> None:
    old = {name: value for name, value in TAG.items() if name != "synonym_of"}
    each = read(change("tags", "c", lsn=5, after=old))
    assert isinstance(each, Row)
    assert orjson.loads(each.after or "")["synonym_of"] is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\xff", "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b'{"hello": 1}', "is no kind of message"),
        (b'{"source": {}}', "has an unexpected form"),
        (b'{"source": null, "op": "c"}', "has an unexpected form"),
        (b'{"status": "BEGIN", "id": "x"}', "has an unexpected form"),
        (b'{"status": "ABORT", "id": "1:2"}', "is neither the begin nor the end"),
        (change("tags", "c", lsn=1, after=TAG | {"colour": "x"}), "does not declare: colour"),
        (change("tags", "d", lsn=1, before={"colour": "x"}), "does not declare: colour"),
        (change("tags", "c", lsn=1, after={"created_at": "x"}), "has no key"),
        (change("tags", "u", lsn=1), "has no image of the row"),
        (change("tags", "x", lsn=1, after=TAG), "an operation that is not"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(message: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(message)


NUMBERS = st.integers(-(2**63), 2**63)


@given(st.binary(max_size=200) | st.recursive(st.none() | NUMBERS | st.text(), st.lists).map(orjson.dumps))
def test_no_bytes_break_the_reader(value: bytes) -> None:
    with suppress(Refused):
        read(value)


@given(st.dictionaries(st.sampled_from(["source", "op", "after", "before", "status", "id"]), NUMBERS | st.text()))
def test_no_object_breaks_the_reader(said: dict[str, object]) -> None:
    with suppress(Refused):
        read(orjson.dumps(said))


def test_the_other_messages_are_told_apart() -> None:
    assert read(None) is NOTHING
    assert read(envelopes.HEARTBEAT) is NOTHING
    assert read(change("elsewhere", "c", lsn=1, after={"id": 1})) is NOTHING
    assert read(envelopes.begin(7)) == Begin(7)
    assert read(envelopes.end(7, tags=2, posts=1)) == End(7, {"tags": 2, "posts": 1})
    assert read(envelopes.said("headwater.correlation", "an id", tx=7)) == Said("headwater.correlation", "an id", 7)
    assert read(envelopes.signal()) == SnapshotAsked()
    assert read(envelopes.signal("log")) is NOTHING
    assert read(envelopes.notice("STARTED")) == SnapshotNotice("STARTED")
    assert read(envelopes.notice("TABLE_SCAN_COMPLETED", "tags", 3)) == SnapshotNotice(
        "TABLE_SCAN_COMPLETED", "tags", 3
    )
    failed = read(envelopes.notice("TABLE_SCAN_COMPLETED", "tags", 3, status="SQL_EXCEPTION"))
    assert isinstance(failed, SnapshotNotice)
    assert not failed.succeeded


def test_counts_of_tables_that_are_not_published_do_not_count() -> None:
    each = orjson.loads(envelopes.end(7, tags=2))
    each["data_collections"].append({"data_collection": "capture.signals", "event_count": 1})
    assert read(orjson.dumps(each)) == End(7, {"tags": 2})


def test_the_connectors_placeholder_is_a_stop_wherever_it_stands() -> None:
    mine = "__debezium_unavailable_value:secret"
    for before, after in ((None, POST | {"body": mine}), (POST | {"body": mine}, POST)):
        with pytest.raises(Stop, match="posts: the stream does not carry the value of body"):
            read(change("posts", "u", lsn=1, before=before, after=after), placeholder=mine)


def test_the_plain_placeholder_is_a_stop_only_where_the_row_before_is_missing() -> None:
    text = POST | {"body": "__debezium_unavailable_value"}
    with pytest.raises(Stop):
        read(change("posts", "u", lsn=1, after=text))
    for op, before in (("c", None), ("u", POST), ("r", None)):
        assert isinstance(read(change("posts", op, lsn=1, before=before, after=text)), Row)
