"""The edge to PostgreSQL says what to do, and never what was in the row."""

from __future__ import annotations

import pytest
from psycopg.conninfo import make_conninfo

from lake.kit.errors import Retry, Stop
from platform_app.db import Database
from tests.lib.people import sign_up
from tests.lib.stack import Stack


def run(database: Database, statement: bytes) -> None:
    with database.write("test") as conn:
        conn.execute(statement)


def write_in_a_read(database: Database) -> None:
    with database.read() as conn:
        conn.execute("DELETE FROM community.comments")


def test_a_refused_statement_does_not_quote_the_row(database: Database) -> None:
    with database.write("test") as conn:
        ann = sign_up(conn, "canary")
    copy = f"INSERT INTO identity.accounts SELECT * FROM identity.accounts WHERE id = '{ann.id}'"
    with pytest.raises(Stop, match="SQLSTATE 23505") as refusal:
        run(database, copy.encode())
    assert "canary" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_database_that_is_older_than_the_code_says_so(database: Database) -> None:
    with pytest.raises(Stop, match="python -m platform_app migrate"):
        run(database, b"SELECT * FROM community.polls")


def test_a_statement_that_takes_too_long_can_be_tried_again(database: Database) -> None:
    with pytest.raises(Retry, match="too busy"):
        run(database, b"SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(5)")


def test_a_server_that_is_away_can_be_tried_again(app_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform_app.db.WAIT", 0.3)
    with Database(make_conninfo(app_stack.url("app"), port=1)) as away, pytest.raises(Retry, match="make up"):
        run(away, b"SELECT 1")


def test_a_read_writes_nothing(database: Database) -> None:
    with pytest.raises(Stop, match="SQLSTATE 25006"):
        write_in_a_read(database)
