"""Reports and what moderators decide: the states of a report, hiding at three, the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from platform_app.community import reads
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from platform_app.identity.schemas import Account
from platform_app.leaving import leave
from platform_app.moderation import cases, hidden, log, reports, suspensions
from tests.integration.platform_app.test_notifications import told
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, approach_by, hours, moderator, post_by, sign_up
from tests.lib.routes import ID
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def appointed(door: Door, app_stack: Stack, role: str) -> Caller:
    member = door.member(role)
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = %s WHERE handle = %s", (role, member.handle))
    return member


@pytest.fixture(scope="module")
def keeper(door: Door, app_stack: Stack) -> Caller:
    return appointed(door, app_stack, "moderator")


def file(conn: Conn, who: Account, post: UUID, kind: str = "post", body: str = "") -> UUID:
    return reports.file(conn, who.id, kind, post, category="spam", body=body, now=NOON)


def states(conn: Conn, target: UUID) -> list[str]:
    rows = conn.execute("SELECT state FROM moderation.reports WHERE target_id = %s ORDER BY id", (target,)).fetchall()
    return [row[0] for row in rows]


def test_a_report_holds_what_was_reported_as_it_was(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn, "bob")
    post = community.write_post(conn, ann.id, title="Buy now", body="Cheap pills", now=NOON)
    file(conn, bob, post, body=" They sell\r\npills ")
    community.edit_post(conn, ann.id, post, title="A question", body="About pumps", tags=[], now=hours(1))
    found = cases.file_of(conn, "post", post, NOON)
    assert [(one.body, one.snapshot) for one in found.reports] == [("They sell\npills", "Buy now\n\nCheap pills")]
    assert found.thing is not None
    assert found.thing.text == "A question\n\nAbout pumps"
    community.delete_post(conn, ann.id, post, hours(2))
    gone = cases.file_of(conn, "post", post, NOON)
    assert (gone.thing, gone.author.id, len(gone.reports)) == (None, ann.id, 1)


def _own(conn: Conn, ann: Account, _: Account, post: UUID) -> None:
    file(conn, ann, post)


def _twice(conn: Conn, _: Account, bob: Account, post: UUID) -> None:
    file(conn, bob, post)
    file(conn, bob, post)


def _nothing(conn: Conn, _: Account, bob: Account, __: UUID) -> None:
    file(conn, bob, UUID(ID))


def _category(conn: Conn, _: Account, bob: Account, post: UUID) -> None:
    reports.file(conn, bob.id, "post", post, category="ugly", body="", now=NOON)


def _unsaid(conn: Conn, _: Account, bob: Account, post: UUID) -> None:
    reports.file(conn, bob.id, "post", post, category="other", body="  ", now=NOON)


def _long(conn: Conn, _: Account, bob: Account, post: UUID) -> None:
    file(conn, bob, post, body="x" * 1_001)


def _kind(conn: Conn, _: Account, bob: Account, post: UUID) -> None:
    file(conn, bob, post, kind="event")


@pytest.mark.parametrize(
    ("attempt", "refusal", "code"),
    [
        (_own, NotAllowed, "own_report"), (_twice, Conflict, "already_reported"), (_nothing, NotFound, "not_found"),
        (_category, Invalid, "invalid"), (_unsaid, Invalid, "invalid"), (_long, Invalid, "invalid"),
        (_kind, Invalid, "invalid"),
    ],
    ids=["one's own", "twice", "nothing", "category", "other without a word", "too long", "kind"],
)  # fmt: skip
def test_what_cannot_be_reported(conn: Conn, attempt: Callable[..., None], refusal: type[Refused], code: str) -> None:
    ann, bob = sign_up(conn), sign_up(conn, "bob")
    with pytest.raises(refusal) as refused:
        attempt(conn, ann, bob, post_by(conn, ann))
    assert refused.value.code == code


@pytest.mark.parametrize("kind", ["post", "approach", "comment"])
def test_three_people_hide_a_thing_and_a_dismissal_shows_it_again(conn: Conn, kind: str) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    post = post_by(conn, sign_up(conn, "cleo"))
    target = {
        "post": lambda: post_by(conn, ann),
        "approach": lambda: approach_by(conn, ann, post),
        "comment": lambda: community.comment(conn, ann.id, Target(post_id=post), body="b", now=NOON),
    }[kind]()
    for n in range(3):
        assert hidden.cause_of(conn, target) is None, n
        file(conn, sign_up(conn), target, kind)
    assert hidden.cause_of(conn, target) == "reports"
    assert [(entry.action, entry.moderator) for entry in log.shown_to(conn, ann.id)] == [("hide", None)]
    assert [kind for kind, _, _ in told(conn, ann) if kind == "moderated"] == ["moderated"]
    assert reports.decide(conn, keeper.id, target, uphold=False, reason="It is fine.", now=hours(1)) == 3
    assert hidden.cause_of(conn, target) is None
    assert [entry.action for entry in log.shown_to(conn, ann.id)] == ["restore", "hide"]
    file(conn, sign_up(conn), target, kind)  # the three that were dismissed count no more
    assert hidden.cause_of(conn, target) is None


def test_accounts_to_throw_away_hide_nothing(conn: Conn) -> None:
    post = post_by(conn, sign_up(conn))
    for _ in range(5):
        file(conn, sign_up(conn, trusted=False), post)
    assert hidden.cause_of(conn, post) is None
    for _ in range(3):
        assert hidden.cause_of(conn, post) is None
        file(conn, sign_up(conn), post)
    assert hidden.cause_of(conn, post) == "reports"


def test_what_a_moderator_shows_again_is_not_hidden_by_the_next_report(conn: Conn) -> None:
    post, keeper = post_by(conn, sign_up(conn)), moderator(conn)
    for _ in range(3):
        file(conn, sign_up(conn), post)
    reports.restore(conn, keeper.id, "post", post, reason="It is fine.", now=hours(1))
    assert states(conn, post) == ["dismissed"] * 3
    file(conn, sign_up(conn), post)
    assert hidden.cause_of(conn, post) is None


def test_people_are_reported_but_never_hidden(conn: Conn) -> None:
    ann = sign_up(conn)
    for _ in range(3):
        file(conn, sign_up(conn), ann.id, "person")
    assert hidden.cause_of(conn, ann.id) is None
    assert cases.queue(conn, moderator(conn).id, "waiting", limit=200)[0].reports == 3


def test_a_report_goes_from_open_to_assigned_to_decided_and_back(conn: Conn) -> None:
    ann, bob, keeper = sign_up(conn), sign_up(conn, "bob"), moderator(conn)
    post = post_by(conn, ann)
    file(conn, bob, post)
    assert states(conn, post) == ["open"]
    reports.assign(conn, keeper.id, post)
    file(conn, sign_up(conn), post)  # joins the case of whoever has taken it
    assert states(conn, post) == ["assigned", "assigned"]
    reports.release(conn, keeper.id, post)
    assert states(conn, post) == ["open", "open"]
    with pytest.raises(Invalid):
        reports.decide(conn, keeper.id, post, uphold=True, reason=" ", now=NOON)
    reports.decide(conn, keeper.id, post, uphold=True, reason="Advertising.", now=NOON)
    assert (states(conn, post), hidden.cause_of(conn, post)) == (["upheld", "upheld"], "moderator")
    with pytest.raises(Conflict):
        reports.assign(conn, keeper.id, post)
    with pytest.raises(Conflict):
        reports.decide(conn, keeper.id, post, uphold=False, reason="r", now=NOON)
    reports.reopen(conn, keeper.id, post, reason="Look again.", now=NOON)
    assert (states(conn, post), hidden.cause_of(conn, post)) == (["open", "open"], "moderator")
    reports.decide(conn, keeper.id, post, uphold=False, reason="It was fine.", now=NOON)
    assert (states(conn, post), hidden.cause_of(conn, post)) == (["dismissed", "dismissed"], None)
    assert [kind for kind, _, _ in told(conn, bob)] == ["reported", "reported"]
    assert [one.state for one in cases.reports_by(conn, bob.id)] == ["dismissed"]


def test_hidden_is_not_deleted_its_status_stays(conn: Conn) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    post = post_by(conn, ann)
    approach = approach_by(conn, sign_up(conn), post)
    community.accept(conn, ann.id, approach, NOON)
    reports.hide(conn, keeper.id, "post", post, reason="For now.", now=NOON)
    assert reads.read_post(conn, post).card.status == "solved"
    reports.restore(conn, keeper.id, "post", post, reason="Done.", now=NOON)
    assert reads.read_post(conn, post).card.status == "solved"
    with pytest.raises(Conflict):
        reports.restore(conn, keeper.id, "post", post, reason="Again.", now=NOON)
    assert [(entry.action, entry.reason) for entry in log.shown_to(conn, ann.id)] == [
        ("restore", "Done."), ("hide", "For now."),
    ]  # fmt: skip


def test_nobody_decides_about_themselves_and_members_decide_nothing(conn: Conn) -> None:
    keeper, ann = moderator(conn), sign_up(conn)
    own, post = post_by(conn, keeper), post_by(conn, sign_up(conn))
    file(conn, ann, own)
    for act in (
        lambda: reports.assign(conn, keeper.id, own),
        lambda: reports.decide(conn, keeper.id, own, uphold=False, reason="r", now=NOON),
        lambda: suspensions.suspend(conn, keeper.id, keeper.id, days=1, reason="r", now=NOON),
    ):
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.code == "own_case"
    for act in (
        lambda: reports.assign(conn, ann.id, own),
        lambda: reports.hide(conn, ann.id, "post", post, reason="r", now=NOON),
        lambda: suspensions.suspend(conn, ann.id, keeper.id, days=1, reason="r", now=NOON),
    ):
        with pytest.raises(NotAllowed) as refused:
            act()
        assert refused.value.code == "not_a_moderator"


def test_a_person_who_leaves_takes_what_was_said_about_them_and_their_words_along(conn: Conn) -> None:
    ann, bob, keeper = sign_up(conn), sign_up(conn, "bob"), moderator(conn)
    theirs, mine = post_by(conn, bob), community.write_post(conn, ann.id, title="quuxtitle", body="quuxbody", now=NOON)
    file(conn, ann, theirs, body="quuxreport")
    file(conn, bob, mine)
    reports.decide(conn, keeper.id, mine, uphold=True, reason="quuxreason", now=NOON)
    leave(conn, ann.id, NOON)
    assert states(conn, mine) == []
    row = conn.execute(
        "SELECT reporter_id, body, state FROM moderation.reports WHERE target_id = %s", (theirs,)
    ).fetchone()
    assert row == (None, "", "open")
    tables = ("reports", "actions", "hidden", "suspensions")
    texts = [str(conn.execute(f"SELECT * FROM moderation.{table}".encode()).fetchall()) for table in tables]
    assert "quux" not in "".join(texts)
    assert str(ann.id) not in "".join(texts)
    leave(conn, keeper.id, NOON)  # what they did about others stays, in nobody's name


def test_by_http_from_the_report_to_what_both_learn(door: Door, keeper: Caller) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    post = ann.made("/posts", {"title": "Buy pills", "body": "Cheap"})
    body = {"target_kind": "post", "target_id": post, "category": "spam", "text": "Pills!"}
    bob.made("/reports", body)
    assert bob.call("POST", "/reports", body).json()["code"] == "already_reported"
    assert [one["state"] for one in bob.call("GET", "/reports").json()] == ["open"]
    rows = keeper.call("GET", "/moderation/cases").json()
    assert [row["reports"] for row in rows if row["target_id"] == post] == [1]
    case = keeper.call("GET", f"/moderation/cases/post/{post}").json()
    assert (case["text"], case["reports"][0]["text"]) == ("Buy pills\n\nCheap", "Pills!")
    assert keeper.call("PUT", f"/moderation/cases/{post}/assignee").status_code == 204
    assert [r["target_id"] for r in keeper.call("GET", "/moderation/cases?which=mine").json()] == [post]
    decision = {"outcome": "upheld", "reason": "No advertising."}
    assert keeper.call("PUT", f"/moderation/cases/{post}/decision", decision).status_code == 204
    assert door.visitor().call("GET", f"/posts/{post}").json()["card"]["title"] == hidden.HIDDEN
    assert ann.call("GET", f"/posts/{post}").json()["card"]["title"] == "Buy pills"
    assert keeper.call("GET", f"/posts/{post}").json()["card"]["title"] == "Buy pills"
    about = ann.call("GET", "/account/moderation").json()
    assert [(act["action"], act["reason"]) for act in about["acts"]] == [("hide", "No advertising.")]
    assert [one["state"] for one in bob.call("GET", "/reports").json()] == ["upheld"]
    assert keeper.call("POST", f"/moderation/cases/{post}/reopen", {"reason": "Hm."}).status_code == 204
    restored = keeper.call("POST", f"/moderation/hidden/post/{post}/restore", {"reason": "Fine."})
    assert restored.status_code == 204
    assert door.visitor().call("GET", f"/posts/{post}").json()["card"]["title"] == "Buy pills"
    assert keeper.call("GET", "/moderation/log").json()[0]["action"] == "restore"


DESK: list[tuple[str, str, Any]] = [
    ("GET", "/moderation/cases", None), ("GET", f"/moderation/cases/post/{ID}", None),
    ("PUT", f"/moderation/cases/{ID}/assignee", None), ("DELETE", f"/moderation/cases/{ID}/assignee", None),
    ("PUT", f"/moderation/cases/{ID}/decision", {"outcome": "upheld", "reason": "r"}),
    ("POST", f"/moderation/cases/{ID}/reopen", {"reason": "r"}),
    ("PUT", f"/moderation/hidden/post/{ID}", {"reason": "r"}),
    ("POST", f"/moderation/hidden/post/{ID}/restore", {"reason": "r"}),
    ("PUT", "/people/{}/suspension", {"days": 1, "reason": "r"}),
    ("POST", "/people/{}/suspension/lift", {"reason": "r"}),
    ("PUT", "/people/{}/trust", {"trusted": True, "reason": "r"}),
    ("GET", "/moderation/log", None), ("GET", "/moderation/words", None),
    ("POST", "/moderation/words", {"word": "rude"}), ("DELETE", "/moderation/words/rude", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), DESK, ids=[f"{method} {path[:24]}" for method, path, _ in DESK])
def test_the_desk_is_for_moderators(door: Door, keeper: Caller, method: str, path: str, body: Any) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    refused = ann.call(method, path.format(bob.handle), body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_moderator")
    assert keeper.call(method, path.format(bob.handle), body).status_code in (200, 201, 204, 404, 409)


PAGES = ["/moderate/reports", f"/moderate/reports/post/{ID}", "/moderate/log", "/moderate/words"]


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_of_the_desk_are_for_moderators(door: Door, keeper: Caller, path: str) -> None:
    door.browser_of(door.member("ann")).look(path, 403)
    assert door.visitor().client.get(path).headers["Location"].startswith("/login")
    door.browser_of(keeper).look(path, 404 if "post" in path else 200)


def test_at_a_browser_one_reports_and_a_moderator_decides(door: Door, keeper: Caller) -> None:
    ann, bob = door.member("ann"), door.browser_of(door.member("bob"))
    post = ann.made("/posts", {"title": "Rude <b>title</b>", "body": "Rude body"})
    assert f"/report/post/{post}" in bob.look(f"/posts/{post}")
    assert "Choose what fits" in bob.send(f"/report/post/{post}").text
    sent = bob.send(f"/report/post/{post}", category="harassment", body="Insults me")
    assert sent.headers["location"] == "/settings/safety?done=reported"
    assert "Insults me" in bob.look("/settings/safety")
    desk = door.browser_of(keeper)
    case = f"/moderate/reports/post/{post}"
    assert case in desk.look("/moderate/reports")
    page = desk.look(case)
    assert "Insults me" in page
    assert "Rude &lt;b&gt;title" in page
    assert desk.send(case, f"{case}/assign").status_code == 303
    assert "Give it back" in desk.look(case)
    unsaid = desk.send(case, f"{case}/decide", outcome="upheld", hide="1")
    assert (unsaid.status_code, "Say why" in unsaid.text) == (422, True)
    assert desk.send(case, f"{case}/decide", outcome="upheld", hide="1", reason="Insult.").status_code == 303
    assert "Rude" not in bob.look(f"/posts/{post}")
    mine = door.browser_of(ann)
    assert "Rude" in mine.look(f"/posts/{post}")
    assert "Insult." in mine.look("/settings/safety")
    assert desk.send(case, f"{case}/restore", reason="Calm again.").status_code == 303
    assert "Rude" in bob.look(f"/posts/{post}")
    assert desk.send(case, f"{case}/suspend", days="1", reason="Insult.").status_code == 303
    assert desk.send(case, f"{case}/lift", reason="Enough.").status_code == 303
    assert "Enough." in desk.look("/moderate/log")


def test_the_form_of_a_report_quotes_what_its_reader_may_read(door: Door, keeper: Caller, app_stack: Stack) -> None:
    ann, bob, cleo = (door.member(name) for name in ("ann", "bob", "cleo"))
    post = ann.made("/posts", {"title": "Rude", "body": "Quite unspeakable"})
    answer = ann.made(f"/posts/{post}/approaches", {"body": "Quite unspeakable"})
    remark = ann.made(f"/posts/{post}/comments", {"body": "Quite unspeakable"})
    forms = [f"/report/{kind}/{id}" for kind, id in (("post", post), ("approach", answer), ("comment", remark))]
    at, theirs, blocker = door.browser_of(bob), door.browser_of(ann), door.browser_of(cleo)
    for form in forms:
        assert "Quite unspeakable" in at.look(form)
        kind, target = form.split("/")[2:]
        assert keeper.call("PUT", f"/moderation/hidden/{kind}/{target}", {"reason": "r"}).status_code == 204
        assert "Quite unspeakable" not in at.look(form)
        refused = at.send(form)
        assert (refused.status_code, "Quite unspeakable" in refused.text) == (422, False)
        assert "Quite unspeakable" in theirs.look(form)
    assert cleo.call("PUT", f"/people/{ann.handle}/block").status_code == 204
    for form in forms:
        blocker.look(form, 404)
    with psycopg.connect(app_stack.url("app")) as conn:
        row = conn.execute("SELECT id FROM identity.accounts WHERE handle = %s", (ann.handle,)).fetchone()
    assert row
    blocker.look(f"/report/person/{row[0]}")


def test_a_look_at_a_case_is_written_down(door: Door, keeper: Caller, app_stack: Stack) -> None:
    post = door.member("ann").made("/posts", {"title": "t", "body": "b"})
    keeper.call("GET", f"/moderation/cases/post/{post}")
    with psycopg.connect(app_stack.url("app")) as conn:
        row = conn.execute(
            "SELECT count(*) FROM kernel.audit l JOIN identity.accounts a ON a.id = l.actor_id "
            "WHERE l.action = 'case.read' AND a.handle = %s AND l.subject_id = "
            "(SELECT author_id FROM community.posts WHERE id = %s)",
            (keeper.handle, post),
        ).fetchone()
    assert row == (1,)
