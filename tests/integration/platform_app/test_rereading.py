"""A page whose connection to PostgreSQL breaks while it is read is read once more; a change never is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import structlog

from lake.kit.errors import Retry
from platform_app.community import reads, service
from platform_app.db import Broken, Conn, Database
from platform_app.web import errors
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.stack import Stack

Breaking = Callable[..., list[int]]


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def ann(door: Door) -> Caller:
    return door.member("ann")


def terminate(stack: Stack, pid: int) -> None:
    """End a connection from outside, as a restart of PostgreSQL or a failing network does."""
    with psycopg.connect(stack.url("postgres"), autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


@pytest.fixture
def breaking(app_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Breaking:
    """Let a function's connection be terminated the first so many times before it runs; the list grows with each call."""

    def replace(module: Any, name: str, times: int) -> list[int]:
        real, pids = getattr(module, name), []

        def broken(conn: Conn, *args: object, **named: object) -> object:
            pids.append(conn.info.backend_pid)
            if len(pids) <= times:
                terminate(app_stack, pids[-1])
            return real(conn, *args, **named)

        monkeypatch.setattr(module, name, broken)
        return pids

    return replace


@pytest.mark.parametrize("path", ["/?feed=newest", "/api/v1/posts"])
def test_nobody_notices_that_a_connection_broke(door: Door, ann: Caller, breaking: Breaking, path: str) -> None:
    ann.made("/posts", {"title": "A pump hums", "body": "b"})
    pids = breaking(reads, "newest_posts", 1)
    with structlog.testing.capture_logs() as logged:
        answer = door.visitor().client.get(path)
    assert (answer.status_code, "A pump hums" in answer.text) == (200, True)
    assert (len(pids), len(set(pids))) == (2, 2)
    assert [line["event"] for line in logged if line["log_level"] == "warning"] == ["read_again"]


def test_it_is_read_again_once(door: Door, breaking: Breaking) -> None:
    pids = breaking(reads, "newest_posts", 5)
    answer = door.visitor().client.get("/api/v1/posts")
    assert (answer.status_code, len(pids), answer.headers["Retry-After"]) == (503, 2, "5")


def test_a_change_is_never_made_again(ann: Caller, breaking: Breaking) -> None:
    pids = breaking(service, "write_post", 1)
    assert ann.call("POST", "/posts", {"title": "Only once", "body": "b"}).status_code == 503
    assert len(pids) == 1


def test_the_control_shows_what_visitors_saw(door: Door, breaking: Breaking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "mark", lambda _: None)
    pids = breaking(reads, "newest_posts", 1)
    assert (door.visitor().client.get("/api/v1/posts").status_code, len(pids)) == (503, 1)


def end_myself(database: Database, stack: Stack) -> None:
    with database.read() as conn:
        terminate(stack, conn.info.backend_pid)
        conn.execute("SELECT 1")


def take_too_long(database: Database, _: Stack) -> None:
    with database.read() as conn:
        conn.execute("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)")


@pytest.mark.parametrize(("what", "broken"), [(end_myself, True), (take_too_long, False)])
def test_a_refused_statement_is_no_broken_connection(
    database: Database, app_stack: Stack, what: Callable[..., None], broken: bool
) -> None:
    with pytest.raises(Retry) as refused:
        what(database, app_stack)
    assert isinstance(refused.value, Broken) is broken
