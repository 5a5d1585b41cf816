"""All data about a person as a zip, what administrators look at, and that nothing of it stays of who leaves."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import structlog

from lake.contracts.tables import PRIVATE, TABLES
from lake.contracts.tables.personal import NOBODY, PEOPLE
from platform_app.db import Database
from platform_app.identity import access, audit, mfa, oauth, service, tokens, verification
from platform_app.identity.export import sources
from platform_app.leaving import leave
from platform_app.messaging.notify import notify
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.subscribers import NOTIFICATIONS
from platform_app.outbox.worker import Worker
from platform_app.sealing import Sealer
from tests.integration.platform_app.test_leaving import MINE, everything_of, mentions
from tests.lib.authenticator import turn_on
from tests.lib.front_door import PASSWORD, Caller, Door, key_beside, open_door
from tests.lib.people import NOON, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def unpacked(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def downloaded(member: Caller) -> dict[str, Any]:
    answer = member.call("GET", "/account/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    assert "attachment" in answer.headers["Content-Disposition"]
    return unpacked(answer.content)


def test_every_table_says_whom_it_names(app_stack: Stack) -> None:
    assert PRIVATE.keys() == PEOPLE.keys() | NOBODY.keys()
    assert not PEOPLE.keys() & NOBODY.keys()
    with psycopg.connect(app_stack.url("app_owner")) as conn:
        references = {
            (row[0], row[1])
            for row in conn.execute(
                "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c "
                "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) "
                "WHERE c.contype = 'f' AND c.confrelid = 'identity.accounts'::regclass"
            ).fetchall()
        }
    told = {(source.table, column) for source in sources() for column in (*source.own.columns, *source.own.others)}
    assert references - told == set(), "a column that refers to accounts is one by which people are found"


def test_the_zip_holds_what_names_the_person_and_says_what_it_is(door: Door, app_stack: Stack) -> None:
    ann, bob = door.member("ann", lake=True), door.member("bob")
    post = ann.made("/posts", {"title": "My pump", "body": "It hums."})
    theirs = bob.made("/posts", {"title": "Bob's secret plan", "body": "Mine."})
    ann.made(f"/posts/{theirs}/comments", {"body": "What is it?"})
    ann.call("PUT", f"/posts/{theirs}/vote", {"value": 1})
    ann.call("PUT", f"/people/{bob.handle}/follow")
    ann.call("POST", "/tokens", {"name": "script", "scopes": ["read"], "password": PASSWORD})
    _, codes = turn_on(app_stack, ann)
    found = downloaded(ann)
    assert [one["title"] for one in found["community.posts.json"]] == ["My pump"]
    assert found["community.posts.json"][0]["id"] == post
    assert found["identity.accounts.json"][0]["email"] == ann.email
    assert {name.removesuffix(".json") for name in found} >= {
        "about", "identity.accounts", "identity.consents", "identity.consent_events", "identity.sessions",
        "identity.factors", "identity.recovery_codes", "identity.tokens", "identity.mail_tokens", "community.posts",
        "community.comments", "community.votes", "community.follows", "kernel.outbox",
    }  # fmt: skip
    for name, file in found["about.json"]["files"].items():
        assert file["rows"] == len(found[name]), name
        assert file["about"]
    text = json.dumps(found)
    assert "Bob's secret plan" not in text
    assert bob.email not in text
    assert "csrf_token" not in text
    assert "argon2" not in text
    assert "_hash" not in text
    assert codes[0] not in text


def test_it_is_the_same_on_the_page_and_needs_a_session(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    answer = ann.client.get("/settings/account/export")
    assert unpacked(answer.content)["identity.accounts.json"][0]["handle"] == ann.handle
    assert door.visitor().client.get("/settings/account/export").headers["Location"].startswith("/login")
    assert door.visitor().call("GET", "/account/export").status_code == 401


def test_nobody_learns_from_their_data_what_is_anothers_business(
    door: Door, database: Database, app_stack: Stack
) -> None:
    ann, bob, keeper = door.member("ann"), door.member("bob"), door.member("keeper")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'moderator' WHERE handle = %s", (keeper.handle,))
        ids: dict[str, str] = dict(conn.execute("SELECT handle, id::text FROM identity.accounts").fetchall())
    post = ann.made("/posts", {"title": "How?", "body": "It hums."})
    bob.made(f"/posts/{post}/approaches", {"body": "Try again."})
    assert bob.call("PUT", f"/posts/{post}/vote", {"value": -1}).status_code == 204
    worker = Worker(database, {NOTIFICATIONS: notify}, OutboxMeters())
    while worker.work_off():
        pass
    bob.made("/reports", {"target_kind": "post", "target_id": post, "category": "spam", "text": "Pills!"})
    assert keeper.call("GET", f"/moderation/cases/post/{post}").status_code == 200
    with psycopg.connect(app_stack.url("app_owner")) as conn:
        conn.execute(
            "INSERT INTO suggestions.suggestions (account_id, kind, person_id, score, reason) "
            "VALUES (%s, 'person', %s, 0.5, 'same_problems')",
            (ids[ann.handle], ids[bob.handle]),
        )
    mine, theirs = downloaded(ann), downloaded(bob)
    assert "messaging.notifications.json" not in theirs, "who looked, and who was told at all, is theirs to know"
    assert "suggestions.suggestions.json" not in theirs
    assert len(mine["messaging.notifications.json"]) == 1
    assert len(mine["suggestions.suggestions.json"]) == 1
    assert "kernel.audit.json" not in mine, "a look at a case would say that somebody reported it"
    assert ids[keeper.handle] not in json.dumps(mine)
    assert ids[bob.handle] not in json.dumps(mine["kernel.outbox.json"]), "who voted it down"


def test_asking_again_and_again_is_slowed_down(door: Door) -> None:
    ann = door.member("ann")
    assert [ann.call("GET", "/account/export").status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.fixture(scope="module")
def boss(door: Door, app_stack: Stack) -> Caller:
    member = door.member("boss")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'admin' WHERE handle = %s", (member.handle,))
    return member


def test_a_look_of_an_administrator_is_written_down_and_the_person_learns_of_it(door: Door, boss: Caller) -> None:
    ann = door.member("ann")
    path = f"/admin/accounts/{ann.handle}/details"
    assert boss.call("POST", path, {"reason": " "}).json()["code"] == "invalid"
    seen = boss.call("POST", path, {"reason": "Ticket 42"}).json()
    assert (seen["email"], seen["second_factor"], seen["sessions"], seen["is_verified"]) == (ann.email, False, 1, False)
    first = boss.call("GET", "/admin/audit").json()[0]
    assert (first["actor"], first["action"], first["subject"], first["reason"]) == (
        boss.handle, "account.read", ann.handle, "Ticket 42",
    )  # fmt: skip
    (look,) = downloaded(ann)["kernel.audit.json"]
    assert look["reason"] == "Ticket 42"
    assert "actor_id" not in look


def test_nobody_else_looks_and_nothing_is_shown_without_being_written_down(
    door: Door, boss: Caller, app_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, eve = door.member("ann"), door.member("eve")
    path = f"/admin/accounts/{ann.handle}/details"
    assert eve.call("POST", path, {"reason": "I am curious"}).json()["code"] == "not_an_administrator"
    assert eve.call("GET", "/admin/audit").status_code == 403
    at_browser = door.browser_of(eve)
    at_browser.look("/admin/audit", 403)
    at_browser.look("/admin/accounts", 403)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(audit, "record", fail)
    with structlog.testing.capture_logs():
        answer = boss.call("POST", path, {"reason": "Ticket 43"})
    assert answer.status_code == 500
    assert ann.email not in answer.text


def test_the_pages_look_up_and_list(door: Door, boss: Caller) -> None:
    ann = door.member("ann")
    at_browser = door.browser_of(boss)
    form = f"/admin/accounts/{ann.handle}"
    assert at_browser.client.post(form, data={"reason": "x"}).status_code == 403
    missing = at_browser.send("/admin/accounts/nobody-here", reason="x")
    assert missing.status_code == 404
    unsaid = at_browser.send(form, reason="")
    assert "Reason must not be empty." in unsaid.text
    assert ann.email not in unsaid.text
    page = at_browser.send(form, reason="<i>Ticket</i>")
    assert ann.email in page.text
    log = at_browser.look("/admin/audit")
    assert ann.handle in log
    assert "&lt;i&gt;Ticket" in log


def test_nothing_of_who_leaves_stays_of_what_guards_an_account(
    door: Door, database: Database, app_stack: Stack
) -> None:
    sealer = Sealer(key_beside(door.outbox))
    with database.write("t") as conn:
        me, boss = everything_of(conn)["me"], sign_up(conn, "chief")
        access.set_password(conn, me, PASSWORD, NOON)
        mfa.begin(conn, sealer, me.id, NOON)
        mfa.renew_codes(conn, me.id)
        mfa.challenge(conn, me.id, "password", f"/{MINE}", NOON)
        verification.accept(conn, verification.ask(conn, me.id, NOON).token, NOON)
        verification.ask(conn, me.id, NOON, email=f"{MINE}@example.net")
        tokens.create(conn, me.id, name=MINE, scopes=["read"], days=7, now=NOON)
        arrival = oauth.Arrival("github", "https://github.com", MINE, MINE, MINE, None, False)
        oauth.link(conn, me.id, arrival, NOON)
        audit.record(conn, boss.id, "account.read", me.id, NOON, reason=MINE)
        audit.record(conn, me.id, "account.read", boss.id, NOON, reason="help")
    body = {"email": me.email, "password": PASSWORD}
    assert door.visitor().call("POST", "/session", body).status_code == 201
    assert door.visitor().call("POST", "/auth/token", body).status_code == 201
    door.app.state.sightings.write()
    tables = {
        table for table in mentions(app_stack, str(me.id))[str(me.id)] if table.startswith(("identity.", "kernel."))
    }
    assert {
        f"identity.{table}"
        for table in (
            "factors",
            "recovery_codes",
            "challenges",
            "verifications",
            "mail_tokens",
            "tokens",
            "grants",
            "links",
        )
    } <= tables
    with database.write("t") as conn:
        leave(conn, me.id, NOON)
    left = mentions(app_stack, str(me.id), MINE)
    assert left.keys() == {str(me.id)}
    assert set(left[str(me.id)]) <= {"identity.erasure_requests", "kernel.outbox"}, "that they left is still to be told"
    with database.read() as conn:
        assert [(one.actor, one.reason) for one in audit.latest(conn) if one.subject == boss.handle] == [
            ("[deleted]", "help")
        ]
        assert service.find_account(conn, boss.id)


def test_every_published_table_of_people_is_a_source() -> None:
    assert {table.full_name for table in TABLES if table.people} <= {source.table for source in sources()}
