"""Idempotency-Key: what is sent twice is done once, and whoever asks again is answered the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
import structlog.testing
from fastapi import FastAPI

from lake.kit.clock import utc_now
from platform_app import answers
from platform_app.db import Database
from platform_app.web.once import Once
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.stack import Stack

POST = {"title": "How do I leave?", "body": "The door is shut."}


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture
def ann(door: Door) -> Caller:
    return door.member("ann")


def send(who: Caller, path: str, body: Any, key: str) -> httpx.Response:
    return who.call("POST", path, body, Idempotency_Key=key)


def posts(door: Door, who: Caller) -> int:
    return len(who.call("GET", f"/people/{who.handle}/posts").json()["items"])


def test_what_is_sent_twice_is_done_once(door: Door, ann: Caller) -> None:
    first, again = send(ann, "/posts", POST, "one"), send(ann, "/posts", POST, "one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert posts(door, ann) == 1
    assert send(ann, "/posts", POST, "two").json() != first.json()
    assert posts(door, ann) == 2


def test_a_file_is_refused_with_a_key_and_taken_without(ann: Caller) -> None:
    headers = {"Authorization": f"Bearer {ann.token}", "Idempotency-Key": "one"}
    file = {"file": ("notes.txt", b"Some notes.", "text/plain")}
    refused = ann.client.post("/api/v1/files", files=file, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "key_with_file")
    headers.pop("Idempotency-Key")
    assert ann.client.post("/api/v1/files", files=file, headers=headers).status_code == 201


def test_a_key_belongs_to_one_request(ann: Caller) -> None:
    send(ann, "/posts", POST, "one")
    for path, body in (("/posts", POST | {"title": "Another"}), ("/approaches", POST)):
        other = send(ann, path, body, "one")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_belongs_to_one_person(door: Door, ann: Caller) -> None:
    bob = door.member("bob")
    assert send(ann, "/posts", POST, "one").json() != send(bob, "/posts", POST, "one").json()


@pytest.mark.parametrize("key", ["", "é", "x" * 256, "a b"])
def test_what_is_no_key_is_refused(ann: Caller, key: str) -> None:
    headers = {"Authorization": f"Bearer {ann.token}", "Idempotency-Key": key.encode("utf-8")}
    answer = ann.client.post("/api/v1/posts", json=POST, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_refusal_keeps_nothing(door: Door, ann: Caller) -> None:
    assert send(ann, "/posts", POST | {"title": " "}, "one").status_code == 422
    assert send(ann, "/posts", POST, "one").status_code == 201
    assert posts(door, ann) == 1


def test_those_that_come_at_once_are_one(door: Door, ann: Caller) -> None:
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda _: send(ann, "/posts", POST, "one"), range(4)))
    assert {answer.status_code for answer in given} == {201}
    assert len({answer.json()["id"] for answer in given}) == 1
    assert posts(door, ann) == 1


def test_a_crash_before_the_answer_is_kept_leaves_nothing(
    door: Door, ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken, structlog.testing.capture_logs():
        broken.setattr(answers, "keep", crash)
        assert send(ann, "/posts", POST, "one").status_code == 500
    assert posts(door, ann) == 0
    assert send(ann, "/posts", POST, "one").status_code == 201
    assert posts(door, ann) == 1


def test_the_control_without_the_shared_transaction_a_crash_is_seen(
    door: Door, ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Once, "hold", lambda self, transaction, conn: transaction.close())
    assert send(ann, "/posts", POST, "one").status_code == 201
    with psycopg.connect(door.app.state.settings.database_url.get_secret_value()) as conn:
        row = conn.execute("SELECT count(*) FROM kernel.answers WHERE status IS NULL").fetchone()
    assert row == (1,), "the work is there and its answer is not"


def test_answers_are_sealed_and_forgotten_after_a_day(app_stack: Stack, database: Database, ann: Caller) -> None:
    made = send(ann, "/tokens", {"name": "t", "scopes": ["read"], "password": PASSWORD}, "one")
    assert made.status_code == 201
    secret = made.json()["token"]
    assert (
        send(ann, "/tokens", {"name": "t", "scopes": ["read"], "password": PASSWORD}, "one").json()["token"] == secret
    )
    with psycopg.connect(app_stack.url("app")) as conn:
        stored = conn.execute("SELECT answer FROM kernel.answers ORDER BY id DESC LIMIT 1").fetchone()
        assert stored
        assert secret.encode() not in stored[0]
    with database.write("t") as conn:
        assert answers.purge(conn, utc_now() + timedelta(hours=23)) == 0
        assert answers.purge(conn, utc_now() + timedelta(hours=25)) >= 1


def test_only_changes_that_create_take_keys(door: Door, ann: Caller) -> None:
    """A PUT or DELETE may be repeated anyway."""
    app: FastAPI = door.app
    assert "Idempotency-Key" in app.openapi()["info"]["description"]
    assert ann.call("PUT", "/consents/lake", {"granted": True}, Idempotency_Key="a b").status_code == 204
