"""What the write-ahead log tells the connector: the correlation id first, whole texts, and nothing private."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from platform_app.community import service as community
from platform_app.db import CORRELATION_PREFIX, Conn, Database
from platform_app.identity import service as identity
from tests.lib.people import NOON, sign_up
from tests.lib.stack import Stack

SLOT = "test_of_the_log"


@pytest.fixture
def capture(app_stack: Stack) -> Iterator[Conn]:
    """A connection as the connector's role with a slot of its own."""
    with psycopg.connect(app_stack.url("app_capture"), autocommit=True) as conn:
        conn.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (SLOT,))
        yield conn
        conn.execute("SELECT pg_drop_replication_slot(%s)", (SLOT,))


def changes(capture: Conn) -> list[bytes]:
    """The messages of the log since the last call, in the connector's protocol."""
    rows = capture.execute(
        "SELECT data FROM pg_logical_slot_get_binary_changes(%s, NULL, NULL, 'proto_version', '1', "
        "'publication_names', 'headwater', 'messages', 'true')",
        (SLOT,),
    ).fetchall()
    return [bytes(row[0]) for row in rows]


def kinds(messages: list[bytes]) -> str:
    return b"".join(message[:1] for message in messages).decode()


def test_the_correlation_id_comes_first_in_its_transaction(database: Database, capture: Conn) -> None:
    with database.write("request-7") as conn:
        sign_up(conn)
    messages = changes(capture)
    assert kinds(messages).startswith("BM")  # begin, message
    assert CORRELATION_PREFIX.encode() in messages[1]
    assert messages[1].endswith(b"request-7")
    assert kinds(messages).count("I") == 5  # the account and four decisions; history stays at home
    assert kinds(messages).endswith("C")


def fail_in_a_transaction(database: Database, correlation_id: str) -> None:
    with database.write(correlation_id) as conn:
        sign_up(conn)
        raise ZeroDivisionError


def test_a_rolled_back_transaction_leaves_no_message(database: Database, capture: Conn) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_in_a_transaction(database, "request-8")
    assert b"request-8" not in b"".join(changes(capture))


def test_a_long_text_that_was_not_changed_is_told_whole(database: Database, capture: Conn) -> None:
    long = " ".join(f"{number * 7919 % 100_003:x}" for number in range(4_000))
    with database.write("one") as conn:
        author = sign_up(conn)
        post_id = community.write_post(conn, author.id, title="Long", body=long, now=NOON)
    changes(capture)
    with database.write("two") as conn:
        community.delete_post(conn, author.id, post_id, NOON)
    assert long.encode() in b"".join(changes(capture))


def test_secrets_are_not_in_the_stream(database: Database, capture: Conn) -> None:
    with database.write("three") as conn:
        person = sign_up(conn)
        token = identity.issue_reset_token(conn, person.id, NOON)
        identity.claim_account(conn, token, password_hash="canary-hash", now=NOON)
    stream = b"".join(changes(capture))
    assert person.handle.encode() in stream
    assert b"canary-hash" not in stream
