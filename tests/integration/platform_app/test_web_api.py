"""The JSON API: who may call it, what it answers, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
import structlog

from lake.contracts.names import PUBLICATION
from platform_app.community import reads, service
from platform_app.identity import access
from platform_app.web.limits import Limits
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.routes import CHANGES, ID, MINE, OPEN, filled
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def ann(door: Door) -> Caller:
    return door.member("ann")


@pytest.fixture(scope="module")
def bob(door: Door) -> Caller:
    return door.member("bob")


@pytest.fixture(scope="module")
def browser_of_bob(door: Door, bob: Caller) -> Caller:
    return door.browser_of(bob)


@pytest.fixture(scope="module")
def moderator(door: Door, app_stack: Stack) -> Caller:
    keeper = door.member("keeper")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'moderator' WHERE handle = %s", (keeper.handle,))
    return keeper


@pytest.mark.parametrize(("method", "path"), sorted(CHANGES))
def test_anonymous(door: Door, method: str, path: str) -> None:
    answer = door.visitor().call(method, filled(path), CHANGES[(method, path)])
    assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", MINE)
def test_anonymous_sees_nobodys_own_things(door: Door, path: str) -> None:
    assert door.visitor().call("GET", path).status_code == 401


def test_every_change_is_in_the_table_of_changes(door: Door) -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, verbs in door.app.openapi()["paths"].items()
        for method in verbs
        if method != "get"
    }
    assert described == set(CHANGES) | OPEN


@pytest.mark.parametrize(("method", "path"), sorted(CHANGES))
def test_a_cookie_session_changes_nothing_without_its_csrf_token(
    browser_of_bob: Caller, method: str, path: str
) -> None:
    answer = browser_of_bob.call(method, filled(path), CHANGES[(method, path)])
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_a_cookie_session_changes_things_with_its_csrf_token(browser_of_bob: Caller) -> None:
    token = browser_of_bob.call("GET", "/session").json()["csrf_token"]
    answer = browser_of_bob.call("POST", "/posts", {"title": "t", "body": "b"}, X_CSRF_Token=token)
    assert answer.status_code == 201


def test_a_change_that_another_site_sends_is_refused(door: Door) -> None:
    body = {"email": "x@example.org", "password": PASSWORD}
    answer = door.visitor().call("POST", "/session", body, Sec_Fetch_Site="cross-site")
    assert answer.json()["code"] == "csrf"


def test_a_post_is_answered_commented_voted_and_accepted(door: Door, ann: Caller, bob: Caller) -> None:
    post = ann.made("/posts", {"title": "How do I leave?", "body": "The door is *shut*."})
    approach = bob.made(f"/posts/{post}/approaches", {"body": "Open it.", "kind": "guide"})
    bob.made(f"/posts/{post}/comments", {"body": "Which door?"})
    ann.made(f"/approaches/{approach}/comments", {"body": "It worked."})
    assert bob.call("PUT", f"/posts/{post}/vote", {"value": 1}).status_code == 204
    assert ann.call("PUT", f"/approaches/{approach}/vote", {"value": 1}).status_code == 204
    assert ann.call("PUT", f"/posts/{post}/accepted", {"approach_id": approach}).status_code == 204
    seen = ann.call("GET", f"/posts/{post}").json()
    assert (seen["card"]["status"], seen["card"]["score"], seen["accepted_approach_id"]) == ("solved", 1, approach)
    assert [(one["kind"], one["score"], one["my_vote"]) for one in seen["approaches"]] == [("guide", 1, 1)]
    under = {text: [one["root"]["body"] for one in found["threads"]] for text, found in seen["discussions"].items()}
    assert under == {post: ["Which door?"], approach: ["It worked."]}
    assert ann.call("PUT", f"/posts/{post}/accepted", {"approach_id": None}).status_code == 204
    assert ann.call("GET", f"/posts/{post}").json()["card"]["status"] == "open"


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status", "code"),
    [
        ("ann", "PUT", "/posts/{post}/vote", {"value": 1}, 403, "own_vote"),
        ("bob", "PUT", "/posts/{post}", {"title": "t", "body": "b"}, 403, "not_the_author"),
        ("bob", "DELETE", "/posts/{post}", None, 403, "not_the_author"),
        ("bob", "POST", "/tags", {"name": "new"}, 403, "not_a_moderator"),
        ("bob", "POST", "/posts", {"title": " ", "body": "b"}, 422, "invalid"),
        ("bob", "POST", "/posts", {"title": "t", "body": "b", "tags": ["unheard-of"]}, 422, "unknown_tag"),
        ("bob", "POST", "/posts", {"title": "t"}, 422, "malformed"),
        ("bob", "GET", f"/posts/{ID}", None, 404, "not_found"),
        ("bob", "GET", "/people/nobody-here", None, 404, "not_found"),
        ("bob", "GET", "/nothing/here", None, 404, "not_found"),
        ("bob", "PATCH", "/posts", None, 405, "method_not_allowed"),
    ],
)
def test_a_refusal_is_a_problem_that_repeats_nothing(  # noqa: PLR0917
    ann: Caller, bob: Caller, who: str, method: str, path: str, body: object, status: int, code: str
) -> None:
    post = ann.made("/posts", {"title": "t", "body": "b"})
    answer = {"ann": ann, "bob": bob}[who].call(method, path.format(post=post), body, X_Correlation_Id="trace-0001")
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert set(problem) == {
        "type", "title", "status", "detail", "instance", "code", "details", "timestamp", "correlation_id",
    }  # fmt: skip
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"] == "trace-0001"
    assert "unheard-of" not in answer.text


def test_the_correlation_id_reaches_the_write_ahead_log(app_stack: Stack, ann: Caller) -> None:
    options = ("proto_version", "1", "publication_names", PUBLICATION, "messages", "true")
    with psycopg.connect(app_stack.url("postgres", "app"), autocommit=True) as conn:
        conn.execute("SELECT pg_create_logical_replication_slot('correlation', 'pgoutput', true)")
        answer = ann.call("POST", "/posts", {"title": "t", "body": "b"}, X_Correlation_Id="from-the-edge-42")
        rows = conn.execute(
            "SELECT data FROM pg_logical_slot_get_binary_changes('correlation', NULL, NULL, VARIADIC %s)",
            (list(options),),
        ).fetchall()
    assert answer.headers["X-Correlation-Id"] == "from-the-edge-42"
    kinds = [bytes(data)[:1] for (data,) in rows]
    first = kinds.index(b"M")
    assert b"from-the-edge-42" in bytes(rows[first][0])
    assert kinds[:first] == [b"B"], "the message comes first in its transaction"
    assert b"I" in kinds[first:]


def test_an_id_that_could_be_more_than_an_id_is_replaced(ann: Caller) -> None:
    answer = ann.call("GET", "/posts", X_Correlation_Id="ann@example.org wrote")
    assert len(answer.headers["X-Correlation-Id"]) == 36


def test_pages_of_a_list_neither_repeat_nor_leave_out(door: Door) -> None:
    author = door.member("walker")
    made = [author.made("/posts", {"title": f"Problem {number}", "body": "b"}) for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = author.call("GET", f"/people/{author.handle}/posts?limit=2{cursor}").json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]


def test_tags_are_made_by_moderators_used_by_members_and_followed(door: Door, moderator: Caller, bob: Caller) -> None:
    assert moderator.call("POST", "/tags", {"name": "c++"}).status_code == 201
    post = bob.made("/posts", {"title": "t", "body": "b", "tags": ["c++"]})
    follower = door.member("follower")
    assert follower.call("PUT", "/tags/c%2B%2B/follow").status_code == 204
    feed = follower.call("GET", "/posts?feed=followed").json()["items"]
    assert [item["id"] for item in feed] == [post]
    assert follower.call("DELETE", "/tags/c%2B%2B/follow").status_code == 204
    assert follower.call("GET", "/posts?feed=followed").json()["items"] == []


def test_people_are_followed_and_describe_themselves(door: Door, bob: Caller) -> None:
    follower = door.member("follower")
    assert follower.call("PUT", f"/people/{bob.handle}/follow").status_code == 204
    circle = follower.call("GET", f"/people/{follower.handle}/follows").json()
    assert [(one["handle"], one["display_name"]) for one in circle["following"]] == [(bob.handle, "Bob")]
    edited = follower.call("PUT", "/profile", {"headline": "Sails", "location": "Lisbon"}).json()
    assert (edited["headline"], edited["bio"]) == ("Sails", None)
    assert "email" not in follower.call("GET", f"/people/{follower.handle}").text


def test_consent_is_given_by_purpose_and_withdrawn(door: Door) -> None:
    person = door.member("carol", email=True)
    assert person.call("GET", "/consents").json()["consents"] == {
        "lake": False, "text_corpus": False, "email": True, "recommendations": False,
    }  # fmt: skip
    for granted in (True, False):
        assert person.call("PUT", "/consents/lake", {"granted": granted}).status_code == 204
    told = person.call("GET", "/consents").json()
    assert told["consents"]["lake"] is False
    assert [event["granted"] for event in told["history"] if event["purpose"] == "lake"] == [False, True, False]
    assert person.call("PUT", "/consents/anything", {"granted": True}).status_code == 422


def test_a_token_is_worth_nothing_after_the_log_out(door: Door) -> None:
    person = door.member("dora")
    assert person.call("GET", "/session").json()["handle"] == person.handle
    assert person.call("DELETE", "/session").status_code == 204
    assert person.call("GET", "/session").status_code == 401


def test_a_suspended_person_is_nobody(door: Door, app_stack: Stack) -> None:
    person = door.member("eve")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET status = 'suspended' WHERE handle = %s", (person.handle,))
    assert person.call("GET", "/session").status_code == 401
    answer = person.call("POST", "/session", {"email": person.email, "password": PASSWORD})
    assert answer.json()["code"] == "wrong_password"


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "password123", "x" * 201])
def test_a_weak_password_makes_no_account(door: Door, password: str) -> None:
    handle = f"weak-{uuid4().hex[:8]}"
    body = {"email": f"{handle}@example.org", "handle": handle, "display_name": "W", "password": password}
    answer = door.visitor().call("POST", "/accounts", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert door.visitor().call("GET", f"/people/{handle}").status_code == 404


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = door.member("frank")
    hashed: list[str] = []
    real = access._matches

    def matches(stored: str, given: str) -> bool:
        hashed.append(stored)
        return real(stored, given)

    monkeypatch.setattr(access, "_matches", matches)
    answers = []
    for email in (person.email, "nobody@example.org"):
        problem = door.visitor().call("POST", "/session", {"email": email, "password": "a wrong password"}).json()
        answers.append({name: problem[name] for name in ("status", "code", "detail", "details")})
    assert answers[0] == answers[1]
    assert len(hashed) == 2, "an unknown address costs one hash as well"


def test_guessing_is_slowed_down(door: Door) -> None:
    person = door.member("grace")
    guesses = [
        door.visitor().call("POST", "/session", {"email": person.email, "password": "a wrong password"})
        for _ in range(9)
    ]
    assert [answer.status_code for answer in guesses] == [401] * 8 + [429]
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 900
    right = door.visitor().call("POST", "/session", {"email": person.email, "password": PASSWORD})
    assert right.status_code == 429, "the right password waits as well"


def test_without_the_limits_guessing_goes_on(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "take", lambda *_: None)
    person = door.member("heidi")
    body = {"email": person.email, "password": "a wrong password"}
    assert [door.visitor().call("POST", "/session", body).status_code for _ in range(9)] == [401] * 9


def test_a_fault_of_ours_is_told_without_what_caused_it(
    door: Door, ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a row's value")

    monkeypatch.setattr(service, "write_post", fail)
    monkeypatch.setattr(reads, "newest_posts", fail)
    with structlog.testing.capture_logs() as logged:
        answer = ann.call("POST", "/posts", {"title": "t", "body": "b"}, X_Correlation_Id="trace-0002")
        page = door.visitor().client.get("/", headers={"X-Correlation-Id": "trace-0002"})
    assert [line["event"] for line in logged].count("request_failed") == 2
    assert (answer.status_code, answer.json()["code"], page.status_code) == (500, "internal", 500)
    for text in (answer.text, page.text):
        assert "trace-0002" in text
        assert "a row's value" not in text


def test_two_votes_at_once_count_once(door: Door, ann: Caller) -> None:
    post = ann.made("/posts", {"title": "t", "body": "b"})
    voter = door.member("voter")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: voter.call("PUT", f"/posts/{post}/vote", {"value": 1}), range(8)))
    assert {answer.status_code for answer in answers} <= {204, 409}
    assert ann.call("GET", f"/posts/{post}").json()["card"]["score"] == 1


def test_a_huge_request_is_refused(ann: Caller) -> None:
    answer = ann.call("POST", "/posts", {"title": "t", "body": "b" * 500_000})
    assert answer.status_code == 413


def test_the_process_says_that_it_is_well(door: Door) -> None:
    assert door.visitor().client.get("/healthz").json() == {"status": "ok"}


def test_the_committed_description_is_the_codes() -> None:
    from platform_app.web import openapi

    openapi.check()
