"""Log-ins: listed for their owner, ended by their owner alone; and mail addresses that are shown to be one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest

from platform_app.db import Conn, Database
from platform_app.errors import Conflict, Invalid
from platform_app.identity import service, sessions, verification
from tests.lib.authenticator import turn_on
from tests.lib.events import newest, told
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.people import NOON, hours, sign_up
from tests.lib.stack import Stack

SECURITY, ACCOUNT = "/settings/security", "/settings/account"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def again(door: Door, member: Caller, password: str = PASSWORD, agent: str = FIREFOX) -> Caller:
    """The same person somewhere else."""
    elsewhere = door.visitor()
    answer = elsewhere.call("POST", "/session", {"email": member.email, "password": password}, User_Agent=agent)
    assert answer.status_code == 201, answer.text
    elsewhere.token, elsewhere.handle, elsewhere.email = answer.json()["token"], member.handle, member.email
    elsewhere.client.cookies.clear()
    return elsewhere


def alive(*callers: Caller) -> list[bool]:
    return [caller.call("GET", "/session").status_code == 200 for caller in callers]


def test_log_ins_are_listed_with_what_their_owner_recognises(door: Door, app_stack: Stack) -> None:
    ann = door.member("ann")
    there = again(door, ann)
    found = {one["current"]: one for one in ann.call("GET", "/sessions").json()}
    assert (found[True]["method"], found[True]["browser"]) == ("signup", "A program")
    assert (found[False]["method"], found[False]["browser"], found[False]["device"]) == ("password", "Firefox", "Linux")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.sessions SET seen_at = created_at - interval '1 day'")
    there.call("GET", "/session")
    door.app.state.sightings.write()
    seen = {one["browser"]: one["seen_at"] for one in ann.call("GET", "/sessions").json()}
    assert seen["Firefox"] > seen["A program"], "the one that was used was seen later"


def test_no_address_and_no_whole_user_agent_is_kept(door: Door, app_stack: Stack) -> None:
    again(door, door.member("bob"), agent=f"{FIREFOX} zanzibar/9")
    with psycopg.connect(app_stack.url("app")) as conn:
        text = str(conn.execute("SELECT array_agg(to_jsonb(s)) FROM identity.sessions s").fetchone())
    assert "127.0.0.1" not in text
    assert "zanzibar" not in text


def test_one_log_in_is_ended_and_the_others_go_on(door: Door) -> None:
    ann = door.member("ann")
    first, second = again(door, ann), again(door, ann)
    number = next(one["id"] for one in first.call("GET", "/sessions").json() if one["current"])
    assert ann.call("DELETE", f"/sessions/{number}").status_code == 204
    assert alive(ann, first, second) == [True, False, True]
    assert ann.call("DELETE", f"/sessions/{number}").status_code == 404


def test_a_stranger_cannot_end_my_log_in(door: Door) -> None:
    ann, eve = door.member("ann"), door.member("eve")
    number = ann.call("GET", "/sessions").json()[0]["id"]
    assert eve.call("DELETE", f"/sessions/{number}").status_code == 404
    at_browser = door.browser_of(eve)
    assert at_browser.send(SECURITY, f"{SECURITY}/sessions/{number}/end").status_code == 404
    assert alive(ann) == [True]


def test_all_others_are_ended_at_once(door: Door) -> None:
    ann = door.member("ann")
    others = [again(door, ann) for _ in range(2)]
    assert ann.call("DELETE", "/sessions").json() == {"ended": 2}
    assert alive(ann, *others) == [True, False, False]


def test_a_new_password_ends_the_others_and_only_the_new_one_works(door: Door) -> None:
    ann = door.member("ann")
    there = again(door, ann)
    body = {"password": PASSWORD, "new_password": "twelve tame geese"}
    wrong = ann.call("PUT", "/account/password", body | {"password": "no"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    weak = ann.call("PUT", "/account/password", body | {"new_password": "short"})
    assert weak.json()["details"][0]["field"] == "new_password"
    assert alive(ann, there) == [True, True]
    assert ann.call("PUT", "/account/password", body).status_code == 204
    assert alive(ann, there) == [True, False]
    assert "was changed" in door.mail_to(ann.email, "password of your account")
    again(door, ann, "twelve tame geese")
    assert door.visitor().call("POST", "/session", {"email": ann.email, "password": PASSWORD}).status_code == 401


def test_pages_end_log_ins_and_their_forms_need_their_token(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    there = again(door, ann)
    page = ann.look(SECURITY)
    assert "This one" in page
    assert "Firefox on Linux" in page
    number = next(one["id"] for one in there.call("GET", "/sessions").json() if one["current"])
    for action in (f"sessions/{number}/end", "sessions/others/end", "password"):
        assert ann.client.post(f"{SECURITY}/{action}").status_code == 403
    assert alive(there) == [True]
    assert ann.send(SECURITY, f"{SECURITY}/sessions/{number}/end").headers["Location"] == f"{SECURITY}?done=ended"
    assert alive(there) == [False]
    there = again(door, ann)
    refused = ann.send(SECURITY, f"{SECURITY}/password", password="no", new_password="twelve tame geese")
    assert refused.status_code == 422
    assert "This is not your password." in refused.text
    done = ann.send(SECURITY, f"{SECURITY}/password", password=PASSWORD, new_password="twelve tame geese")
    assert done.headers["Location"] == f"{SECURITY}?done=password"
    assert alive(there) == [False]
    assert "You are logged out everywhere else." in ann.look(f"{SECURITY}?done=password")


def test_log_ins_are_told_as_events_with_how_long_they_lasted(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    before = newest(conn)
    first = sessions.open_session(conn, ann.id, NOON)
    sessions.open_session(conn, ann.id, NOON, method="github", second_factor=True)
    sessions.close_session(conn, first.token, hours(2))
    sessions.close_session(conn, first.token, hours(3))
    sessions.revoke_others(conn, ann.id, None, hours(60))
    assert [(kind, data) for kind, _, _, data in told(conn, before)] == [
        ("session.started", {"method": "password", "second_factor": False}),
        ("session.started", {"method": "github", "second_factor": True}),
        ("session.ended", {"reason": "log_out", "lasted": "hours"}),
        ("session.ended", {"reason": "revoked", "lasted": "days"}),
    ]


def link_in(door: Door, address: str) -> str:
    found = re.search(r"/verify/(\S+)", door.mail_to(address, "/verify/"))
    assert found
    return found.group(1)


def test_a_new_account_is_verified_by_the_link_in_its_mail_once(door: Door, database: Database) -> None:
    ann = door.member("ann")
    assert ann.call("GET", "/session").json()["is_verified"] is False
    assert ann.made("/posts", {"title": "t", "body": "b"}), "unverified people are not kept out"
    token = link_in(door, ann.email)
    assert door.visitor().call("POST", f"/verification/{token}").json() == {"email": ann.email}
    assert ann.call("GET", "/session").json()["is_verified"] is True
    assert door.visitor().call("POST", f"/verification/{token}").json()["code"] == "bad_link"
    assert ann.call("POST", "/verification").json()["code"] == "already_verified"
    with database.read() as conn:
        account = service.find_by_email(conn, ann.email)
        assert account is not None
        assert verification.is_verified(conn, account.id)


def test_pages_remind_until_the_button_is_pressed(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    assert "Confirm your mail address" in ann.look("/")
    assert ann.client.post("/verify").status_code == 403
    assert ann.send("/", "/verify").headers["Location"] == f"{ACCOUNT}?done=sent"
    link = f"/verify/{link_in(door, ann.email)}"
    visitor = door.visitor()
    assert ann.email in visitor.look(link)
    assert "Confirm your mail address" in ann.look("/"), "to look at the link is not enough"
    assert visitor.client.post(link).status_code == 403
    assert visitor.send(link).headers["Location"] == "/login?done=email"
    assert "Confirm your mail address" not in ann.look("/")
    assert "used or has expired" in visitor.look(link, 404)


def test_links_are_limited(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    for minute in range(5):
        verification.ask(conn, ann.id, NOON + timedelta(minutes=minute))
    with pytest.raises(Conflict, match="Five links"):
        verification.ask(conn, ann.id, hours(1))
    link = verification.ask(conn, ann.id, hours(25))
    with pytest.raises(Invalid, match="used or has expired"):
        verification.accept(conn, link.token, hours(25 + 49))


def test_a_new_address_counts_when_its_link_is_opened_not_before(door: Door) -> None:
    ann = door.member("ann")
    new = f"new-{ann.email}"
    refused = ann.call("PUT", "/account/email", {"email": new, "password": "no"})
    assert refused.json()["code"] == "wrong_password"
    taken = ann.call("PUT", "/account/email", {"email": door.member("bob").email.upper(), "password": PASSWORD})
    assert taken.json()["code"] == "email_taken"
    assert ann.call("PUT", "/account/email", {"email": new, "password": PASSWORD}).status_code == 202
    assert alive(again(door, ann)) == [True], "the old address still logs in"
    assert door.visitor().call("POST", f"/verification/{link_in(door, new)}").status_code == 200
    assert "another mail address" in door.mail_to(ann.email, "another mail address")
    assert door.visitor().call("POST", "/session", {"email": ann.email, "password": PASSWORD}).status_code == 401
    ann.email = new
    again(door, ann)
    assert ann.call("GET", "/session").json()["is_verified"] is True


def test_an_address_that_somebody_took_meanwhile_is_not_taken_from_them(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    link = verification.ask(conn, ann.id, NOON, email="wanted@example.org")
    service.create_account(
        conn, email="wanted@example.org", handle="quick", display_name="Quick", consents={}, now=hours(1)
    )
    with pytest.raises(Conflict, match="taken"):
        verification.accept(conn, link.token, hours(2))


def test_a_link_for_a_new_password_dies_with_the_address_it_was_sent_to(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    token = service.issue_reset_token(conn, ann.id, NOON)
    link = verification.ask(conn, ann.id, NOON, email="later@example.org")
    done = verification.accept(conn, link.token, NOON)
    assert (done.before, done.account.email) == (ann.email, "later@example.org")
    with pytest.raises(Invalid, match="used or has expired"):
        service.claim_account(conn, token, password_hash="h", now=NOON)


def test_the_account_page_changes_the_address_and_names_what_is_wrong(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    wrong = ann.send(ACCOUNT, f"{ACCOUNT}/email", email="nobody", password=PASSWORD)
    assert wrong.status_code == 422
    assert "Email must be a mail address." in wrong.text
    assert ann.send(ACCOUNT, f"{ACCOUNT}/email", email="x@[y.z", password=PASSWORD).status_code == 422
    new = f"page-{ann.email}"
    assert ann.send(ACCOUNT, f"{ACCOUNT}/email", email=new, password=PASSWORD).headers["Location"].endswith("sent")
    link = f"/verify/{link_in(door, new)}"
    assert ann.send(link).headers["Location"] == f"{ACCOUNT}?done=confirmed"
    assert new in ann.look(ACCOUNT)


def test_verification_is_told_once(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    before = newest(conn)
    link = verification.ask(conn, ann.id, hours(30))
    verification.accept(conn, link.token, hours(50))
    verification.mark(conn, ann.id, ann.email or "", hours(60))
    assert told(conn, before) == [("account.verified", ann.id, ann.id, {"days": 2})]


def by_mail(door: Door, member: Caller) -> None:
    """Choose a password with a link by mail."""
    assert door.visitor().send("/reset", email=member.email).status_code == 200
    path = door.mail_to(member.email, "/reset/").split(door.url)[1].split()[0]
    assert door.visitor().send(path, password="twelve tame geese").status_code == 303


def by_the_old_one(door: Door, member: Caller) -> None:
    """Choose a password by the old one."""
    body = {"password": PASSWORD, "new_password": "twelve tame geese"}
    assert member.call("PUT", "/account/password", body).status_code == 204


@pytest.mark.parametrize("choose", [by_mail, by_the_old_one])
def test_an_address_that_a_thief_asked_for_is_worth_nothing_after_a_new_password(
    door: Door, choose: Callable[[Door, Caller], None]
) -> None:
    ann = door.member("ann")
    thief, theirs = again(door, ann), f"thief-{ann.email}"
    assert thief.call("PUT", "/account/email", {"email": theirs, "password": PASSWORD}).status_code == 202
    token = link_in(door, theirs)
    door.visitor().send("/reset", email=ann.email)
    other = door.mail_to(ann.email, "/reset/").split(door.url)[1].split()[0]
    choose(door, ann)
    assert door.visitor().call("POST", f"/verification/{token}").json()["code"] == "bad_link"
    assert "used or has expired" in door.visitor().look(other, 404)
    again(door, ann, "twelve tame geese")


def test_half_a_log_in_is_worth_nothing_after_a_new_password(door: Door, app_stack: Stack) -> None:
    ann = door.member("ann")
    turn_on(app_stack, ann)
    thief = door.visitor()
    assert thief.send("/login", email=ann.email, password=PASSWORD).headers["Location"] == "/login/code"
    by_the_old_one(door, ann)
    assert thief.client.get("/login/code").headers["Location"].startswith("/login")
