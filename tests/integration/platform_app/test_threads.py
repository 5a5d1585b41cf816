"""Comments in threads: replies, their places, changing and deleting with second thoughts, and pages of the many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.kit.clock import utc_now
from platform_app.community import batch, reads, second_thoughts, threads
from platform_app.community import service as community
from platform_app.community.schemas import CommentRow, CommentView, Discussion, Target
from platform_app.community.second_thoughts import WINDOW
from platform_app.community.tidy import Tidier
from platform_app.db import Conn, Database
from platform_app.errors import NotAllowed, NotFound
from platform_app.ids import settled_id
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, approach_by, hours, moderator, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def ann(door: Door) -> Caller:
    return door.member("annie")


def outline(found: Discussion) -> list[tuple[int, str]]:
    """(depth, words) of everything, as it stands on the page."""
    return [(one.depth, one.body) for thread in found.threads for one in (thread.root, *thread.replies)]


def test_replies_stand_under_what_they_answer_at_most_three_deep(conn: Conn) -> None:
    ann = sign_up(conn)
    target = Target(post_id=post_by(conn, ann))
    ids: dict[str, UUID] = {}
    for number, (body, parent) in enumerate(
        [("a", None), ("b", None), ("a1", "a"), ("a2", "a"), ("a1x", "a1"), ("a1y", "a1x")]
    ):
        above = ids.get(parent or "")
        ids[body] = community.comment(conn, ann.id, target, body=body, parent_id=above, now=hours(number))
    assert outline(threads.discussion(conn, target)) == [
        (1, "a"), (2, "a1"), (3, "a1x"), (3, "a1y"), (2, "a2"), (1, "b"),
    ]  # fmt: skip
    assert {one.parent_id for one in threads.thread_of(conn, ids["a1y"]) if one.depth == 3} == {ids["a1"]}
    assert target.post_id
    assert reads.read_post(conn, target.post_id).card.comments == 6


def test_a_reply_stays_with_its_text(conn: Conn) -> None:
    ann = sign_up(conn)
    one, other = Target(post_id=post_by(conn, ann)), Target(approach_id=approach_by(conn, ann, None))
    remark = community.comment(conn, ann.id, one, body="a", now=NOON)
    with pytest.raises(NotFound, match="is gone"):
        community.comment(conn, ann.id, other, body="b", parent_id=remark, now=NOON)


@pytest.fixture(scope="module")
def crowd(app_stack: Stack) -> Iterator[tuple[Conn, UUID]]:
    with psycopg.connect(app_stack.url("app")) as conn:
        yield conn, sign_up(conn).id
        conn.rollback()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parents=st.lists(st.integers(0, 30), max_size=25), gone=st.sets(st.integers(0, 25)))
def test_pages_show_every_comment_once_and_each_reply_behind_its_parent(
    crowd: tuple[Conn, UUID], parents: list[int], gone: set[int]
) -> None:
    conn, author = crowd
    with conn.transaction(force_rollback=True):
        post = community.write_post(conn, author, title="t", body="b", now=NOON)
        target, written = Target(post_id=post), list[UUID]()
        for number, place in enumerate(parents):
            above = written[place] if place < len(written) else None
            at = hours(number)
            written.append(community.comment(conn, author, target, body=str(number), parent_id=above, now=at))
        for number in gone & set(range(len(written))):
            community.delete_comment(conn, author, written[number], hours(99))
        seen: list[CommentView] = []
        after: UUID | None = None
        while True:
            page = threads.discussion(conn, target, after=after, limit=2)
            for thread in page.threads:
                whole = threads.thread_of(conn, thread.root.id)
                assert len(whole) == 1 + len(thread.replies) + thread.more
                seen += [whole[0], *threads.ordered(whole[1:])]
            if page.next_cursor is None:
                break
            after = page.next_cursor
        alive = {one.id for one in seen if one.status == "published"}
        assert alive == {one for number, one in enumerate(written) if number not in gone}
        assert len(seen) == len({one.id for one in seen})
        places = {one.id: place for place, one in enumerate(seen)}
        for one in seen:
            assert one.depth == 1 or (one.parent_id in places and places[one.parent_id] < places[one.id])
            assert one.status == "published" or (one.body, one.author_id) == ("", None)


def test_a_comment_that_is_gone_keeps_its_place_while_replies_stand_under_it(conn: Conn) -> None:
    ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
    target = Target(post_id=post_by(conn, ann))
    first = community.comment(conn, ann.id, target, body="secret", now=NOON)
    reply = community.comment(conn, bob.id, target, body="Why?", parent_id=first, now=NOON)
    community.delete_comment(conn, ann.id, first, NOON)
    [thread] = threads.discussion(conn, target).threads
    assert (thread.root.body, thread.root.author_name, [one.body for one in thread.replies]) == (
        "",
        "Deleted",
        ["Why?"],
    )
    with pytest.raises(NotFound):
        community.comment(conn, bob.id, target, body="And?", parent_id=first, now=NOON)
    second_thoughts.forget_comments(conn, hours(2))
    assert conn.execute("SELECT body FROM community.comments WHERE id = %s", (first,)).fetchone() == ("[deleted]",)
    community.delete_comment(conn, bob.id, reply, NOON)
    assert threads.discussion(conn, target).threads == []


def test_a_comment_can_be_changed_for_an_hour_by_its_author(conn: Conn) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    target = Target(post_id=post_by(conn, ann))
    comment = community.comment(conn, ann.id, target, body="a", now=NOON)
    threads.edit_comment(conn, ann.id, comment, body="b", now=NOON + WINDOW)
    assert (threads.comment_for(conn, comment).body, threads.comment_for(conn, comment).edited_at) == ("b", hours(1))
    with pytest.raises(NotAllowed, match="for an hour"):
        threads.edit_comment(conn, ann.id, comment, body="c", now=NOON + WINDOW + timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="Only its author"):
        threads.edit_comment(conn, keeper.id, comment, body="c", now=NOON)


@pytest.mark.parametrize("kind", ["posts", "approaches", "comments"])
def test_what_was_deleted_comes_back_for_an_hour(conn: Conn, kind: str) -> None:
    ann, bob, keeper = sign_up(conn), sign_up(conn), moderator(conn)
    post = post_by(conn, ann)
    solved = approach_by(conn, ann, post)
    community.accept(conn, ann.id, solved, NOON)
    remark = community.comment(conn, ann.id, Target(post_id=post), body="a", now=NOON)
    item = {"posts": post, "approaches": solved, "comments": remark}[kind]
    delete = {
        "posts": community.delete_post, "approaches": community.delete_approach, "comments": community.delete_comment,
    }[kind]  # fmt: skip
    delete(conn, ann.id, item, hours(1))
    assert [(one.kind, one.id) for one in second_thoughts.recent(conn, ann.id, hours(1.5))] == [(kind, item)]
    assert second_thoughts.recent(conn, ann.id, hours(2.1)) == []
    with pytest.raises(NotAllowed, match="Only who took it"):
        second_thoughts.restore(conn, bob.id, kind, item, hours(1))
    with pytest.raises(NotAllowed, match="for an hour"):
        second_thoughts.restore(conn, ann.id, kind, item, hours(2.1))
    second_thoughts.restore(conn, ann.id, kind, item, hours(2))
    with pytest.raises(NotFound):
        second_thoughts.restore(conn, ann.id, kind, item, hours(2))
    view = reads.read_post(conn, post)
    assert (view.card.approaches, view.card.comments) == (1, 1)
    assert view.card.status == ("open" if kind == "approaches" else "solved")
    delete(conn, ann.id, item, hours(3))
    second_thoughts.restore(conn, keeper.id, kind, item, hours(30))


def test_the_tidier_removes_for_good_what_is_over(database: Database) -> None:
    long_ago = utc_now() - WINDOW - timedelta(minutes=1)
    with database.write("t") as conn:
        ann = sign_up(conn)
        target = Target(post_id=post_by(conn, ann))
        old, new = (community.comment(conn, ann.id, target, body="a", now=long_ago) for _ in range(2))
        community.delete_comment(conn, ann.id, old, long_ago)
        community.delete_comment(conn, ann.id, new, utc_now())
    assert Tidier(database).step() == 1
    with database.read() as conn:
        rows = conn.execute("SELECT id FROM community.comments WHERE post_id = %s", (target.post_id,)).fetchall()
    assert rows == [(new,)]


def test_a_thread_is_written_changed_deleted_and_restored_through_the_api(door: Door, ann: Caller) -> None:
    bob = door.member("bobby")
    post = ann.made("/posts", {"title": "t", "body": "b"})
    first = bob.made(f"/posts/{post}/comments", {"body": "Why?"})
    reply = ann.made(f"/posts/{post}/comments", {"body": "Because.", "parent_id": first})
    assert ann.call("PUT", f"/comments/{reply}", {"body": "Because!"}).status_code == 204
    assert bob.call("PUT", f"/comments/{reply}", {"body": "x"}).status_code == 403
    found = door.visitor().call("GET", f"/posts/{post}/comments").json()
    assert [(one["root"]["body"], [each["body"] for each in one["replies"]]) for one in found["threads"]] == [
        ("Why?", ["Because!"])
    ]
    assert [one["id"] for one in bob.call("GET", f"/comments/{reply}/thread").json()] == [first, reply]
    assert bob.call("DELETE", f"/comments/{first}").status_code == 204
    assert ann.call("POST", f"/comments/{first}/restore").status_code == 403
    assert bob.call("POST", f"/comments/{first}/restore").status_code == 204
    assert bob.call("POST", f"/comments/{first}/restore").status_code == 404


def test_a_thread_is_written_changed_deleted_and_restored_at_a_browser(door: Door, ann: Caller) -> None:
    at_browser = door.browser_of(ann)
    post = ann.made("/posts", {"title": "A title", "body": "b"})
    page = f"/posts/{post}"
    sent = at_browser.send(page, f"{page}/comments", body="First")
    first = sent.headers["location"].partition("#comment-")[2]
    assert "Answer Ann" in at_browser.look(f"/comments/{first}/reply")
    answered = at_browser.send(f"/comments/{first}/reply", f"{page}/comments", body="Second", parent_id=first)
    assert answered.headers["location"].startswith(f"{page}#comment-")
    refused = at_browser.send(f"/comments/{first}/reply", f"{page}/comments", body=" ", parent_id=first)
    assert refused.status_code == 422
    assert "must not be empty" in refused.text
    fragment = at_browser.send(page, f"{page}/comments", fragment=True, body="Third")
    assert fragment.text.count('class="comment depth-1"') == 2
    assert "<html" not in fragment.text
    assert at_browser.send(f"/comments/{first}/edit", body="Other words").status_code == 303
    assert "edited" in at_browser.look(f"/comments/{first}")
    deleted = at_browser.send(page, f"/comments/{first}/delete")
    undo = deleted.headers["location"]
    assert "Other words" in at_browser.look(undo)
    assert "A comment was here." in door.visitor().look(page)
    assert at_browser.send(undo).headers["location"] == f"/comments/{first}"
    assert "Other words" in door.visitor().look(page)
    door.browser_of(door.member("bobby")).look(undo, 404)


def test_a_page_with_500_comments_is_small_quick_and_leads_to_all_of_them(
    door: Door, ann: Caller, database: Database
) -> None:
    post = UUID(ann.made("/posts", {"title": "Busy", "body": "b"}))
    approach = UUID(door.member("bobby").made(f"/posts/{post}/approaches", {"body": "Like this."}))
    with database.write("t") as conn:
        row = conn.execute("SELECT author_id FROM community.posts WHERE id = %s", (post,)).fetchone()
        assert row
        batch.add_comments(conn, list(_many(post, approach, row[0])))
    at_browser = door.browser_of(ann)
    page = at_browser.look(f"/posts/{post}")
    assert len(page.encode()) <= 100_000
    assert page.count('class="comment depth-') <= 2 * 5 * (1 + 4)
    shown, path = 0, f"/posts/{post}/comments"
    while path:
        body = at_browser.look(path)
        assert len(body.encode()) <= 150_000
        shown += body.count('class="comment depth-1"')
        following = [part.split('"')[0] for part in body.split('rel="next" href="')[1:]]
        path = following[0] if following else ""
    assert shown == 100
    with database.read() as conn:
        longest = threads.discussion(conn, Target(post_id=post)).threads[0]
    assert longest.more == 300 - 4
    whole = at_browser.look(f"/comments/{longest.root.id}")
    assert "Later comments" in whole


def _many(post: UUID, approach: UUID, author: UUID) -> Iterator[CommentRow]:
    """100 threads on the post, the first with 300 replies; 100 threads on the approach."""
    roots = [settled_id(hours(number), "root", post, number) for number in range(100)]
    for number, root in enumerate(roots):
        yield CommentRow(root, post, None, author, f"Thread {number}", hours(number))
    for number in range(300):
        at = hours(number + 1)
        ours = ("published", roots[0], roots[0])
        yield CommentRow(settled_id(at, "reply", post, number), post, None, author, f"Reply {number}", at, *ours)
    for number in range(100):
        at = hours(number)
        yield CommentRow(settled_id(at, "other", post, number), None, approach, author, f"Other {number}", at)


def test_a_page_costs_the_same_number_of_queries_however_much_is_on_it(
    conn: Conn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = sign_up(conn)
    small, large = post_by(conn, ann), post_by(conn, ann)
    for post, texts in ((small, 1), (large, 12)):
        for _ in range(texts):
            approach = approach_by(conn, ann, post)
            community.comment(conn, ann.id, Target(approach_id=approach), body="a", now=NOON)
            community.comment(conn, ann.id, Target(post_id=post), body="a", now=NOON)
    counts = []
    executed: list[object] = []
    original = psycopg.Cursor.execute

    def counted(cursor: Any, *args: Any, **kwargs: Any) -> Any:
        executed.append(args[0])
        return original(cursor, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    for post in (small, large):
        executed.clear()
        reads.read_post(conn, post, ann.id)
        counts.append(len(executed))
    assert counts[0] == counts[1] <= 6
