"""Notifications through the front door: pages, the JSON API, and the stream that two processes of the site serve."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from lake.contracts.tables.messaging import KINDS as CONTRACT_KINDS
from lake.kit.clock import utc_now
from platform_app.db import Database
from platform_app.identity import service as identity
from platform_app.messaging import service
from platform_app.messaging.notify import notify
from platform_app.messaging.schemas import DEFAULTS
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.subscribers import NOTIFICATIONS
from platform_app.outbox.worker import Worker
from platform_app.web.pages.notifications import KINDS
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def doors(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, Door]]:
    """Two processes of the site (here: two servers) on one database."""
    folder = tmp_path_factory.mktemp("outbox")
    with open_door(app_stack.url("app"), folder) as one, open_door(app_stack.url("app"), folder) as other:
        yield one, other


@pytest.fixture
def door(doors: tuple[Door, Door]) -> Door:
    return doors[0]


def hear(database: Database) -> None:
    """The worker hands out what waits."""
    worker = Worker(database, {NOTIFICATIONS: notify}, OutboxMeters())
    while worker.work_off():
        pass


def problem_of(member: Caller) -> str:
    return member.made("/posts", {"title": "How?", "body": "It does not work."})


def answered(database: Database, author: Caller, by: Caller) -> str:
    problem = problem_of(author)
    by.made(f"/posts/{problem}/approaches", {"body": "Try again."})
    hear(database)
    return problem


def test_a_program_reads_marks_and_chooses(door: Door, database: Database) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    problem = answered(database, ann, bob)
    found = ann.call("GET", "/notifications").json()
    assert found["unread"] == 1
    (one,) = found["items"]
    assert (one["kind"], one["times"], one["actor_handle"], one["link"], one["text"], one["read_at"]) == (
        "answered", 1, bob.handle, f"/posts/{problem}", "Bob answered your problem “How?”", None
    )  # fmt: skip
    assert ann.call("PUT", f"/notifications/{one['id']}/read").status_code == 204
    assert ann.call("GET", "/notifications").json()["unread"] == 0
    assert bob.call("PUT", f"/notifications/{one['id']}/read").status_code == 404
    assert ann.call("PUT", "/notifications/preferences/answered", {"channel": "none"}).status_code == 204
    assert ann.call("GET", "/notifications/preferences").json()["answered"] == "none"
    assert ann.call("PUT", "/notifications/preferences/answered", {"channel": "pigeon"}).status_code == 422
    assert ann.call("PUT", "/notifications/preferences/rain", {"channel": "app"}).status_code == 422
    answered(database, ann, bob)
    assert ann.call("GET", "/notifications").json()["unread"] == 0


def test_a_list_is_paged_to_its_end(door: Door, database: Database) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    for _ in range(5):
        answered(database, ann, bob)
    seen: list[str] = []
    before = ""
    while True:
        page = ann.call("GET", f"/notifications?limit=2{before}").json()
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        before = f"&before={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 5


def test_pages_show_the_number_and_lead_to_what_happened(door: Door, database: Database) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    browser = door.browser_of(ann)
    assert 'aria-hidden="true" hidden></span>' in browser.look("/")
    problem = answered(database, ann, bob)
    assert "Notifications, 1 unread" in browser.look("/")
    assert "answered your problem" in browser.look("/notifications")
    one = ann.call("GET", "/notifications").json()["items"][0]["id"]
    opened = browser.send("/notifications", f"/notifications/{one}/open")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/posts/{problem}")
    assert "unread" not in browser.look("/")
    answered(database, ann, bob)
    assert browser.send("/notifications", "/notifications/read").status_code == 303
    assert "unread" not in browser.look("/")


def test_the_form_of_preferences_keeps_what_is_chosen(door: Door) -> None:
    ann = door.member("ann")
    browser = door.browser_of(ann)
    assert "agreed to mail" in browser.look("/settings/notifications")
    offered = set(re.findall(r'<select id="kind-\w+" name="(\w+)"', browser.look("/settings/notifications")))
    assert offered == DEFAULTS.keys(), "what can be told by mail can be told otherwise, or not at all"
    assert browser.send("/settings/notifications", voted="none", answered="digest").status_code == 303
    kept = ann.call("GET", "/notifications/preferences").json()
    assert (kept["voted"], kept["answered"], kept["followed"]) == ("none", "digest", "app")
    assert browser.send("/settings/notifications", voted="pigeon").status_code == 422


def stream(door: Door, who: Caller | None, after: str = "", **headers: str) -> ClientConnection:
    if who is not None and who.token:
        headers["Authorization"] = f"Bearer {who.token}"
    query = f"?after={after.replace('+', '%2B')}" if after else ""
    url = door.url.replace("http", "ws") + f"/api/v1/notifications/stream{query}"
    return connect(url, additional_headers=headers, proxy=None)


def receive(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(timeout=20))
    return found


def test_an_open_page_hears_at_once_in_every_process(doors: tuple[Door, Door], database: Database) -> None:
    ann, bob = doors[0].member("ann"), doors[0].member("bob")
    with stream(doors[0], ann) as here, stream(doors[1], ann) as there:
        assert [receive(one)["unread"] for one in (here, there)] == [0, 0]
        answered(database, ann, bob)
        for one in (here, there):
            message = receive(one)
            assert (message["unread"], [item["kind"] for item in message["items"]]) == (1, ["answered"])


def test_whoever_was_away_gets_what_they_missed_once_from_their_cursor(door: Door, database: Database) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    answered(database, ann, bob)
    with stream(door, ann) as socket:
        first = receive(socket)
    assert (first["unread"], first["items"]) == (1, [])
    missed = [answered(database, ann, bob) for _ in range(3)]
    with stream(door, ann, first["cursor"]) as socket:
        message = receive(socket)
    assert [item["post_id"] for item in message["items"]] == missed
    assert message["unread"] == 4
    with stream(door, ann, message["cursor"]) as socket:
        assert receive(socket)["items"] == []


def around_now() -> dict[str, Any]:
    """Quiet hours that hold now and for an hour at least."""
    hour = utc_now().hour
    return {"starts": hour, "ends": (hour + 2) % 24, "timezone": "UTC"}


def test_in_quiet_hours_nothing_appears_and_everything_is_there_afterwards(door: Door, database: Database) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    with stream(door, ann) as socket:
        assert receive(socket)["unread"] == 0
        assert ann.call("PUT", "/notifications/quiet-hours", around_now()).status_code == 204
        answered(database, ann, bob)
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)
        assert ann.call("GET", "/notifications").json()["unread"] == 1  # whoever looks sees it
        assert ann.call("DELETE", "/notifications/quiet-hours").status_code == 204
        answered(database, ann, bob)
        message = receive(socket)
        assert (message["unread"], len(message["items"])) == (2, 2)


def test_quiet_hours_are_chosen_by_programs_and_forms(door: Door) -> None:
    ann = door.member("ann")
    assert ann.call("GET", "/notifications/quiet-hours").json() is None
    wanted = {"starts": 22, "ends": 7, "timezone": "Europe/Lisbon"}
    assert ann.call("PUT", "/notifications/quiet-hours", wanted).status_code == 204
    assert ann.call("GET", "/notifications/quiet-hours").json() == wanted
    for wrong in ({"ends": 22}, {"timezone": "Nowhere/Town"}, {"timezone": "../etc"}, {"starts": 24}):
        assert ann.call("PUT", "/notifications/quiet-hours", wanted | wrong).status_code == 422, wrong
    browser, page = door.browser_of(ann), "/settings/notifications"
    assert "from 22:00 to 7:00, Europe/Lisbon" in browser.look(page)
    refused = browser.send(page, f"{page}/quiet", starts=1, ends=2, timezone="Nowhere")
    assert refused.status_code == 422
    assert "There is no such time zone" in refused.text
    assert browser.send(page, f"{page}/quiet", starts=1, ends=2, timezone="UTC").status_code == 303
    assert ann.call("GET", "/notifications/quiet-hours").json() == {"starts": 1, "ends": 2, "timezone": "UTC"}
    assert browser.send(page, f"{page}/quiet", off="1").status_code == 303
    assert ann.call("GET", "/notifications/quiet-hours").json() is None


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_another_sites_page_hears_nothing(door: Door, origin: str) -> None:
    ann = door.member("ann")
    browser = door.browser_of(ann)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    with stream(door, None, Cookie=cookie, Origin=door.url) as own:
        assert receive(own)["unread"] == 0
    with stream(door, None, Cookie=cookie, Origin=origin) as foreign, pytest.raises(ConnectionClosed) as closed:
        foreign.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_stream_ends_with_its_session(door: Door, database: Database) -> None:
    ann = door.member("ann")
    with stream(door, ann) as socket:
        receive(socket)
        assert ann.call("DELETE", "/session").status_code == 204
        with database.write("wake") as conn:
            who = conn.execute("SELECT id FROM identity.accounts WHERE handle = %s", (ann.handle,)).fetchone()
            assert who
            conn.execute("SELECT pg_notify('notifications', %s)", (str(who[0]),))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_nobody_hears_without_a_session(door: Door) -> None:
    with stream(door, None) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_every_kind_can_be_switched_off_on_the_page(door: Door) -> None:
    assert tuple(sorted(KINDS)) == tuple(sorted(CONTRACT_KINDS))
    ann = door.browser_of(door.member("ann"))
    page = ann.look("/settings/notifications")
    for kind in CONTRACT_KINDS:
        assert f'name="{kind}"' in page
    nowhere: dict[str, Any] = dict.fromkeys(CONTRACT_KINDS, "none")
    answer = ann.send("/settings/notifications", **nowhere)
    assert answer.status_code in (200, 303)
    with door.app.state.database.read() as conn:
        account = identity.find_by_handle(conn, ann.handle)
        assert set(service.preferences_of(conn, account.id).values()) == {"none"}
