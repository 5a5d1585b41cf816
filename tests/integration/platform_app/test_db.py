"""The edge to PostgreSQL says what to do, and never what was in the row."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

import pytest
from psycopg.conninfo import make_conninfo

from lake.kit.errors import Retry, Stop
from platform_app.db import Database
from platform_app.errors import Overtaken
from tests.lib.people import post_by, sign_up
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
    wrong = f"UPDATE identity.accounts SET status = handle WHERE id = '{ann.id}'"
    with pytest.raises(Stop, match="SQLSTATE 23514") as refusal:
        run(database, wrong.encode())
    assert "canary" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO identity.accounts SELECT * FROM identity.accounts WHERE id = '{id}'",
        "UPDATE community.posts SET author_id = gen_random_uuid() WHERE author_id = '{id}'",
    ],
    ids=["done meanwhile", "removed meanwhile"],
)
def test_whoever_is_overtaken_learns_that_and_no_row(database: Database, statement: str) -> None:
    with database.write("test") as conn:
        ann = sign_up(conn, "canary")
        post_by(conn, ann)
    with pytest.raises(Overtaken) as refusal:
        run(database, statement.format(id=ann.id).encode())
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


def ask_four_at_once(database: Database) -> list[object]:
    """Four transactions side by side, so that the pool holds four connections; what each saw, or why it was refused."""
    together = Barrier(4)

    def ask(number: int) -> object:
        try:
            with database.write("test") if number % 2 else database.read() as conn:
                together.wait(timeout=20)
                return conn.execute("SELECT 1").fetchone()
        except (Retry, BrokenBarrierError) as error:
            together.abort()
            return error

    with ThreadPoolExecutor(4) as people:
        return list(people.map(ask, range(4)))


@pytest.mark.parametrize("guarded", [True, False], ids=["as it is", "the control"])
def test_nobody_notices_that_postgresql_was_restarted(
    new_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Connections that lie in the pool are dead then; they are passed over before anything is done on them."""
    stack = new_stack("postgres")
    with Database(stack.url("app"), size=4) as database:
        assert ask_four_at_once(database) == [(1,)] * 4
        stack.restart("postgres")
        if not guarded:
            monkeypatch.setattr(database, "_size", 0)
        seen = ask_four_at_once(database)
        assert (seen == [(1,)] * 4) is guarded


def test_a_read_writes_nothing(database: Database) -> None:
    with pytest.raises(Stop, match="SQLSTATE 25006"):
        write_in_a_read(database)
