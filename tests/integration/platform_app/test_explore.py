"""The feed, the explore page and what is remembered of them: through HTTP, as members, visitors and programs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from platform_app.db import Database
from platform_app.explore import history
from platform_app.explore.scoring import ALGORITHM
from platform_app.identity import service as identity
from platform_app.leaving import leave
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, moderator, vocabulary
from tests.lib.stack import Stack

AGREED = {"lake": True, "recommendations": True}


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(autouse=True)
def fresh(database: Database, door: Door) -> None:
    """Nothing is kept of the tests before."""
    with database.write("t") as conn:
        conn.execute("DELETE FROM explore.rankings")
        vocabulary(conn, "rust", "go", "sql")
    door.app.state.hot.clear()


def post(who: Caller, title: str, *tags: str, body: str = "It does not work.") -> str:
    return who.made("/posts", {"title": title, "body": body, "tags": list(tags)})


def titles(page: dict[str, Any]) -> list[tuple[str, str]]:
    """(title, reason in words) of the page's entries."""
    return [((one["post"] or one["approach"])["title"], one["words"]) for one in page["items"]]


def reasons(who: Caller, path: str = "/feed") -> dict[str, str]:
    answer = who.call("GET", path)
    assert answer.status_code == 200, answer.text
    return dict(titles(answer.json()))


def test_what_one_follows_comes_first_and_says_why(door: Door) -> None:
    ann, bob, cem, dora = (door.member(name) for name in ("ann", "bob", "cem", "dora"))
    post(dora, "By nobody in particular")
    post(cem, "About rust", "rust")
    post(bob, "By somebody I follow")
    post(ann, "My own")
    ann.call("PUT", f"/people/{bob.handle}/follow")
    ann.call("PUT", "/tags/rust/follow")
    found = reasons(ann)
    assert list(found)[:2] == ["By somebody I follow", "About rust"]
    assert found["By somebody I follow"] == "because you follow Bob"
    assert found["About rust"] == "because you follow rust"
    assert found["By nobody in particular"] == "new here"
    assert "My own" not in found
    explored = reasons(ann, "/explore")
    assert "By somebody I follow" not in explored
    assert "About rust" in explored


def test_following_is_seen_at_once(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    post(bob, "Something of Bob")
    assert reasons(ann)["Something of Bob"] == "new here"
    ann.call("PUT", f"/people/{bob.handle}/follow")
    assert reasons(ann)["Something of Bob"] == "because you follow Bob"
    ann.call("DELETE", f"/people/{bob.handle}/follow")
    assert reasons(ann)["Something of Bob"] == "new here"
    ann.call("PUT", "/tags/go/follow")
    post(bob, "Bob on go", "go")
    ann.call("DELETE", "/tags/go/follow")
    assert reasons(ann)["Bob on go"] == "new here"


def test_history_counts_for_those_who_agreed_and_for_nobody_else(door: Door) -> None:
    ann, eve, bob = door.member("ann", **AGREED), door.member("eve", lake=True), door.member("bob")
    for who in (ann, eve):
        for number in range(4):
            post(who, f"{who.handle} {number}", "sql")
    liked = post(bob, "About sql", "sql")
    found, answer = reasons(ann), ann.call("GET", "/feed").json()
    assert found["About sql"] == "because you write about sql"
    assert answer["personal"]
    assert answer["algorithm"] == ALGORITHM
    assert reasons(eve)["About sql"] != "because you write about sql"
    assert not eve.call("GET", "/feed").json()["personal"]
    assert liked


def test_skills_count_for_those_who_agreed_and_for_nobody_else(door: Door) -> None:
    ann, eve, bob = door.member("ann", **AGREED), door.member("eve", lake=True), door.member("bob")
    for who in (ann, eve):
        who.call("PUT", "/profile/skills", {"skills": [{"skill": "go", "level": "expert"}]})
    post(bob, "A question for somebody able", "go")
    assert reasons(ann)["A question for somebody able"] == "because go is among your skills"
    assert reasons(eve)["A question for somebody able"] == "new here"


def test_visitors_see_what_is_popular(door: Door) -> None:
    bob, voters = door.member("bob"), [door.member("voter") for _ in range(5)]
    loved = post(bob, "Loved by all")
    for voter in voters:
        voter.call("PUT", f"/posts/{loved}/vote", {"value": 1})
    post(bob, "Loved by none")
    page = door.visitor().call("GET", "/explore").json()
    assert not page["personal"]
    assert dict(titles(page))["Loved by all"] == "popular now"
    assert door.visitor().call("GET", "/feed").status_code == 401
    seen = door.visitor().look("/explore")
    assert seen.index("Loved by all") < seen.index("Loved by none")
    assert "Sign up" in seen


def test_pages_of_a_ranking_stay_the_same_while_others_write(door: Door) -> None:
    ann, others = door.member("ann"), [door.member("other") for _ in range(6)]
    for number, who in enumerate(others):
        post(who, f"Before {number}")
    first = ann.call("GET", "/feed?limit=3").json()
    for number, who in enumerate(others):
        post(who, f"After {number}")
    seen, page = [one["post"]["id"] for one in first["items"]], first
    while page["next_cursor"]:
        page = ann.call("GET", f"/feed?limit=3&cursor={page['next_cursor']}").json()
        seen += [one["post"]["id"] for one in page["items"] if one["post"]]
    assert len(seen) == len(set(seen)) >= 6
    again = ann.call("GET", f"/feed?limit=3&cursor={first['next_cursor']}").json()
    assert [one["post"]["id"] for one in again["items"]] == seen[3:6]


@pytest.mark.parametrize(
    "cursor", ["", "x", "01a1fd6a-c2c0-7ed6-a273-efadaa243ce2.3", "9" * 60, "1.2.3", "%F0%9F%92%A9"]
)
def test_a_cursor_that_leads_nowhere_shows_a_page(door: Door, cursor: str) -> None:
    ann = door.member("ann")
    assert ann.call("GET", f"/feed?cursor={cursor}").status_code == 200
    assert door.browser_of(ann).look(f"/?before={cursor}")
    door.visitor().look(f"/?before={cursor}&feed=newest")
    door.visitor().look(f"/explore?before={cursor}")


def test_nobody_reads_anothers_ranking(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    for number in range(4):
        post(door.member("x"), f"Thing {number}")
    ann.call("PUT", f"/people/{bob.handle}/follow")
    post(bob, "For Ann alone")
    cursor = ann.call("GET", "/feed?limit=1").json()["next_cursor"]
    ranking = cursor.partition(".")[0]
    assert reasons(bob, f"/feed?cursor={ranking}.0").get("For Ann alone") is None


def test_what_is_gone_is_left_out_of_a_ranking_that_was_settled_before(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    gone, stays = post(bob, "Soon gone"), post(bob, "Stays")
    assert {"Soon gone", "Stays"} <= reasons(ann).keys()
    bob.call("DELETE", f"/posts/{gone}")
    found = reasons(ann)
    assert "Soon gone" not in found
    assert "Stays" in found
    assert stays


def test_an_answer_is_shown_with_what_it_answers(door: Door) -> None:
    ann, bob, cem = door.member("ann"), door.member("bob"), door.member("cem")
    asked = post(cem, "How do I stop the pump?")
    bob.made(f"/posts/{asked}/approaches", {"body": "Turn the valve."})
    ann.call("PUT", f"/people/{bob.handle}/follow")
    (one,) = [one for one in ann.call("GET", "/feed").json()["items"] if one["approach"]]
    assert (one["post_title"], one["words"]) == ("How do I stop the pump?", "because you follow Bob")
    page = door.browser_of(ann).look("/")
    assert "An approach to “How do I stop the pump?” · because you follow Bob" in page


def shown(database: Database, who: Caller) -> list[tuple[str, int, str, bool]]:
    """(title, rank, surface, opened) of what is written of somebody."""
    with database.read() as conn:
        return conn.execute(
            "SELECT p.title, i.rank, i.surface, i.clicked_at IS NOT NULL FROM explore.impressions i "
            "JOIN community.posts p ON p.id = i.post_id JOIN identity.accounts a ON a.id = i.account_id "
            "WHERE a.handle = %s ORDER BY i.surface, i.rank",
            (who.handle,),
        ).fetchall()


def test_what_is_shown_and_opened_is_remembered_of_those_who_agreed(door: Door, database: Database) -> None:
    ann, bob = door.member("ann", **AGREED), door.member("bob")
    ann.call("PUT", "/tags/go/follow")  # keeps it on the first page when it was shown before
    opened = post(bob, "Opened", "sql", "go")
    post(bob, "Passed over")
    browser = door.browser_of(ann)
    for _ in range(2):
        browser.look("/")
    browser.look("/explore")
    browser.client.get(f"/posts/{opened}", headers={"Referer": f"{door.url}/"})
    door.app.state.impressions.write()
    rows = shown(database, ann)
    assert {(title, surface, clicked) for title, _, surface, clicked in rows if "Opened" in title} == {
        ("Opened", "explore", False), ("Opened", "feed", True),
    }  # fmt: skip
    assert ("Passed over", "feed", False) in {(title, surface, clicked) for title, _, surface, clicked in rows}
    assert len({(title, surface) for title, _, surface, _ in rows}) == len(rows)  # twice on a day is once
    with database.write("t") as conn:
        conn.execute("DELETE FROM explore.rankings")
    post(bob, "More of that", "sql")
    assert reasons(ann)["More of that"] == "because you looked at sql"


@pytest.mark.parametrize("header", [{"DNT": "1"}, {"Sec-GPC": "1"}])
def test_whoever_asks_not_to_be_tracked_is_not(door: Door, database: Database, header: dict[str, str]) -> None:
    ann, bob = door.member("ann", **AGREED), door.member("bob")
    post(bob, "Quiet")
    browser = door.browser_of(ann)
    browser.client.headers.update(header)
    browser.look("/")
    door.app.state.impressions.write()
    assert shown(database, ann) == []


def test_of_others_and_of_other_ways_nothing_is_remembered(door: Door, database: Database) -> None:
    ann, eve, bob = door.member("ann", **AGREED), door.member("eve", lake=True), door.member("bob")
    item = post(bob, "Unseen")
    ann.call("GET", "/feed")  # a program
    ann_there, eve_there, visitor = door.browser_of(ann), door.browser_of(eve), door.visitor()
    for path in ("/?feed=newest", "/?feed=followed", "/?feed=popular"):
        ann_there.look(path)
    for browser in (ann_there, eve_there, visitor):
        for referer in (f"{door.url}/", f"{door.url}/?feed=newest", "https://elsewhere.example/", ""):
            browser.client.get(f"/posts/{item}", headers={"Referer": referer})
    eve_there.look("/")
    visitor.look("/")
    door.app.state.impressions.write()
    with database.read() as conn:
        handles = [ann.handle, eve.handle]
        query = (
            "SELECT count(*) FROM explore.impressions i JOIN identity.accounts a ON a.id = i.account_id "
            "WHERE a.handle = ANY(%s)"
        )
        assert conn.execute(query, (handles,)).fetchone() == (0,)


def test_an_opening_waits_for_the_process_that_showed_it(door: Door, database: Database) -> None:
    ann, bob = door.member("ann", **AGREED), door.member("bob")
    item = post(bob, "Late")
    browser = door.browser_of(ann)
    browser.client.get(f"/posts/{item}", headers={"Referer": f"{door.url}/"})  # shown by another process
    door.app.state.impressions.write()
    assert shown(database, ann) == []
    browser.look("/")
    door.app.state.impressions.write()
    assert ("Late", "feed", True) in {(title, surface, clicked) for title, _, surface, clicked in shown(database, ann)}


def test_withdrawing_forgets_what_was_remembered(door: Door, database: Database) -> None:
    ann, bob = door.member("ann", **AGREED), door.member("bob")
    post(bob, "Forgotten")
    browser = door.browser_of(ann)
    browser.look("/")
    door.app.state.impressions.write()
    assert shown(database, ann)
    browser.look("/explore")  # waits in memory while they withdraw
    ann.call("PUT", "/consents/recommendations", {"granted": False})
    door.app.state.impressions.write()
    assert shown(database, ann) == []
    assert not ann.call("GET", "/feed").json()["personal"]


def test_a_person_who_leaves_takes_it_along(door: Door, database: Database) -> None:
    ann, bob = door.member("ann", **AGREED), door.member("bob")
    post(bob, "Left behind")
    browser = door.browser_of(ann)
    browser.look("/")
    door.app.state.impressions.write()
    browser.look("/explore")
    with database.write("t") as conn:
        leave(conn, identity.find_by_handle(conn, ann.handle).id, NOON)
    door.app.state.impressions.write()
    assert shown(database, ann) == []


def test_what_is_old_is_purged(door: Door, database: Database) -> None:
    ann, bob = door.member("ann", **AGREED), door.member("bob")
    post(bob, "Old")
    door.browser_of(ann).look("/")
    door.app.state.impressions.write()
    with database.write("t") as conn:
        conn.execute("UPDATE explore.impressions SET shown_at = shown_at - interval '91 days'")
        conn.execute("UPDATE explore.rankings SET made_at = made_at - interval '2 days'")
        assert history.purge(conn, 0) == 0
        assert history.purge(conn, 1_000) >= 1
        assert conn.execute("SELECT count(*) FROM explore.rankings").fetchone() == (0,)
    assert shown(database, ann) == []


def test_people_to_follow_are_those_whom_ones_people_follow(door: Door) -> None:
    ann, bob, cem, dora, eve = (door.member(name, **AGREED) for name in ("ann", "bob", "cem", "dora", "eve"))
    shy = door.member("shy", lake=True)
    for near in (bob, cem):
        ann.call("PUT", f"/people/{near.handle}/follow")
        for far in (dora, shy):
            near.call("PUT", f"/people/{far.handle}/follow")
    bob.call("PUT", f"/people/{eve.handle}/follow")
    found = [(one["handle"], one["words"]) for one in ann.call("GET", "/explore/people").json()]
    assert found == [(dora.handle, "followed by 2 people you follow"), (eve.handle, "followed by somebody you follow")]
    assert "followed by 2 people you follow" in door.browser_of(ann).look("/explore")
    assert shy.call("GET", "/explore/people").json() == []


def test_lists_of_followers_are_paged_and_say_who_follows_whom(door: Door) -> None:
    star, ann = door.member("star"), door.member("ann")
    fans = [door.member("fan") for _ in range(12)]
    for fan in (*fans, ann):
        fan.call("PUT", f"/people/{star.handle}/follow")
    star.call("PUT", f"/people/{ann.handle}/follow")
    seen: list[str] = []
    cursor = ""
    while True:
        page = ann.call("GET", f"/people/{star.handle}/followers?limit=5{cursor}").json()
        seen += [one["handle"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [ann.handle, *(fan.handle for fan in reversed(fans))]
    assert (page["followers"], page["following"]) == (13, 1)
    (one,) = ann.call("GET", f"/people/{star.handle}/following").json()["items"]
    assert (one["handle"], one["mine"], one["back"]) == (ann.handle, False, False)
    (back,) = ann.call("GET", f"/people/{ann.handle}/followers").json()["items"]
    assert (back["handle"], back["mine"], back["back"]) == (star.handle, True, True)
    section = door.browser_of(ann).look(f"/people/{star.handle}?show=follows")
    assert f'href="/people/{star.handle}/followers">All 13</a>' in section
    whole = door.browser_of(ann).look(f"/people/{star.handle}/followers")
    assert len(re.findall(r'class="beside-follow"', whole)) == 13
    assert "Nobody follows" in door.visitor().look(f"/people/{fans[0].handle}/followers")
    door.visitor().look("/people/no-such-person/followers", 404)


def test_the_front_page_of_visitors_is_kept_and_forgotten_with_a_change(door: Door, database: Database) -> None:
    bob = door.member("bob")
    with database.write("t") as conn:
        keeper = moderator(conn)
    visitor = door.visitor()
    post(bob, "First of all")
    assert "First of all" in await_front(door, "First of all")
    item = post(bob, "Second of all")
    page = await_front(door, "Second of all")
    assert "First of all" in page
    bob.call("DELETE", f"/posts/{item}")
    await_front(door, "Second of all", there=False)
    assert visitor.look("/")
    assert keeper


def await_front(door: Door, title: str, *, there: bool = True) -> str:
    """The start page of a visitor, once it was told of the change; well before what it keeps grows old."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        page = door.visitor().look("/")
        if (title in page) is there:
            return page
        time.sleep(0.02)
    raise AssertionError(f"the start page does not change: {title}")
