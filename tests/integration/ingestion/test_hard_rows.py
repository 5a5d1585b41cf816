"""Changes that are easy to get wrong, each through PostgreSQL, Debezium and Kafka into bronze."""

from __future__ import annotations

from dataclasses import replace

import orjson
import psycopg
import pytest

from ingestion.messages import SHAPES
from ingestion.replay import replay
from ingestion.topic import Topic
from lake.kit.errors import Stop
from lake.kit.ids import new_id
from tests.lib.stream import Stream, wait_until
from tests.lib.writers import INSERT

LONG = "A long text that PostgreSQL stores out of line. " + "".join(f"{n:05}" for n in range(4_000))  # 20 kB


def account(stream: Stream) -> str:
    key = str(new_id())
    stream.sql(INSERT, key, f"h-{key}", "somebody")
    return key


def post(stream: Stream, body: str) -> tuple[str, str]:
    """A post's id and its author's."""
    key, author = str(new_id()), account(stream)
    stream.sql(
        "INSERT INTO community.posts (id, author_id, kind, title, body, language, status, created_at, updated_at)"
        " VALUES (%s, %s, 'problem', 'a title', %s, 'en', 'open', now(), now())",
        key, author, body,
    )  # fmt: skip
    return key, author


def changes(stream: Stream, table: str, key: str) -> list[tuple[str, dict[str, object] | None]]:
    stream.land_all()
    rows = [row for row in stream.rows("c", "u", "d") if row["table"] == table and key in row["key"]]
    return [(row["op"], orjson.loads(row["after"]) if row["after"] else None) for row in rows]


def test_a_long_text_is_whole_when_its_row_changes_elsewhere(running: Stream) -> None:
    key, _ = post(running, LONG)
    running.sql("UPDATE community.posts SET status = 'closed' WHERE id = %s", key)
    (_, first), (_, second) = changes(running, "posts", key)
    assert first
    assert second
    assert (second["body"], second["status"]) == (LONG, "closed")


def test_a_long_text_of_a_table_without_full_identity_is_a_stop(stream: Stream) -> None:
    stream.streaming()
    key, _ = post(stream, LONG)
    stream.land_all()
    stream.sql("ALTER TABLE community.posts REPLICA IDENTITY DEFAULT")
    try:
        stream.sql("UPDATE community.posts SET status = 'closed' WHERE id = %s", key)
        with pytest.raises(Stop, match=r"posts: the stream does not carry the value of body.*FULL"):
            stream.land_all()
    finally:
        stream.sql("ALTER TABLE community.posts REPLICA IDENTITY FULL")


def test_a_person_may_write_the_connectors_placeholder_into_a_post(stream: Stream) -> None:
    stream.streaming()
    key, _ = post(stream, "__debezium_unavailable_value")
    stream.sql("UPDATE community.posts SET body = 'x' WHERE id = %s", key)
    stream.sql("UPDATE community.posts SET body = '__debezium_unavailable_value' WHERE id = %s", key)
    assert len(changes(stream, "posts", key)) == 3


def test_before_holds_key_and_people_only(stream: Stream) -> None:
    stream.streaming()
    key, author = post(stream, "a text")
    stream.sql("DELETE FROM community.posts WHERE id = %s", key)
    stream.land_all()
    (row,) = [row for row in stream.rows("d") if row["table"] == "posts"]
    assert orjson.loads(row["before"]) == {"id": key, "author_id": author}
    assert (row["after"], orjson.loads(row["key"])) == (None, {"id": key})


def test_a_truncated_table_has_no_current_row_and_what_comes_after_has(stream: Stream) -> None:
    stream.sql("INSERT INTO community.tags VALUES ('old', NULL, now())")
    stream.streaming()
    stream.sql("INSERT INTO community.tags VALUES ('middle', NULL, now())")
    with psycopg.connect(stream.stack.url("postgres", "app")) as connection:
        connection.execute("TRUNCATE community.tags CASCADE")
        connection.execute("INSERT INTO community.tags VALUES ('new', NULL, now())")
    stream.land_all()
    assert set(stream.current("tags")) == {"new"}
    truncated = {row["table"]: row for row in stream.rows("t")}
    assert {"tags", "taggings", "tag_follows"} <= truncated.keys(), "also the tables that refer to it"
    assert orjson.loads(truncated["tags"]["after"])["hides"] == truncated["tags"]["_position"]


def test_a_changed_primary_key_is_a_delete_and_an_insert(stream: Stream) -> None:
    stream.streaming()
    stream.sql("INSERT INTO community.tags VALUES ('before', NULL, now())")
    stream.sql("UPDATE community.tags SET name = 'after' WHERE name = 'before'")
    stream.land_all()
    ops = [(row["op"], orjson.loads(row["key"])["name"]) for row in stream.rows("c", "u", "d")]
    assert ops == [("c", "before"), ("d", "before"), ("c", "after")]
    assert set(stream.current("tags")) == {"after"}
    assert stream.rows("e") == [], "both count for the transaction"


def test_a_row_deleted_and_inserted_again_is_current_once(stream: Stream) -> None:
    stream.streaming()
    with psycopg.connect(stream.stack.url("postgres", "app"), autocommit=True) as connection, connection.transaction():
        for _ in range(3):
            connection.execute("INSERT INTO community.tags VALUES ('again', NULL, now())")
            connection.execute("DELETE FROM community.tags WHERE name = 'again'")
        connection.execute("INSERT INTO community.tags VALUES ('again', NULL, now())")
    stream.land_all()
    assert [row["op"] for row in stream.rows("c", "d")] == ["c", "d", "c", "d", "c", "d", "c"]
    assert set(stream.current("tags")) == {"again"}


def test_the_correlation_id_is_on_every_row_of_its_transaction_and_on_no_other(stream: Stream) -> None:
    stream.streaming()
    with psycopg.connect(stream.stack.url("postgres", "app"), autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT pg_logical_emit_message(true, 'headwater.correlation', 'request-1')")
            connection.execute("INSERT INTO community.tags VALUES ('one', NULL, now()), ('two', NULL, now())")
        connection.execute("INSERT INTO community.tags VALUES ('three', NULL, now())")
    stream.land_all()
    ids = {orjson.loads(row["key"])["name"]: row["correlation_id"] for row in stream.rows("c")}
    assert ids == {"one": "request-1", "two": "request-1", "three": None}


def test_the_correlation_id_survives_a_restart_between_it_and_its_rows(stream: Stream) -> None:
    stream.streaming()
    with psycopg.connect(stream.stack.url("postgres", "app")) as connection:
        connection.execute("SELECT pg_logical_emit_message(true, 'headwater.correlation', 'request-2')")
        connection.execute("INSERT INTO community.tags VALUES ('split', NULL, now())")
    with Topic(stream.settings.kafka) as topic:
        wait_until(lambda: stream.land_one_by_one(topic) and stream.rows("c"))
        stream.land_one_by_one(topic)
    (row,) = stream.rows("c")
    assert row["correlation_id"] == "request-2"
    assert stream.rows("e") == [], "a transaction in several commits is counted over all of them"


def test_an_unknown_column_goes_to_quarantine_and_is_landed_at_its_place_after_the_fix(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.streaming()
    stream.sql("ALTER TABLE community.tags ADD COLUMN colour text")
    try:
        stream.sql("INSERT INTO community.tags VALUES ('red', NULL, now(), 'red')")
        stream.sql("INSERT INTO community.tags VALUES ('blue', NULL, now(), NULL)")
        stream.land_all()
        assert [row["reason"] for row in stream.quarantined()] == [
            "has columns that the contract does not declare: colour"
        ] * 2
        assert stream.rows("e") == [], "a refused message is not a lost one"
        where = sorted(row["_position"] for row in stream.quarantined())
        widen_contract(monkeypatch)
        assert replay(stream.settings, stream.store) | {"seconds": 0} == {"in": 2, "out": 2, "refused": 0, "seconds": 0}
    finally:
        stream.sql("ALTER TABLE community.tags DROP COLUMN colour")
    assert sorted(row["_position"] for row in stream.rows("c")) == where
    assert set(stream.current("tags")) == {"red", "blue"}
    assert stream.quarantined() == []
    (note,) = [n for n in map(orjson.loads, (row["after"] for row in stream.rows("m"))) if n["kind"] == "replay"]
    assert note["positions"] == where


def widen_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a declaration of the new column."""
    shape = SHAPES["community.tags"]
    wider = replace(shape, columns=(*shape.columns, "colour"), known=shape.known | {"colour"})
    monkeypatch.setitem(SHAPES, "community.tags", wider)


def test_garbage_is_kept_with_its_offset_and_stays_in_quarantine_after_a_replay(stream: Stream) -> None:
    stream.streaming()
    stream.produce(b"\xff not json", b'{"source": {}}', b'{"hello": 1}')
    stream.sql("INSERT INTO community.tags VALUES ('behind', NULL, now())")
    stream.land_all()
    kept = stream.quarantined()
    assert [bytes(row["message"]) for row in kept] == [b"\xff not json", b'{"source": {}}', b'{"hello": 1}']
    assert [row["offset"] for row in kept] == [row["_position"] for row in kept]
    assert set(stream.current("tags")) == {"behind"}
    said = replay(stream.settings, stream.store)
    assert (said["in"], said["out"], said["refused"]) == (3, 0, 3)
    assert len(stream.quarantined()) == 3
