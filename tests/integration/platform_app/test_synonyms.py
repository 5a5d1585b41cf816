"""Synonyms of tags: whoever types one gets the tag, wherever tags are typed, shown, followed or matched; moderators keep them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from platform_app.community import follows, reads, synonyms
from platform_app.community import service as community
from platform_app.community.schemas import TagCount, Target
from platform_app.db import Conn, Database
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from platform_app.identity import service as identity
from tests.lib.front_door import Door, open_door
from tests.lib.people import NOON, approach_by, moderator, post_by, sign_up, vocabulary
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def test_a_tag_that_becomes_a_synonym_hands_over_what_carries_it(conn: Conn) -> None:
    vocabulary(conn, "javascript", "js", "ecmascript")
    keeper, ann, bob = moderator(conn), sign_up(conn), sign_up(conn)
    synonyms.make_synonym(conn, keeper.id, "ecmascript", "js")
    both, old = post_by(conn, ann, tags=("js", "javascript")), post_by(conn, ann, tags=("js",))
    follows.follow_tag(conn, ann.id, "js", NOON)
    follows.follow_tag(conn, bob.id, "js", NOON)
    follows.follow_tag(conn, bob.id, "javascript", NOON)
    synonyms.make_synonym(conn, keeper.id, "js", "javascript")
    assert [reads.read_post(conn, post).card.tags for post in (both, old)] == [["javascript"], ["javascript"]]
    rows = conn.execute("SELECT tag, count(*) FROM community.tag_follows GROUP BY tag").fetchall()
    assert rows == [("javascript", 2)]
    assert {one.name: one.synonym_of for one in synonyms.synonyms(conn)} == {
        "js": "javascript", "ecmascript": "javascript",
    }  # fmt: skip
    found = [tag for tag in reads.popular_tags(conn, prefix="ecma") if tag.name == "javascript"]
    assert [(tag.posts, tag.synonyms) for tag in found] == [(2, ["ecmascript", "js"])]


def test_a_synonym_means_its_tag_wherever_tags_are(conn: Conn) -> None:
    vocabulary(conn, "kubernetes", "k8s")
    keeper, ann = moderator(conn), sign_up(conn)
    synonyms.make_synonym(conn, keeper.id, "k8s", "kubernetes")
    post = post_by(conn, ann, tags=("K8s",))
    approach = approach_by(conn, ann, None, body="Run it on k8s.")
    community.add_tags(conn, keeper.id, Target(post_id=post), ["k8s"], NOON)
    assert reads.read_post(conn, post).card.tags == reads.read_approach(conn, approach).tags == ["kubernetes"]
    community.edit_approach(conn, ann.id, approach, title="A way", body="Still k8s.", now=NOON)
    assert reads.read_approach(conn, approach).tags == ["kubernetes"]
    follows.follow_tag(conn, ann.id, "k8s", NOON)
    follows.unfollow_tag(conn, ann.id, "k8s")
    assert not reads.tag_follow_state(conn, ann.id, "kubernetes")
    synonyms.drop_synonym(conn, keeper.id, "k8s")
    assert synonyms.tag_used(conn, "k8s") == "k8s"


@pytest.mark.parametrize(
    ("name", "of", "kind"),
    [
        ("nothing", "tea", NotFound),
        ("tea", "tea", Invalid),
        ("tea", "nothing", Invalid),
        ("chai", "tea", Conflict),
        ("tea", "chai", Invalid),
    ],
)
def test_what_would_make_no_sense_is_refused(conn: Conn, name: str, of: str, kind: type[Refused]) -> None:
    vocabulary(conn, "tea", "chai")
    keeper = moderator(conn)
    synonyms.make_synonym(conn, keeper.id, "chai", "tea")
    with pytest.raises(kind):
        synonyms.make_synonym(conn, keeper.id, name, of)


def test_moderators_alone_keep_synonyms(conn: Conn) -> None:
    vocabulary(conn, "left", "right")
    with pytest.raises(NotAllowed):
        synonyms.make_synonym(conn, sign_up(conn).id, "left", "right")
    with pytest.raises(NotAllowed):
        synonyms.drop_synonym(conn, sign_up(conn).id, "left")


def test_synonyms_are_kept_on_a_page_and_through_the_api(door: Door, database: Database) -> None:
    member, keeper = door.member("member"), door.member("keeper")
    with database.write("t") as conn:
        identity.appoint(conn, keeper.handle, "moderator")
        vocabulary(conn, "golang", "go")
    at_browser = door.browser_of(keeper)
    door.browser_of(member).look("/moderate/synonyms", 403)
    sent = at_browser.send("/moderate/synonyms", name="Golang", synonym_of="go")
    assert sent.status_code == 303
    assert at_browser.send("/moderate/synonyms", name="go-lang", synonym_of="go").status_code == 303
    again = at_browser.send("/moderate/synonyms", name="go", synonym_of="golang")
    assert again.status_code == 422
    assert "no synonym itself" in again.text
    assert member.call("GET", "/synonyms").json() == [
        {"name": "go-lang", "synonym_of": "go"}, {"name": "golang", "synonym_of": "go"},
    ]  # fmt: skip
    assert door.visitor().client.get("/tags/golang").headers["location"] == "/tags/go"
    assert "also go-lang, golang" in door.visitor().look("/tags?prefix=gol")
    assert member.call("PUT", "/tags/go/synonym", {"of": "golang"}).status_code == 403
    assert keeper.call("DELETE", "/tags/golang/synonym").status_code == 204
    assert at_browser.send("/moderate/synonyms", "/moderate/synonyms/go-lang/drop").status_code == 303
    assert member.call("GET", "/synonyms").json() == []
    assert keeper.call("PUT", "/tags/golang/synonym", {"of": "go"}).status_code == 204


def test_code_in_a_text_is_coloured_and_its_language_kept(door: Door, database: Database) -> None:
    ann = door.member("annie")
    post = ann.made("/posts", {"title": "t", "body": "```py\ndef f(): pass\n```"})
    approach = ann.made("/approaches", {"title": "t", "body": "plain"})
    assert '<span class="k">def</span>' in door.visitor().look(f"/posts/{post}")
    assert ann.call("PUT", f"/approaches/{approach}", {"title": "t", "body": "```\nx\n```"}).status_code == 204
    with database.read() as conn:
        rows = conn.execute(
            "SELECT code_language FROM community.posts WHERE id = %s UNION ALL "
            "SELECT code_language FROM community.approaches WHERE id = %s", (post, approach),
        ).fetchall()  # fmt: skip
    assert rows == [("python",), ("other",)]


def test_tags_are_counted_once_for_everybody_and_again_when_they_change(
    door: Door, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = door.member("keeper")
    with database.write("t") as conn:
        identity.appoint(conn, keeper.handle, "moderator")
    keeper.call("POST", "/tags", {"name": "countable"})
    counted: list[str] = []
    count = reads.popular_tags

    def counting(conn: Conn, *, prefix: str = "", limit: int = 100) -> list[TagCount]:
        counted.append(prefix)
        return count(conn, prefix=prefix, limit=limit)

    monkeypatch.setattr(reads, "popular_tags", counting)
    visitor = door.visitor()
    for _ in range(3):
        assert "countable" in visitor.look("/tags")
        assert visitor.call("GET", "/tags?limit=1").json() == visitor.call("GET", "/tags").json()[:1]
        assert [tag["name"] for tag in visitor.call("GET", "/tags?prefix=Counta").json()] == ["countable"]
    assert sorted(counted) == ["", "counta"]
    keeper.call("POST", "/tags", {"name": "countable-too"})
    assert "countable-too" in visitor.look("/tags")
