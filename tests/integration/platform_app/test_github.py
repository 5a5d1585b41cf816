"""What GitHub says about a person, also while it is away; and whom administrators feature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from lake.kit.clock import utc_now
from platform_app.db import Database
from platform_app.identity import oauth
from platform_app.profiles import featured, github
from platform_app.profiles.github import FAILURES, PAUSE, Away, Breaker, Repository
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.github import LocalGitHub, local_github, repository
from tests.lib.people import NOON
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def server() -> Iterator[LocalGitHub]:
    with local_github() as running:
        yield running


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory, server: LocalGitHub) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox"), github_api_url=server.url) as door:
        yield door


def linked(door: Door, database: Database, login: str) -> Caller:
    """Somebody who has linked their account at GitHub."""
    member = door.member("dev")
    with database.write("t") as conn:
        row = conn.execute("SELECT id FROM identity.accounts WHERE handle = %s", (member.handle,)).fetchone()
        assert row is not None
        arrival = oauth.Arrival("github", "https://github.com", login, login, login, None, False)
        oauth.link(conn, UUID(str(row[0])), arrival, NOON)
    return member


def test_languages_stars_and_activity_are_found(door: Door, database: Database, server: LocalGitHub) -> None:
    lately = (utc_now() - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.repositories["octavia"] = [
        repository("Python", 5, lately), repository("Python", 1), repository("Go", 2), repository("Befunge"),
        repository(None), repository("Rust", 99, fork=True),
    ]  # fmt: skip
    dev = linked(door, database, "octavia")
    found = dev.call("PUT", "/profile/github").json()
    assert found["languages"] == {"Python": 50, "Go": 25, "Befunge": 25}
    assert found["skills"] == ["python", "go"]
    assert (found["repositories"], found["stars"], found["active"], found["is_fresh"]) == (5, 8, "month", True)
    with database.read() as conn:
        told = conn.execute("SELECT data FROM kernel.outbox WHERE type = 'github.analyzed'").fetchall()
        kept = conn.execute("SELECT to_jsonb(g)::text FROM profiles.github g WHERE login = 'octavia'").fetchone()
    assert told == [({"active": "month", "languages": 3},)]
    assert kept is not None
    assert "secret@example.org" not in kept[0], "what nobody asked for is not kept"


def test_on_the_page_one_asks_and_says_which_languages_are_skills(
    door: Door, database: Database, server: LocalGitHub
) -> None:
    server.repositories["paged"] = [repository("Python"), repository("Go"), repository("Befunge")]
    dev = linked(door, database, "paged")
    browser = door.browser_of(dev)
    assert browser.send("/settings/work", "/settings/github").headers["Location"] == "/settings/work?done=github#github"
    page = browser.look("/settings/work")
    assert "paged: 3 public repositories" in page
    assert "Befunge" in page
    browser.send("/settings/work", "/settings/github/skills", skill=["go", "cobol"])
    shown = dev.call("GET", f"/people/{dev.handle}").json()["skills"]
    assert [(one["skill"], one["source"]) for one in shown] == [("go", "github")], "only what was found can be taken"
    server.away = True
    try:
        sent = browser.send("/settings/work", "/settings/github")
    finally:
        server.away = False
    assert sent.headers["Location"] == "/settings/work?done=before#github"
    assert "this is what it said before" in browser.look("/settings/work?done=before")


def test_while_it_is_away_what_was_found_before_stands_in(door: Door, database: Database, server: LocalGitHub) -> None:
    server.repositories["stand-in"] = [repository("Haskell")]
    dev, newcomer = linked(door, database, "stand-in"), linked(door, database, "newcomer")
    door.app.state.github = Breaker(github.OverHttp(server.url))
    first = dev.call("PUT", "/profile/github").json()
    server.away = True
    try:
        again = dev.call("PUT", "/profile/github").json()
        assert (again["languages"], again["is_fresh"]) == (first["languages"], False)
        assert newcomer.call("PUT", "/profile/github").status_code == 503
        dev.call("PUT", "/profile/github")
        asked = len(server.asked)
        assert dev.call("PUT", "/profile/github").json()["is_fresh"] is False
        assert len(server.asked) == asked, "after three failures it is left alone"
    finally:
        server.away = False
        door.app.state.github = Breaker(github.OverHttp(server.url))


def test_it_needs_a_linked_account_and_is_limited(door: Door, database: Database, server: LocalGitHub) -> None:
    assert door.member("ann").call("PUT", "/profile/github").json()["code"] == "no_github"
    server.repositories["eager"] = []
    eager = linked(door, database, "eager")
    codes = [eager.call("PUT", "/profile/github").status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]


class Stub:
    """A GitHub that fails as often as it is told to."""

    def __init__(self, fails: int) -> None:
        self.fails, self.asked = fails, 0

    def repositories(self, login: str) -> list[Repository]:
        self.asked += 1
        if self.asked <= self.fails:
            raise Away
        return []


def test_the_breaker_opens_after_three_failures_and_tries_again_after_a_minute() -> None:
    now = [0.0]
    stub = Stub(fails=FAILURES)
    breaker = Breaker(stub, lambda: now[0])
    for _ in range(FAILURES + 2):
        with pytest.raises(Away):
            breaker.repositories("x")
    assert stub.asked == FAILURES
    now[0] = PAUSE - 0.1
    with pytest.raises(Away):
        breaker.repositories("x")
    now[0] = PAUSE
    assert breaker.repositories("x") == []


@pytest.mark.parametrize("body", [[{}], [{"fork": False}], {"message": "no list"}, ["x"]])
def test_an_answer_that_is_not_as_agreed_counts_as_none(server: LocalGitHub, body: list[dict[str, object]]) -> None:
    server.repositories["odd"] = body
    with pytest.raises(Away):
        github.OverHttp(server.url).repositories("odd")


def test_a_login_cannot_name_another_path(server: LocalGitHub) -> None:
    with pytest.raises(Away):
        github.OverHttp(server.url).repositories("../admin?x=")
    assert server.asked[-1].startswith("/users/..%2Fadmin%3Fx%3D/repos")


def test_administrators_feature_people_for_some_days(door: Door, database: Database, app_stack: Stack) -> None:
    boss, star, eve = door.member("boss"), door.member("star"), door.member("eve")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'admin' WHERE handle = %s", (boss.handle,))
    path = f"/featured/{star.handle}"
    assert eve.call("PUT", path, {"days": 7}).status_code == 403
    assert boss.call("PUT", path, {"days": 0}).status_code == 422
    assert boss.call("PUT", path, {"days": 7}).status_code == 204
    assert [one["handle"] for one in door.visitor().call("GET", "/featured").json()] == [star.handle]
    with database.read() as conn:
        assert featured.featured(conn, utc_now() + timedelta(days=8)) == []
        told = conn.execute("SELECT data FROM kernel.outbox WHERE type = 'item.featured'").fetchall()
    assert told == [({"kind": "person", "days": 7},)]
    assert star.handle in door.visitor().look("/explore")
    at_browser = door.browser_of(boss)
    page = f"/people/{star.handle}"
    assert at_browser.send(page, f"{page}/featured", days=3).status_code == 303
    assert door.browser_of(eve).send("/settings/profile", f"{page}/featured", days=3).status_code == 403
    assert boss.call("DELETE", path).status_code == 204
    assert boss.call("DELETE", path).status_code == 404
    assert door.visitor().call("GET", "/featured").json() == []
