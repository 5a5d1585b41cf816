"""Two people edit one text: the second is told, sees both, and loses nothing; in the API by If-Match, on pages by the form."""

from __future__ import annotations

import html
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.lib.front_door import Caller, Door, open_door
from tests.lib.stack import Stack

FIRST, MINE, THEIRS = "It hums & stops.", "It hums, and <then> stops.", "It hums; the fuse is blown."


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def ann(door: Door) -> Caller:
    return door.member("ann")


@pytest.fixture(scope="module")
def keeper(door: Door, app_stack: Stack) -> Caller:
    member = door.member("keeper")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'moderator' WHERE handle = %s", (member.handle,))
    return member


@pytest.fixture(params=["/posts", "/approaches"])
def path(request: pytest.FixtureRequest, ann: Caller) -> str:
    return f"{request.param}/{ann.made(request.param, {'title': 'A pump', 'body': FIRST})}"


def profile(who: Caller, seen: str, **texts: str) -> int:
    return who.call("PUT", "/profile", texts, **{"If-Match": seen}).status_code


def test_a_profile_is_not_overwritten_either(door: Door) -> None:
    bob = door.member("bob")
    seen = bob.call("GET", "/profile").headers["ETag"]
    assert profile(bob, seen, bio=MINE) == 200
    assert [profile(bob, tag, bio=THEIRS) for tag in (seen, "*", "")] == [412, 200, 200]
    seen = bob.call("GET", "/profile").headers["ETag"]
    assert profile(bob, seen, display_name="Bob the Second", bio=THEIRS) == 200
    assert profile(bob, seen, bio=MINE) == 412, "the name is part of it"
    saved = bob.call("PUT", "/profile", {"bio": MINE})
    assert saved.headers["ETag"] == bob.call("GET", "/profile").headers["ETag"]


def test_of_two_edits_of_a_profile_at_once_one_is_told(door: Door) -> None:
    cleo = door.member("cleo")
    seen = cleo.call("GET", "/profile").headers["ETag"]
    with ThreadPoolExecutor(4) as windows:
        said = list(windows.map(lambda number: profile(cleo, seen, bio=f"Text {number}"), range(4)))
    assert sorted(said) == [200, 412, 412, 412]


def test_the_profile_form_shows_what_differs_and_saves_the_second_time(door: Door) -> None:
    dora = door.member("dora")
    browser, form = door.browser_of(dora), "/settings/profile"
    version = browser.look(form).split('name="version" value="')[1].split('"')[0]
    assert profile(dora, "*", headline="Pumps", bio=THEIRS) == 200
    refused = browser.send(form, display_name="Dora", headline="Pumps", bio=MINE, version=version)
    shown = html.unescape(refused.text)
    assert (refused.status_code, THEIRS in shown, MINE in shown) == (412, True, True)
    assert 'id="theirs-headline"' not in shown, "it is the same in both"
    newer = refused.text.split('name="version" value="')[1].split('"')[0]
    assert browser.send(form, display_name="Dora", bio=MINE, version=newer).status_code == 303
    assert dora.call("GET", "/profile").json()["bio"] == MINE


def text_of(who: Caller, path: str) -> str:
    seen = who.call("GET", path).json()
    return str(seen.get("card", seen)["body"])


def save(who: Caller, path: str, body: str, seen: str | None) -> tuple[int, str]:
    headers = {"If-Match": seen} if seen is not None else {}
    answer = who.call("PUT", path, {"title": "A pump", "body": body}, **headers)
    return answer.status_code, answer.json()["code"] if answer.content else ""


def test_whoever_saves_second_is_told(ann: Caller, keeper: Caller, path: str) -> None:
    seen = ann.call("GET", path).headers["ETag"]
    assert keeper.call("GET", path).headers["ETag"] == seen
    assert save(keeper, path, THEIRS, seen) == (204, "")
    assert save(ann, path, MINE, seen) == (412, "edited_meanwhile")
    assert text_of(ann, path) == THEIRS
    assert save(ann, path, MINE, ann.call("GET", path).headers["ETag"]) == (204, "")
    assert text_of(ann, path) == MINE


@pytest.mark.parametrize("seen", [None, "*", ""])
def test_whoever_does_not_ask_is_not_told(ann: Caller, path: str, seen: str | None) -> None:
    assert save(ann, path, MINE, seen) == (204, "")


def test_a_vote_or_an_answer_in_between_is_no_conflict(ann: Caller, keeper: Caller, path: str) -> None:
    seen = ann.call("GET", path).headers["ETag"]
    assert keeper.call("PUT", f"{path}/vote", {"value": 1}).status_code == 204
    assert keeper.call("POST", f"{path}/comments", {"body": "Since when?"}).status_code == 201
    assert save(ann, path, MINE, seen) == (204, "")


def test_the_page_shows_both_texts_and_saves_the_second_time(
    door: Door, ann: Caller, keeper: Caller, path: str
) -> None:
    browser, form = door.browser_of(ann), f"{path}/edit"
    version = browser.look(form).split('name="version" value="')[1].split('"')[0]
    assert save(keeper, path, THEIRS, "*") == (204, "")
    refused = browser.send(form, title="A pump", body=MINE, version=version)
    assert refused.status_code == 412
    shown = html.unescape(refused.text)
    assert (THEIRS in shown, MINE in shown) == (True, True)
    newer = refused.text.split('name="version" value="')[1].split('"')[0]
    assert browser.send(form, title="A pump", body=MINE, version=newer).status_code == 303
    assert text_of(ann, path) == MINE
