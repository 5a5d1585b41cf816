"""Debezium goes on after a stop: from a place that Headwater gave it, and from one that it searched for itself."""

from __future__ import annotations

from typing import Any

import orjson
import psycopg
import pytest

from ingestion import land
from ingestion.suspects import unresolved
from ingestion.worker import Worker
from lake.contracts.names import SLOT
from lake.contracts.tables import BY_NAME
from lake.kit.ids import new_id
from tests.lib.stream import Stream, wait_until
from tests.lib.writers import INSERT


def stop_where_two_transactions_meet(stream: Stream) -> set[str]:
    """Stop the connector behind a commit, while another transaction is open whose next change lies at the very place in
    the log where that commit ended; returns the names in the open one, which is committed meanwhile."""
    url, names = stream.stack.url("postgres", "app"), ("before", "beside", "behind")
    with psycopg.connect(url) as long, psycopg.connect(url) as short:
        write(long, names[0])
        key = write(short, "short")
        short.commit()
        write(long, names[1])
        wait_until(lambda: stream.land() and stream.ledger()[("accounts", "c", key, "short")])
        stream.stop_connector()
        write(long, names[2])
        long.commit()
    return set(names)


def write(connection: psycopg.Connection[Any], name: str) -> str:
    key = str(new_id())
    connection.execute(INSERT, (key, f"h-{key}", name))
    return key


def named(stream: Stream) -> set[str]:
    return {name for _, _, _, name in stream.ledger()}


def test_a_change_at_the_place_where_another_transaction_ended_is_not_taken_for_sent(stream: Stream) -> None:
    stream.streaming()
    wait_until(lambda: stream.land() and sessions(stream))
    names = stop_where_two_transactions_meet(stream)
    stream.connect()
    stream.land_all()
    assert names <= named(stream)
    assert max(stream.ledger().values()) == 1
    wait_until(lambda: stream.land() and len(sessions(stream)) == 2)
    assert stream.rows("e") == []


def test_left_to_itself_debezium_drops_it_and_landing_notices(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where Connect restarts the connector by itself: what is lost is found, and read anew."""
    stream.streaming()
    wait_until(lambda: stream.land() and sessions(stream))
    monkeypatch.setattr(Worker, "move", lambda *_: None)
    names = stop_where_two_transactions_meet(stream)
    stream.worker.resume()
    stream.land_all()
    assert names - named(stream) == {"before", "beside"}
    wait_until(lambda: stream.land() and len(sessions(stream)) == 2)
    assert set(unresolved(stream.store)) == set(BY_NAME)
    assert land.once(stream.settings, stream.store)["repaired"] is True
    assert names <= {row["display_name"] for row in stream.current("accounts").values()}
    assert unresolved(stream.store) == {}


def test_a_connection_that_connect_opens_again_by_itself_is_noticed(stream: Stream) -> None:
    stream.streaming()
    wait_until(lambda: stream.land() and sessions(stream))
    stream.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", SLOT)
    wait_until(lambda: stream.land() and len(sessions(stream)) == 2, 90)
    assert set(unresolved(stream.store)) == set(BY_NAME)
    assert land.once(stream.settings, stream.store)["audited"] == len(BY_NAME)
    assert unresolved(stream.store) == {}


def sessions(stream: Stream) -> list[str]:
    notes = (orjson.loads(row["after"]) for row in stream.rows("m"))
    return [about["id"] for about in notes if about["kind"] == "session"]
