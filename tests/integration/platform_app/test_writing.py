"""What surrounds writing: the history of a text, drafts, and saved items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from lake.contracts.tables import PRIVATE
from platform_app.community import drafts, reads, revisions, saved
from platform_app.community import service as community
from platform_app.community.drafts import Words
from platform_app.community.revisions import ONE_GO
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.errors import Conflict, Invalid, NotFound
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, approach_by, hours, moderator, post_by, sign_up, vocabulary
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def ann(door: Door) -> Caller:
    return door.member("annie")


def bodies(conn: Conn, target: Target) -> list[tuple[int, str, str]]:
    return [(one.number, one.body, one.editor_name) for one in revisions.revisions_of(conn, target)]


def test_every_version_of_a_post_is_kept_with_who_wrote_it(conn: Conn) -> None:
    vocabulary(conn, "python", "sql")
    ann, keeper = sign_up(conn, "Ann"), moderator(conn)
    post = community.write_post(conn, ann.id, title="t", body="one", tags=["python"], now=NOON)
    target = Target(post_id=post)
    assert reads.read_post(conn, post).edited_at is None
    community.edit_post(conn, ann.id, post, title="t", body="two", tags=["python"], now=hours(1))
    community.edit_post(conn, keeper.id, post, title="T", body="two", tags=["sql"], now=hours(2))
    community.edit_post(conn, keeper.id, post, title="T", body="two", tags=["sql"], now=hours(3))
    assert bodies(conn, target) == [(3, "two", "moderator"), (2, "two", "Ann"), (1, "one", "Ann")]
    newest = revisions.revisions_of(conn, target)[0]
    assert (newest.title, newest.tags, reads.read_post(conn, post).edited_at) == ("T", ["sql"], hours(2))
    assert [one.number for one in revisions.revisions_of(conn, target, before=3, limit=1)] == [2]


def test_what_is_changed_in_one_go_is_one_version(conn: Conn) -> None:
    ann = sign_up(conn, "Ann")
    approach = approach_by(conn, ann, None)
    target = Target(approach_id=approach)

    def edit(body: str, at: float) -> None:
        community.edit_approach(conn, ann.id, approach, title="A way to do it", body=body, now=hours(at))

    edit("typo", ONE_GO / timedelta(hours=1))
    assert bodies(conn, target) == []
    for body, at in (("a", 1.0), ("b", 1.05), ("c", 2.0)):
        edit(body, at)
    assert bodies(conn, target) == [(3, "c", "Ann"), (2, "b", "Ann"), (1, "typo", "Ann")]


def test_a_draft_is_kept_taken_up_again_and_published(conn: Conn) -> None:
    vocabulary(conn, "git")
    ann, bob = sign_up(conn), sign_up(conn)
    first = drafts.save(conn, ann.id, "post", Words("t", "b", "git"), now=NOON)
    assert drafts.save(conn, ann.id, "post", Words("t2", "b2", "git"), draft_id=first, now=hours(1)) == first
    with pytest.raises(NotFound):
        drafts.draft(conn, bob.id, first)
    with pytest.raises(NotFound):
        drafts.discard(conn, bob.id, first)
    stolen = drafts.save(conn, bob.id, "post", Words("mine"), draft_id=first, now=hours(1))
    assert stolen != first
    post = drafts.publish(conn, ann.id, first, hours(2))
    view = reads.read_post(conn, post)
    assert (view.card.title, view.card.tags, drafts.drafts_of(conn, ann.id)) == ("t2", ["git"], [])


def test_of_an_answer_to_a_post_there_is_one_draft(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    post = post_by(conn, ann)
    first = drafts.save(conn, bob.id, "approach", Words(body="a"), post_id=post, now=NOON)
    assert drafts.save(conn, bob.id, "approach", Words(body="b"), post_id=post, now=NOON) == first
    found = drafts.draft_of_answer(conn, bob.id, post)
    assert found
    assert (found.body, found.link) == ("b", f"/posts/{post}#answer")
    assert drafts.draft_of_answer(conn, ann.id, post) is None
    assert reads.read_approach(conn, drafts.publish(conn, bob.id, first, NOON)).post_id == post


def test_drafts_have_limits(conn: Conn, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = sign_up(conn)
    with pytest.raises(Invalid, match="at most 50,000"):
        drafts.save(conn, ann.id, "post", Words(body="x" * 50_001), now=NOON)
    monkeypatch.setattr(drafts, "MOST", 2)
    for _ in range(2):
        last = drafts.save(conn, ann.id, "post", Words("t"), now=NOON)
    with pytest.raises(Conflict, match="You have 2 drafts"):
        drafts.save(conn, ann.id, "post", Words("t"), now=NOON)
    drafts.save(conn, ann.id, "post", Words("t2"), draft_id=last, now=NOON)


def test_a_draft_is_never_told_and_never_streamed(conn: Conn, app_stack: Stack) -> None:
    ann = sign_up(conn)
    before = conn.execute("SELECT count(*) FROM kernel.outbox").fetchone()
    drafts.save(conn, ann.id, "post", Words("t", "b"), now=NOON)
    assert conn.execute("SELECT count(*) FROM kernel.outbox").fetchone() == before
    assert "community.drafts" in PRIVATE
    with psycopg.connect(app_stack.url("app_capture")) as capture:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            capture.execute("SELECT * FROM community.drafts")
        capture.rollback()
        streamed = capture.execute("SELECT 1 FROM pg_publication_tables WHERE tablename = 'drafts'").fetchall()
    assert streamed == []


def test_what_is_saved_is_found_again_while_it_is_there(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    post = post_by(conn, ann)
    answer = approach_by(conn, ann, post)
    saved.save(conn, bob.id, Target(post_id=post), NOON)
    saved.save(conn, bob.id, Target(post_id=post), NOON)
    saved.save(conn, bob.id, Target(approach_id=answer), hours(1))
    assert [(one.approach_id or one.post_id, one.title) for one in saved.saved_by(conn, bob.id)] == [
        (answer, "How?"), (post, "How?"),
    ]  # fmt: skip
    assert saved.among(conn, bob.id, [post, answer]) == {post, answer}
    assert saved.among(conn, ann.id, [post, answer]) == set()
    community.delete_approach(conn, ann.id, answer, hours(2))
    assert [one.post_id for one in saved.saved_by(conn, bob.id)] == [post]
    saved.unsave(conn, bob.id, Target(post_id=post), NOON)
    with pytest.raises(NotFound):
        saved.unsave(conn, bob.id, Target(post_id=post), NOON)
    with pytest.raises(NotFound):
        saved.save(conn, bob.id, Target(approach_id=answer), NOON)


def test_saved_items_are_paged_without_gaps_or_repeats(conn: Conn) -> None:
    ann = sign_up(conn)
    posts = [post_by(conn, ann) for _ in range(5)]
    for number, post in enumerate(posts):
        saved.save(conn, ann.id, Target(post_id=post), hours(number // 2))
    seen: list[UUID | None] = []
    before = None
    while page := saved.saved_by(conn, ann.id, before=before, limit=2):
        seen += [one.post_id for one in page]
        before = page[-1].id
    assert sorted(map(str, seen)) == sorted(map(str, posts))


def test_history_drafts_and_saved_items_through_the_api(door: Door, ann: Caller, database: Database) -> None:
    post = ann.made("/posts", {"title": "t", "body": "one"})
    with database.write("t") as conn:
        conn.execute("UPDATE community.posts SET created_at = created_at - interval '1 hour' WHERE id = %s", (post,))
    assert ann.call("PUT", f"/posts/{post}", {"title": "t", "body": "two"}).status_code == 204
    found = door.visitor().call("GET", f"/posts/{post}/revisions").json()
    assert [(one["number"], one["body"]) for one in found] == [(2, "two"), (1, "one")]
    draft = ann.made("/drafts", {"form": "approach", "title": "t", "body": "b"})
    assert ann.call("PUT", f"/drafts/{draft}", {"title": "t", "body": "better"}).status_code == 204
    assert [one["body"] for one in ann.call("GET", "/drafts").json()] == ["better"]
    assert door.member("bobby").call("POST", f"/drafts/{draft}/publish").status_code == 404
    approach = ann.made(f"/drafts/{draft}/publish", None)
    assert ann.call("GET", f"/approaches/{approach}").json()["body"] == "better"
    assert ann.call("DELETE", f"/drafts/{draft}").status_code == 404
    assert ann.call("PUT", f"/approaches/{approach}/saved").status_code == 204
    assert [one["approach_id"] for one in ann.call("GET", "/saved").json()] == [approach]
    assert ann.call("DELETE", f"/approaches/{approach}/saved").status_code == 204
    assert ann.call("GET", "/saved").json() == []


def test_history_drafts_and_saved_items_at_a_browser(door: Door, ann: Caller, database: Database) -> None:
    page = door.browser_of(ann)
    kept = page.send("/posts/new", title="Begun", body="so far", keep="1")
    assert kept.headers["location"] == "/drafts"
    link = page.look("/drafts").split('href="/posts/new?draft=')[1].split('"')[0]
    assert 'value="Begun"' in page.look(f"/posts/new?draft={link}")
    mark = page.send("/posts/new", "/drafts/post/keep", title="Begun", body="further", draft=link)
    assert "Saved as a draft" in mark.text
    sent = page.send(f"/posts/new?draft={link}", "/posts/new", title="Done", body="all of it", draft=link)
    post = sent.headers["location"]
    assert "Nothing is begun" in page.look("/drafts")
    with database.write("t") as conn:
        conn.execute(
            "UPDATE community.posts SET created_at = created_at - interval '1 hour' WHERE id = %s",
            (post.removeprefix("/posts/"),),
        )
    assert page.send(f"{post}/edit", title="Done", body="all of this").status_code == 303
    history = door.visitor().look(f"{post}/history")
    assert "<del>it</del><ins>this</ins>" in history
    assert f"{post}/history" in door.visitor().look(post)
    assert page.send(post, f"{post}/save", on="1").headers["location"] == post
    assert "Done" in page.look("/saved")
    fragment = page.send(post, f"{post}/save", fragment=True)
    assert 'aria-pressed="false"' in fragment.text
    bob = door.browser_of(door.member("bobby"))
    assert bob.send(post, f"{post}/approaches", body="My answer", keep="1").headers["location"] == "/drafts"
    assert "My answer" in bob.look(post)
    assert "My answer" not in page.look(post)
    answered = bob.send(post, f"{post}/approaches", body="My answer is better")
    assert answered.status_code == 303
    assert "Nothing is begun" in bob.look("/drafts")


def test_a_draft_keeps_its_group(door: Door, ann: Caller) -> None:
    group = ann.made("/groups", {"slug": "draft-folk", "name": "Draft folk"})
    page = door.browser_of(ann)
    begun = page.send(
        "/posts/new?group=draft-folk", "/posts/new", title="In a group", body="b", group="draft-folk", keep="1"
    )
    assert begun.headers["location"] == "/drafts"
    assert "A problem in Draft folk" in page.look("/drafts").replace("\n", " ")
    (draft,) = [one for one in ann.call("GET", "/drafts").json() if one["title"] == "In a group"]
    assert (draft["group_id"], draft["group_slug"]) == (group, "draft-folk")
    assert 'name="group" value="draft-folk" checked' in page.look(f"/posts/new?draft={draft['id']}")
    kept = page.send("/posts/new", "/drafts/post/keep", title="Kept", body="b", group="draft-folk", draft=draft["id"])
    assert kept.status_code == 200
    post = ann.made(f"/drafts/{draft['id']}/publish", None)
    assert [one["id"] for one in ann.call("GET", "/groups/draft-folk/posts").json()["items"]] == [post]


def test_a_draft_for_a_group_is_published_by_members_alone(door: Door, ann: Caller) -> None:
    bob = door.member("bob")
    group = ann.made("/groups", {"slug": "shut-folk", "name": "Shut folk"})
    draft = bob.made("/drafts", {"form": "post", "title": "t", "body": "b", "group_id": group})
    refused = bob.call("POST", f"/drafts/{draft}/publish")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    assert bob.call("PUT", f"/drafts/{draft}", {"title": "t", "body": "b"}).status_code == 204
    assert bob.made(f"/drafts/{draft}/publish", None), "outside of the group"


@pytest.mark.parametrize("form", ["post", "approach"])
def test_a_draft_names_a_group_that_is_there(ann: Caller, form: str) -> None:
    answer = ann.call(
        "POST", "/drafts", {"form": form, "body": "b", "group_id": "01a1fd6a-c2c0-7ed6-a273-efadaa243ce2"}
    )
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (422, "group_id")
