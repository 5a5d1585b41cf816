"""The rules for words and for locked posts hold after publishing as before it, and nobody ends where nothing goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from platform_app.db import Database
from platform_app.identity import service as identity
from tests.integration.platform_app.test_uploads import brought
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.specimens import picture
from tests.lib.stack import Stack

BAD = "zorgbad"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def keeper(door: Door, database: Database) -> Caller:
    keeper = door.member("keeper")
    with database.write("test") as conn:
        identity.appoint(conn, keeper.handle, "moderator")
    assert keeper.call("POST", "/moderation/words", {"word": BAD}).status_code == 201
    return keeper


def answered(door: Door, accepted: bool = False) -> tuple[Caller, Caller, str, str]:
    """Ann, Bob, Ann's post and Bob's answer to it."""
    ann, bob = door.member("ann"), door.member("bob")
    post = ann.made("/posts", {"title": "How?", "body": "b"})
    answer = bob.made(f"/posts/{post}/approaches", {"body": "b"})
    if accepted:
        assert ann.call("PUT", f"/posts/{post}/accepted", {"approach_id": answer}).status_code == 204
    return ann, bob, post, answer


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""


def of_a_comment(who: Caller) -> httpx.Response:
    post = who.made("/posts", {"title": "t", "body": "b"})
    comment = who.made(f"/posts/{post}/comments", {"body": "fine"})
    return who.call("PUT", f"/comments/{comment}", {"body": f"so {BAD}"})


def of_a_group(who: Caller) -> httpx.Response:
    who.made("/groups", {"slug": f"g-{who.handle}", "name": "Fine"})
    return who.call("PUT", f"/groups/g-{who.handle}", {"name": "Fine", "about": f"All {BAD}."})


WORDS: dict[str, Callable[[Caller], httpx.Response]] = {
    "a changed comment": of_a_comment,
    "a group": lambda who: who.call("POST", "/groups", {"slug": f"h-{who.handle}", "name": BAD}),
    "what a group says": of_a_group,
    "a piece of work": lambda who: who.call("POST", "/profile/portfolio", {"title": "Mine", "summary": f"{BAD}!"}),
    "a name": lambda who: who.call("PUT", "/profile", {"display_name": f"The {BAD}"}),
    "a new name": lambda who: who.call("POST", "/accounts", {
        "email": f"x-{who.handle}@example.org", "handle": f"x-{who.handle}", "display_name": BAD, "password": PASSWORD}),
    "a handle": lambda who: who.call("POST", "/accounts", {
        "email": f"y-{who.handle}@example.org", "handle": f"{BAD}-{who.handle}"[:30], "display_name": "Y",
        "password": PASSWORD}),
}  # fmt: skip


@pytest.mark.parametrize("where", WORDS)
@pytest.mark.usefixtures("keeper")
def test_nobody_publishes_an_unwanted_word(door: Door, where: str) -> None:
    assert code_of(WORDS[where](door.member("wordy"))) == (422, "unwanted_word")


LINKS = "[a](//a.example) [b](https:b.example) <a href='http&#58;//c.example'>c</a>"


def test_a_new_persons_links_are_counted_as_a_browser_follows_them(door: Door) -> None:
    new = door.member("new", trusted=False)
    assert code_of(new.call("POST", "/posts", {"title": "t", "body": LINKS})) == (422, "new_account")
    post = new.made("/posts", {"title": "t", "body": "[here](/posts/new) and <https://a.example/b_(c)>"})
    comment = door.member("known").made(f"/posts/{post}/comments", {"body": "b"})
    assert comment
    body = {"title": "Mine", "summary": LINKS}
    assert code_of(new.call("POST", "/profile/portfolio", body)) == (422, "new_account")
    assert code_of(new.call("POST", "/groups", {"slug": "linked", "name": "n", "about": LINKS})) == (422, "new_account")


LOCKED: dict[str, Callable[[Caller, Caller, str, str, dict[str, Any]], httpx.Response]] = {
    "accept": lambda ann, _, post, answer, __: ann.call("PUT", f"/posts/{post}/accepted", {"approach_id": answer}),
    "take the acceptance back": lambda ann, _, post, __, ___: ann.call("PUT", f"/posts/{post}/accepted", {"approach_id": None}),
    "mark as a duplicate": lambda ann, _, post, __, more: ann.call("PUT", f"/posts/{post}/duplicate", {"of": more["older"]}),
    "close": lambda ann, _, post, __, ___: ann.call("PUT", f"/posts/{post}/closed", {"reason": "settled"}),
    "delete": lambda ann, _, post, __, ___: ann.call("DELETE", f"/posts/{post}"),
    "delete an answer": lambda _, bob, __, answer, ___: bob.call("DELETE", f"/approaches/{answer}"),
    "delete a comment": lambda _, bob, __, ___, more: bob.call("DELETE", f"/comments/{more['comment']}"),
    "change a comment": lambda _, bob, __, ___, more: bob.call("PUT", f"/comments/{more['comment']}", {"body": "other"}),
    "bring back": lambda _, bob, __, ___, more: bob.call("POST", f"/comments/{more['gone']}/restore"),
    "attach": lambda ann, _, post, __, more: ann.call("POST", f"/posts/{post}/attachments", {"file_id": more["file"]}),
    "detach": lambda ann, _, __, ___, more: ann.call("DELETE", f"/attachments/{more['shown']}"),
}  # fmt: skip


@pytest.mark.parametrize("act", LOCKED)
def test_a_locked_post_is_left_as_it_is(door: Door, keeper: Caller, act: str) -> None:
    ann, bob, post, answer = answered(door, accepted=act.startswith("take"))
    file, other = (brought(ann, picture(), purpose="attachment")["id"] for _ in range(2))
    more = {
        "older": bob.made("/posts", {"title": "Before", "body": "b"}),
        "comment": bob.made(f"/posts/{post}/comments", {"body": "b"}),
        "gone": bob.made(f"/posts/{post}/comments", {"body": "b"}),
        "file": file, "shown": ann.made(f"/posts/{post}/attachments", {"file_id": other}),
    }  # fmt: skip
    assert bob.call("DELETE", f"/comments/{more['gone']}").status_code == 204
    assert keeper.call("PUT", f"/posts/{post}/locked", {"reason": "heated"}).status_code == 204
    assert code_of(LOCKED[act](ann, bob, post, answer, more)) == (409, "post_locked")
    assert keeper.call("DELETE", f"/posts/{post}/locked").status_code == 204
    assert LOCKED[act](ann, bob, post, answer, more).status_code in (201, 204)


def test_an_author_does_not_make_a_moderators_closing_their_own(door: Door, keeper: Caller) -> None:
    ann, bob, post, _ = answered(door)
    older = bob.made("/posts", {"title": "Before", "body": "b"})
    assert keeper.call("PUT", f"/posts/{post}/closed", {"reason": "off_topic"}).status_code == 204
    assert code_of(ann.call("PUT", f"/posts/{post}/duplicate", {"of": older})) == (409, "already_closed")
    assert code_of(ann.call("DELETE", f"/posts/{post}/closed")) == (403, "not_a_moderator")
    assert keeper.call("PUT", f"/posts/{post}/duplicate", {"of": older}).status_code == 204
    assert code_of(ann.call("DELETE", f"/posts/{post}/closed")) == (403, "not_a_moderator")


def test_an_accepted_answer_can_be_deleted_after_its_post_was(door: Door) -> None:
    ann, bob, post, answer = answered(door, accepted=True)
    assert ann.call("DELETE", f"/posts/{post}").status_code == 204
    assert bob.call("DELETE", f"/approaches/{answer}").status_code == 204
    assert ann.call("POST", f"/posts/{post}/restore").status_code == 204
    view = ann.call("GET", f"/posts/{post}").json()
    assert (view["card"]["status"], view["accepted_approach_id"], view["approaches"]) == ("open", None, [])


def test_a_picture_is_shown_by_one_piece_of_work(door: Door) -> None:
    ann = door.member("ann")
    body = {"title": "Mine", "file_id": brought(ann, picture(), purpose="portfolio")["id"]}
    piece = ann.call("POST", "/profile/portfolio", body).json()
    assert code_of(ann.call("POST", "/profile/portfolio", body)) == (409, "in_use")
    assert ann.call("DELETE", f"/profile/portfolio/{piece['id']}").status_code == 204


def test_whoever_is_overtaken_is_told_so(door: Door, app_stack: Stack) -> None:
    """Somebody else's group of the same name in links is written, but not committed, when the request looks for one."""
    ann = door.member("ann")
    answers: list[httpx.Response] = []
    with psycopg.connect(app_stack.url("app")) as other:
        other.execute(
            "INSERT INTO community.groups (id, slug, title, about, joining, owner_id, created_at, updated_at) "
            "SELECT gen_random_uuid(), 'taken', 't', '', 'open', id, now(), now() FROM identity.accounts LIMIT 1"
        )
        asking = threading.Thread(
            target=lambda: answers.append(ann.call("POST", "/groups", {"slug": "taken", "name": "n"}))
        )
        asking.start()
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%community%groups%'"
        deadline = time.monotonic() + 20
        with psycopg.connect(app_stack.url("app"), autocommit=True) as looking:
            while not looking.execute(waiting).fetchone() and time.monotonic() < deadline:
                pass
        other.commit()
    asking.join(20)
    assert code_of(answers[0]) == (409, "overtaken")
    assert answers[0].json()["detail"].startswith("This was done, or undone, a moment ago")
