"""What stands under a text, or names it, does not say more of it than its own page does: not of one that is hidden or
deleted, nor of somebody's with whom the reader has a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from platform_app.db import Database
from platform_app.identity import service as identity
from platform_app.messaging.notify import notify
from platform_app.outbox import deliveries
from platform_app.outbox.subscribers import NOTIFICATIONS
from tests.lib.front_door import Door, open_door
from tests.lib.stack import Stack

SECRET = "Quuxwords of the asker"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


class Scene:
    """Ann asked, Bob answered, Cleo remarked; Dan saved Ann's post and Bob's answer, and began an answer of his own."""

    def __init__(self, door: Door, database: Database) -> None:
        self.door, self.database = door, database
        self.ann, self.bob, self.cleo, self.dan = (door.member(name) for name in ("ann", "bob", "cleo", "dan"))
        self.post = self.ann.made("/posts", {"title": SECRET, "body": f"{SECRET}, at length"})
        self.answer = self.bob.made(f"/posts/{self.post}/approaches", {"body": "Try again"})
        self.remark = self.cleo.made(f"/posts/{self.post}/comments", {"body": f"About the {SECRET}"})
        self.other = self.bob.made(f"/posts/{self.post}/approaches", {"body": f"@{self.dan.handle} knows"})
        for kind, what in (("posts", self.post), ("approaches", self.answer)):
            assert self.dan.call("PUT", f"/{kind}/{what}/saved").status_code == 204
        self.dan.made("/drafts", {"form": "approach", "body": "Mine", "post_id": self.post})
        with database.write("test") as conn:
            wanted = [one for one, _ in deliveries.due(conn, NOTIFICATIONS, 100)]
            for event in deliveries.take(conn, NOTIFICATIONS, wanted):
                notify(conn, event)
                deliveries.done(conn, NOTIFICATIONS, [event])

    def hide(self) -> None:
        with self.database.write("test") as conn:
            keeper = self.door.member("keeper")
            identity.appoint(conn, keeper.handle, "moderator")
        answer = keeper.call("PUT", f"/moderation/hidden/post/{self.post}", {"reason": "For now."})
        assert answer.status_code == 204, answer.text

    def delete(self) -> None:
        assert self.ann.call("DELETE", f"/posts/{self.post}").status_code == 204

    def block(self) -> None:
        answer = self.ann.call("PUT", f"/people/{self.dan.handle}/block")
        assert answer.status_code == 204, answer.text


UNSEEN: dict[str, Callable[[Scene], None]] = {"hidden": Scene.hide, "deleted": Scene.delete, "blocked": Scene.block}
LISTS = ["/drafts", "/saved", "/notifications"]


@pytest.fixture(scope="module", params=list(UNSEEN))
def scene(request: pytest.FixtureRequest, door: Door, database: Database) -> Scene:
    scene = Scene(door, database)
    for path in LISTS:
        assert SECRET in scene.dan.call("GET", path).text, path
    UNSEEN[request.param](scene)
    return scene


@pytest.mark.parametrize("path", LISTS)
def test_no_list_says_what_it_asked(scene: Scene, path: str) -> None:
    answer = scene.dan.call("GET", path)
    assert answer.status_code == 200
    assert SECRET not in answer.text
    assert SECRET not in scene.door.browser_of(scene.dan).look(path)


def test_no_heading_of_an_answer_says_what_it_asked(scene: Scene) -> None:
    page = scene.door.browser_of(scene.dan).look(f"/approaches/{scene.answer}/comments")
    assert "Comments on An approach" in page
    assert SECRET not in page


def test_its_comments_are_not_to_be_read_one_by_one(scene: Scene) -> None:
    assert scene.dan.call("GET", f"/comments/{scene.remark}/thread").status_code == 404
    browser = scene.door.browser_of(scene.dan)
    for path in ("", "/reply"):
        assert SECRET not in browser.look(f"/comments/{scene.remark}{path}", 404)


def test_no_draft_of_an_answer_to_it_is_begun(scene: Scene) -> None:
    browser = scene.door.browser_of(scene.dan)
    sent = browser.send("/posts/new", "/drafts/approach/keep", post=scene.post, body="b")
    assert sent.status_code == 404
    assert SECRET not in sent.text
    assert (
        scene.dan.call("POST", "/drafts", {"form": "approach", "body": "b", "post_id": scene.post}).status_code == 404
    )
