"""The pages, as a browser without scripts sees them: forms, their tokens, what people write, and headers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from uuid import UUID

import psycopg
import pytest

from platform_app.community import reads
from platform_app.db import Database
from platform_app.web.visit import Visit
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.people import NOON
from tests.lib.stack import Stack

ID = "01a1fd6a-c2c0-7ed6-a273-efadaa243ce2"
PUBLIC = ["/", "/approaches", "/tags", "/signup", "/login", "/reset", "/claim", "/settings/consent"]
MEMBERS_ONLY = [
    "/posts/new",
    "/approaches/new",
    "/settings/profile",
    "/settings/account",
    "/moderate",
    "/moderate/erasures",
]
FORMS = [
    "/logout", "/posts/new", f"/posts/{ID}/edit", f"/posts/{ID}/delete", f"/posts/{ID}/approaches",
    f"/posts/{ID}/comments", f"/posts/{ID}/vote", f"/posts/{ID}/accepted", "/approaches/new", f"/approaches/{ID}/edit",
    f"/approaches/{ID}/delete", f"/approaches/{ID}/comments", f"/approaches/{ID}/vote", f"/comments/{ID}/delete",
    "/people/ann/follow", "/tags/t/follow", "/settings/profile", "/settings/consent/lake", "/moderate/tags",
    "/moderate/claims", "/settings/account/delete",
]  # fmt: skip
VISITORS_FORMS = ["/signup", "/login", "/reset", "/claim", "/reset/a-token"]
NASTY = """<script>alert(1)</script> <img src=x onerror=alert(1)> [link](javascript:alert(1))
<a href="https://example.org" onclick="alert(1)" style="position:fixed">there</a> <iframe src="//evil"></iframe>

# A heading

```
<b>code</b>
```
"""


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def ann(door: Door) -> Caller:
    return door.browser_of(door.member("ann"))


@pytest.fixture(scope="module")
def bob(door: Door) -> Caller:
    return door.browser_of(door.member("bob"))


@pytest.fixture(scope="module")
def keeper(door: Door, app_stack: Stack) -> Caller:
    member = door.member("keeper")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'moderator' WHERE handle = %s", (member.handle,))
    return door.browser_of(member)


class _Inline(HTMLParser):
    """Collects what the content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.inputs: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if (tag == "script" and "src" not in values) or tag == "style":
            self.found.append(tag)
        self.found += [name for name in values if name == "style" or name.startswith("on")]
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "label" and values.get("for"):
            self.labelled.add(str(values["for"]))
        if tag in ("input", "textarea", "select") and values.get("type") not in ("hidden", "checkbox", "radio"):
            self.inputs.add(str(values.get("id")))


def _post(author: Caller, title: str = "How?", body: str = "It does not work.") -> str:
    answer = author.send("/posts/new", title=title, body=body)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


@pytest.mark.parametrize("path", PUBLIC)
def test_anonymous_sees_public_pages(door: Door, path: str) -> None:
    assert "Log in" in door.visitor().look(path)


@pytest.mark.parametrize("path", MEMBERS_ONLY)
def test_anonymous_is_led_to_the_log_in_and_back(door: Door, path: str) -> None:
    answer = door.visitor().client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path}")


@pytest.mark.parametrize("path", FORMS)
def test_anonymous_changes_nothing_by_a_form(door: Door, path: str) -> None:
    visitor = door.visitor()
    answer = visitor.send("/login", path, value="1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/")


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_changes_nothing(ann: Caller, path: str) -> None:
    answer = ann.client.post(path, data={"csrf_token": "guessed", "value": "1", "title": "t", "body": "b"})
    assert answer.status_code == 403 or (answer.status_code == 404 and path.endswith("/approaches"))


def test_without_the_check_of_the_token_the_same_form_goes_through(
    ann: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visit, "_check", lambda *_: None)
    answer = ann.client.post("/posts/new", data={"csrf_token": "guessed", "title": "t", "body": "b"})
    assert answer.status_code == 303


def test_a_form_that_was_open_for_too_long_keeps_what_was_typed(ann: Caller) -> None:
    answer = ann.client.post("/posts/new", data={"csrf_token": "old", "title": "A long story", "body": "b"})
    assert "came from another site" in answer.text
    assert 'value="A long story"' in answer.text


@pytest.mark.parametrize("path", VISITORS_FORMS)
def test_a_visitors_form_without_its_token_does_nothing(door: Door, path: str) -> None:
    data = {"email": "x@example.org", "password": PASSWORD, "handle": "xyz", "display_name": "X"}
    assert door.visitor().client.post(path, data=data).status_code == 403


def test_a_token_of_somebody_elses_session_is_refused(ann: Caller, bob: Caller) -> None:
    found = re.search(r'name="csrf_token" value="([^"]+)"', bob.look("/posts/new"))
    assert found
    answer = ann.client.post("/posts/new", data={"csrf_token": found.group(1), "title": "t", "body": "b"})
    assert answer.status_code == 403


def test_a_person_signs_up_with_nothing_ticked_and_is_logged_in(door: Door) -> None:
    visitor = door.visitor()
    assert "checked" not in visitor.look("/signup")
    answer = visitor.send(
        "/signup", display_name="Mia", handle="mia", email="mia@example.org", password=PASSWORD, consent="lake"
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = next(line for line in answer.headers.get_list("Set-Cookie") if line.startswith("headwater_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    consent = visitor.look("/settings/consent")
    assert consent.count(">You agree<") == 1


def test_a_refused_form_keeps_what_was_typed_but_the_password(door: Door, ann: Caller) -> None:
    answer = door.visitor().send(
        "/signup", display_name="Mia", handle="!", email="mia2@example.org", password=PASSWORD, consent="lake"
    )
    assert answer.status_code == 422
    assert 'value="mia2@example.org"' in answer.text
    assert PASSWORD not in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_cookies_are_secure_where_the_address_is(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_door(
        app_stack.url("app"), tmp_path_factory.mktemp("outbox"), public_url="https://app.example.org"
    ) as secure:
        answer = secure.visitor().client.get("/login")
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-headwater_visitor=")
    assert "Secure" in cookie
    assert "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("away", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_log_in_leads_nowhere_else(door: Door, away: str) -> None:
    member = door.member("nina")
    answer = door.visitor().send("/login", email=member.email, password=PASSWORD, next=away)
    assert answer.headers["Location"] == "/"


def test_a_log_in_makes_a_new_session_and_a_log_out_ends_it(door: Door) -> None:
    browser = door.browser_of(door.member("olga"))
    token = browser.client.cookies["headwater_session"]
    assert browser.send("/posts/new", "/logout").headers["Location"] == "/login?done=out"
    again = door.visitor()
    again.client.cookies.set("headwater_session", token)
    assert "Sign up" in again.look("/")


def test_what_people_write_cannot_run(ann: Caller, bob: Caller) -> None:
    path = _post(ann, "<b>How</b> & why?", NASTY)
    assert bob.send(path, f"{path}/approaches", body=NASTY).status_code == 303
    assert bob.send(path, f"{path}/comments", body=NASTY, back=path).status_code == 303
    for page in (path, "/?feed=newest", f"/people/{ann.handle}"):
        html = ann.look(page)
        assert "&lt;b&gt;How&lt;/b&gt; &amp; why?" in html
        for bad in ("<script>alert", "onerror", 'href="javascript', "onclick", "<iframe", "position:fixed"):
            assert bad not in html, f"{bad} on {page}"
    html = ann.look(path)
    assert 'rel="nofollow noopener ugc"' in html
    assert "<h3>A heading</h3>" in html
    assert "&lt;b&gt;code&lt;/b&gt;" in html


def test_no_page_holds_what_its_own_policy_refuses(ann: Caller, bob: Caller, keeper: Caller) -> None:
    post = _post(ann)
    approach = bob.send(post, f"{post}/approaches", body="Try **this**.").headers["Location"].split("#approach-")[1]
    bob.send(post, f"{post}/comments", body="And?", back=post)
    pages = [
        *PUBLIC, *MEMBERS_ONLY, post, f"{post}/edit", f"/approaches/{approach}", f"/approaches/{approach}/edit",
        f"/people/{ann.handle}", f"/people/{ann.handle}?show=follows", "/tags/none", "/?feed=followed",
    ]  # fmt: skip
    for page in pages:
        answer = keeper.client.get(page)
        if answer.status_code == 303:  # a member needs no log-in form
            continue
        seen = _Inline()
        seen.feed(answer.text)
        assert seen.found == [], page
        assert len(seen.ids) == len(set(seen.ids)), f"{page} uses an id twice"
        assert seen.inputs <= seen.labelled, f"{page} has an input without a label"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_votes_comments_follows_and_acceptance_work_without_scripts(ann: Caller, bob: Caller) -> None:
    post = _post(ann)
    made = bob.send(post, f"{post}/approaches", body="Try this.").headers["Location"]
    approach = made.split("#approach-")[1]
    assert bob.send(post, f"{post}/vote", value=1).headers["Location"] == post
    assert ann.send(post, f"/approaches/{approach}/vote", value=1).headers["Location"] == made
    assert ann.send(post, f"{post}/accepted", approach_id=approach).headers["Location"] == post
    html = ann.look(post)
    assert "Accepted: this solved it" in html
    assert "Solved" in html
    assert ann.send(post, f"{post}/accepted").status_code == 303
    assert "Accepted: this solved it" not in ann.look(post)
    person = f"/people/{bob.handle}"
    assert ann.send(person, f"{person}/follow", on="1").headers["Location"] == person
    assert "Following" in ann.look(person)
    assert post in bob.look(f"/people/{ann.handle}")
    commented = ann.send(post, f"{post}/comments", body="More?", back=post).headers["Location"]
    comment = commented.split("#comment-")[1]
    assert ann.send(post, f"/comments/{comment}/delete").headers["Location"] == f"/undo/comments/{comment}"
    assert "More?" not in ann.look(post)


def test_htmx_gets_the_part_of_the_page_that_changed(ann: Caller, bob: Caller) -> None:
    post = _post(ann)
    vote = bob.send(post, f"{post}/vote", fragment=True, value=1)
    assert vote.status_code == 200
    assert '<output aria-label="Score">1</output>' in vote.text
    assert "<html" not in vote.text
    comments = bob.send(post, f"{post}/comments", fragment=True, body="And then?", back=post)
    assert "And then?" in comments.text
    follow = bob.send(f"/people/{ann.handle}", f"/people/{ann.handle}/follow", fragment=True, on="1")
    assert 'aria-pressed="true"' in follow.text


def test_texts_are_edited_and_taken_off_the_pages(ann: Caller, bob: Caller) -> None:
    post = _post(ann)
    assert ann.send(f"{post}/edit", title="Why?", body="Still not.").headers["Location"] == post
    assert "Why?" in bob.look(post)
    assert bob.client.get(f"{post}/edit").status_code == 403
    assert ann.send(post, f"{post}/delete").headers["Location"] == f"/undo{post}"
    assert "There is no such post." in ann.look(post, status=404)


def test_a_post_counts_who_looks_at_it(door: Door, ann: Caller, database: Database) -> None:
    post = _post(ann)
    for _ in range(3):
        door.visitor().look(post)
    deadline, views = time.monotonic() + 10, 0
    while views < 3 and time.monotonic() < deadline:  # a view is noted after the answer
        door.app.state.footfall.write()
        with database.read() as conn:
            views = reads.read_post(conn, UUID(post.removeprefix("/posts/"))).card.views
    assert views == 3


def test_a_moderator_adds_tags_that_people_choose(keeper: Caller, ann: Caller) -> None:
    assert keeper.send("/moderate", "/moderate/tags", name="c#").headers["Location"] == "/moderate?done=tag"
    assert keeper.send("/moderate", "/moderate/tags", name="c#").status_code == 409
    post = ann.send("/posts/new", title="t", body="b", tags="C#, ").headers["Location"]
    assert "/tags/c%23" in ann.look(post)
    assert ann.send("/tags/c%23", "/tags/c%23/follow", on="1").headers["Location"] == "/tags/c%23"
    assert ann.look("/moderate", status=403)


def test_profiles_are_edited_and_shown(ann: Caller) -> None:
    page = f"/people/{ann.handle}"
    sent = ann.send(
        "/settings/profile", display_name="Ann Other", headline="Sails", bio="*Hello*", location="Lisbon",
        website_url="https://example.org",
    )  # fmt: skip
    assert sent.headers["Location"] == page
    html = ann.look(page)
    assert all(text in html for text in ("Ann Other", "Sails", "<em>Hello</em>", "Lisbon", "https://example.org"))
    assert ann.send("/settings/profile", display_name="Ann", website_url="javascript:alert(1)").status_code == 422


def test_consent_is_withdrawn_with_one_button_and_the_page_says_what_that_does(door: Door) -> None:
    browser = door.browser_of(door.member("petra", lake=True))
    page = browser.look("/settings/consent")
    assert "If you withdraw:" in page
    assert "Numbers that were published before stay as they are" in page
    assert browser.send("/settings/consent", "/settings/consent/lake").status_code == 303
    page = browser.look("/settings/consent")
    assert ">You agree<" not in page
    assert "Withdrew" in page


def test_asking_for_a_new_password_tells_nobody_who_has_an_account(door: Door) -> None:
    member = door.member("quentin")
    unknown = door.visitor().send("/reset", email="nobody@example.org")
    known = door.visitor().send("/reset", email=member.email)
    assert re.sub("[0-9a-f-]{36}", "", known.text) == re.sub("[0-9a-f-]{36}", "", unknown.text)
    assert "/reset/" in door.mail_to(member.email, "/reset/")
    assert "nobody@example.org" not in {to for to, _ in door.mail()}


def test_a_link_sets_a_password_once_and_ends_every_session(door: Door) -> None:
    member = door.member("rosa")
    door.visitor().send("/reset", email=member.email)
    link = re.search(r"(/reset/\S+)", door.mail_to(member.email, "/reset/"))
    assert link
    visitor = door.visitor()
    assert visitor.send(link.group(1), password="short").status_code == 422
    done = visitor.send(link.group(1), password="twelve tame geese")
    assert done.headers["Location"] == "/login?done=password"
    assert member.call("GET", "/session").status_code == 401
    assert "used or has expired" in door.visitor().look(link.group(1), status=404)
    assert door.visitor().send("/login", email=member.email, password="twelve tame geese").status_code == 303
    assert door.visitor().send("/login", email=member.email, password=PASSWORD).status_code == 401


def test_an_imported_account_is_claimed_through_a_moderator(
    door: Door, keeper: Caller, app_stack: Stack, database: Database
) -> None:
    with database.write("test-import") as conn:
        conn.execute(
            "INSERT INTO identity.accounts (id, handle, display_name, role, status, origin, created_at) "
            "VALUES (%s, 'old-hand', 'Old Hand', 'member', 'active', 'import', %s)",
            (ID, NOON),
        )
    door.visitor().send("/claim", handle="nobody", email="hand@example.org", proof="Nothing.")
    door.visitor().send("/claim", handle="old-hand", email="hand@example.org", proof="See my page there.")
    assert "See my page there." in door.mail_to(keeper.email, "See my page")
    sent = keeper.send("/moderate", "/moderate/claims", handle="old-hand", email="hand@example.org")
    assert sent.headers["Location"] == "/moderate?done=claim"
    link = re.search(r"(/reset/\S+)", door.mail_to("hand@example.org"))
    assert link
    done = door.visitor().send(link.group(1), email="hand@example.org", password="thirteen geese")
    assert done.headers["Location"] == "/login?done=password"
    assert door.visitor().send("/login", email="hand@example.org", password="thirteen geese").status_code == 303
    refused = keeper.send("/moderate", "/moderate/claims", handle="old-hand", email="thief@example.org")
    assert refused.status_code == 409
    assert "thief@example.org" not in {to for to, _ in door.mail()}


def test_what_is_linked_is_there_and_may_be_kept(door: Door) -> None:
    visitor = door.visitor()
    links = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', visitor.look("/")))
    assert {link.split("?")[0] for link in links} >= {"/static/app.css", "/static/mark.svg", "/static/stream.svg"}
    for link in links:
        answer = visitor.client.get(link)
        assert answer.status_code == 200
        assert "?v=" in link
        assert "immutable" in answer.headers["Cache-Control"]


def test_an_unknown_page_is_told_kindly(door: Door, ann: Caller) -> None:
    assert "There is nothing here." in door.visitor().look("/nothing/here", status=404)
    assert "Log out" in ann.look("/nothing/here", status=404)


def test_mail_waits_where_only_the_app_can_read_it(door: Door) -> None:
    member = door.member("sven")
    door.visitor().send("/reset", email=member.email)
    door.mail_to(member.email, "/reset/")
    assert {path.stat().st_mode & 0o777 for path in door.outbox.glob("*.eml")} == {0o600}
