"""New people may do less at once; everybody is limited by kind of action, in all processes; some words nobody may publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.buckets import Bucket
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.errors import Invalid, TooSoon
from platform_app.identity import verification
from platform_app.identity.schemas import Account
from platform_app.moderation import guard, hidden, limits, texts, trust
from platform_app.moderation.trust import Standing
from platform_app.profiles.service import edit_profile
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, hours, moderator, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def newcomer(conn: Conn) -> Account:
    return sign_up(conn, "new", trusted=False)


def write(conn: Conn, who: Account, body: str = "b", seconds: float = 0) -> None:
    community.write_post(conn, who.id, title="t", body=body, now=NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("body", "links", "images", "mentions"),
    [
        ("", 0, 0, 0),
        ("see https://a.example and http://b.example.", 2, 0, 0),
        ("https://a.example https://a.example", 1, 0, 0),
        ("[a](https://a.example) <https://b.example> www.c.example", 3, 0, 0),
        ("![a](https://a.example/p.png) ![b][1]", 0, 2, 0),
        ("<img src='https://a.example/p.png'>", 0, 1, 0),
        ("[a](//a.example) [b](https:b.example) [c](/\t/c.example)", 2, 0, 0),
        ("<a href='/\\a.example'>a</a> <a href='/&#9;/b.example'>b</a> <a href=\"mailto:c@c.example\">c</a>", 3, 0, 0),
        ("[x](https&#58;//a.example) `https://b.example`", 2, 0, 0),
        ("[here](/posts/1) [there](#top) [x]: //a.example", 0, 0, 0),
        ("[x][1] and https://a.example/y_(z).\n\n[1]: https://a.example/y_(z)", 2, 0, 0),
        ("@ann and @bob, @ann", 0, 0, 2),
        ("`@ann` wrote @bob", 0, 0, 1),
    ],
)
def test_what_a_text_holds(body: str, links: int, images: int, mentions: int) -> None:
    assert texts.held(body) == texts.Held(links, images, mentions)


@given(st.integers(0, 6), st.integers(0, 6), st.text(alphabet="abc xyz\n", max_size=40))
def test_links_are_counted_wherever_they_stand(plain: int, images: int, between: str) -> None:
    parts = [f"https://{n}.example" for n in range(plain)] + [f"![i](https://i{n}.example)" for n in range(images)]
    found = texts.held(f" {between} ".join(parts))
    assert (found.links, found.images) == (plain, images)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What a Badword!", {"badword"}), ("ＢＡＤＷＯＲＤ", {"badword"}), ("bad\u200bword", {"badword"}),
        ("badwords are fine", set()), ("Buy   cheap\npills.", {"cheap pills"}), ("cheapo pills", set()), ("", set()),
    ],
)  # fmt: skip
def test_words_are_found_in_any_dress_but_not_inside_others(text: str, found: set[str]) -> None:
    assert texts.named(text, ["badword", "cheap pills"]) == found


@pytest.mark.parametrize(
    ("body", "fine"),
    [
        ("https://a.example https://b.example", True), ("https://a.example https://b.example https://c.example", False),
        ("![a](https://a.example)", True), ("![a](https://a.example) ![b](https://b.example)", False),
        ("@ann @bob", True), ("@ann @bob @cleo", False),
    ],
    ids=["2 links", "3 links", "1 image", "2 images", "2 calls", "3 calls"],
)  # fmt: skip
def test_a_new_persons_text_holds_little(conn: Conn, body: str, fine: bool) -> None:
    known = sign_up(conn)
    write(conn, known, body)
    new = newcomer(conn)
    if fine:
        write(conn, new, body)
        return
    with pytest.raises(Invalid) as refused:
        write(conn, new, body)
    assert refused.value.code == "new_account"


def test_a_new_persons_text_shows_one_picture(conn: Conn) -> None:
    guard.may_show(conn, newcomer(conn).id, 1, NOON)
    guard.may_show(conn, sign_up(conn).id, 2, NOON)
    with pytest.raises(Invalid) as refused:
        guard.may_show(conn, newcomer(conn).id, 2, NOON)
    assert refused.value.code == "new_account"


def test_a_profile_is_a_text_like_others(conn: Conn) -> None:
    links = " ".join(f"https://{n}.example" for n in range(3))
    for who in (sign_up(conn), newcomer(conn)):
        fields = {"headline": "h", "website_url": None, "location": None}
        edit_profile(conn, who.id, bio="b", now=NOON, **fields)
        if trust.is_trusted(conn, who, NOON):
            edit_profile(conn, who.id, bio=links, now=NOON, **fields)
        else:
            with pytest.raises(Invalid, match="at most 2 links"):
                edit_profile(conn, who.id, bio=links, now=NOON, **fields)


def test_a_new_person_takes_time_between_texts_and_writes_few_on_the_first_day(conn: Conn) -> None:
    new, target = newcomer(conn), Target(post_id=post_by(conn, sign_up(conn)))
    write(conn, new)
    with pytest.raises(TooSoon) as refused:
        write(conn, new, seconds=119)
    assert refused.value.seconds == 1
    write(conn, new, seconds=120)
    write(conn, new, seconds=240)
    with pytest.raises(TooSoon) as refused:
        write(conn, new, seconds=3_600)
    assert refused.value.seconds == 23 * 3_600
    write(conn, new, seconds=24 * 3_600)

    def reply(seconds: float) -> None:
        community.comment(conn, new.id, target, body="b", now=NOON + timedelta(seconds=seconds))

    for n in range(10):
        reply(n * 30)
        with pytest.raises(TooSoon):
            reply(n * 30 + 29)
    with pytest.raises(TooSoon):
        reply(3_600)
    reply(24 * 3_600)


def test_those_who_are_known_write_as_they_like(conn: Conn) -> None:
    for known in (sign_up(conn), moderator(conn)):
        for _ in range(6):
            write(conn, known, "https://a.example " * 3 + "@ann @bob @cleo")


GOOD = {"by_word": False, "verified": True, "joined_at": NOON, "written": 5, "upheld": 0}


@pytest.mark.parametrize(
    ("change", "after", "trusted"),
    [
        ({}, 72, True), ({}, 71.9, False), ({"verified": False}, 72, False), ({"written": 4}, 72, False),
        ({"upheld": 1}, 72, False), ({"by_word": True, "verified": False, "written": 0, "upheld": 3}, 0, True),
    ],
    ids=["all hold", "too young", "address", "wrote little", "a report was right", "a moderator's word"],
)  # fmt: skip
def test_the_rule_of_trust(change: dict[str, object], after: float, trusted: bool) -> None:
    assert trust.earned(Standing(**(GOOD | change)), hours(after)) is trusted  # type: ignore[arg-type]


def test_trust_is_earned_and_lost_again(conn: Conn) -> None:
    ann, keeper = newcomer(conn), moderator(conn)
    assert ann.email is not None
    posts = [post_by(conn, ann, now=hours(24 + n)) for n in range(5)]
    assert not trust.is_trusted(conn, ann, hours(80))
    verification.mark(conn, ann.id, ann.email, hours(1))
    assert trust.is_trusted(conn, ann, hours(80))
    assert not trust.is_trusted(conn, ann, hours(71))
    hidden.put(conn, "post", posts[0], ann.id, "reports", hours(80))
    assert not trust.is_trusted(conn, ann, hours(80))
    trust.give(conn, keeper.id, ann.id, reason="I know her.", now=hours(80))
    assert trust.is_trusted(conn, ann, hours(80))
    trust.take(conn, keeper.id, ann.id, reason="I was wrong.", now=hours(80))
    assert not trust.is_trusted(conn, ann, hours(80))


def test_a_bucket_empties_and_fills_evenly(conn: Conn) -> None:
    ann, bucket = sign_up(conn), limits.KINDS["report"]
    for _ in range(bucket.size):
        limits.spend(conn, ann, "report", NOON)
    with conn.transaction(), pytest.raises(TooSoon) as refused, conn.transaction():
        limits.spend(conn, ann, "report", NOON)
    each = bucket.seconds / bucket.size
    assert refused.value.seconds == each
    limits.spend(conn, ann, "report", NOON + timedelta(seconds=each))
    with pytest.raises(TooSoon), conn.transaction():
        limits.spend(conn, ann, "report", NOON + timedelta(seconds=each))
    limits.spend(conn, ann, "comment", NOON)  # another kind has its own
    for _ in range(bucket.size + 1):
        limits.spend(conn, moderator(conn), "report", NOON)


def test_the_limit_holds_across_connections(database: Database, app_stack: Stack) -> None:
    with database.write("t") as conn:
        ann = sign_up(conn)
    size = limits.KINDS["report"].size

    def one(_: int) -> bool:
        with psycopg.connect(app_stack.url("app")) as conn:
            try:
                limits.spend(conn, ann, "report", NOON)
            except TooSoon:
                conn.rollback()
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(size + 12))) == size


@pytest.mark.parametrize("kind", sorted(limits.KINDS))
def test_every_kind_can_be_spent(conn: Conn, kind: str) -> None:
    guard.may_do(conn, sign_up(conn).id, kind, NOON)


def keep_a_draft(who: Caller, _: str) -> int:
    return who.call("POST", "/drafts", {"form": "post", "title": "t"}).status_code


def save_it(who: Caller, post: str) -> int:
    return who.call("PUT", f"/posts/{post}/saved").status_code


def found_a_group(who: Caller, _: str) -> int:
    body = {"slug": f"g-{uuid4().hex[:12]}", "name": "Pumps"}
    return who.call("POST", "/groups", body).status_code


def join_a_group(who: Caller, _: str) -> int:
    [group, *_] = who.call("GET", "/groups").json()
    return who.call("PUT", f"/groups/{group['slug']}/membership").status_code


@pytest.mark.parametrize(
    ("kind", "act"),
    [("draft", keep_a_draft), ("save", save_it), ("group", found_a_group), ("membership", join_a_group)],
)
def test_what_is_kept_and_joined_has_limits_too(
    door: Door, monkeypatch: pytest.MonkeyPatch, kind: str, act: Callable[[Caller, str], int]
) -> None:
    host, ann = door.member("host"), door.member("ann")
    assert found_a_group(host, "") == 201
    post = host.made("/posts", {"title": "t", "body": "b"})
    monkeypatch.setitem(limits.KINDS, kind, Bucket(2, 3_600))
    said = [act(ann, post) for _ in range(3)]
    assert (max(said[:2]) < 300, said[2]) == (True, 429)
    monkeypatch.setattr(limits, "spend", lambda *_: None)
    assert act(ann, post) < 300, "the control"


def test_an_unwanted_word_is_refused_in_what_is_written_and_changed(conn: Conn) -> None:
    ann = sign_up(conn)
    post = post_by(conn, ann)
    texts.ban(conn, "  Bad-Word ", NOON)
    assert texts.unwanted(conn) == ["bad-word"]
    for attempt in (
        lambda: write(conn, ann, "This bad-word here"),
        lambda: community.edit_post(conn, ann.id, post, title="BAD-WORD", body="b", tags=[], now=NOON),
        lambda: community.comment(conn, ann.id, Target(post_id=post), body="bad-word", now=NOON),
    ):
        with pytest.raises(Invalid) as refused:
            attempt()
        assert refused.value.code == "unwanted_word"
    texts.allow(conn, "bad-word")
    write(conn, ann, "This bad-word here")


def test_by_http_a_new_person_is_told_how_long_to_wait(door: Door) -> None:
    new = door.member("new", trusted=False)
    body = {"title": "t", "body": "b"}
    assert new.call("POST", "/posts", body).status_code == 201
    again = new.call("POST", "/posts", body)
    assert (again.status_code, again.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(again.headers["Retry-After"]) <= 120
    linked = new.call("POST", "/posts", {"title": "t", "body": "https://a.example https://b.example https://c.example"})
    assert (linked.status_code, linked.json()["code"]) == (422, "new_account")
    known = door.member("known")
    assert [known.call("POST", "/posts", body).status_code for _ in range(3)] == [201] * 3
