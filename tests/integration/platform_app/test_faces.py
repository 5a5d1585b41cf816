"""Pictures of people stand beside their names wherever a page names them; who has none is a letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from platform_app.db import Conn, Database
from platform_app.profiles import showing
from platform_app.web import faces
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.specimens import picture
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def show_face(who: Caller) -> str:
    """Bring a picture of oneself; the image that stands for it beside a name."""
    given = who.client.put(
        "/api/v1/profile/face",
        files={"file": ("me.png", picture(), "image/png")},
        headers={"Authorization": f"Bearer {who.token}"},
    )
    assert given.status_code == 200, given.text
    return f'<img class="face" src="{given.json()["url"]}/small" alt="" width="25" height="25" loading="lazy"'


@dataclass(frozen=True)
class Named:
    handle: str
    body: str = "text"


@dataclass(frozen=True)
class Holding:
    author_handle: str | None
    inside: tuple[object, ...] = ()


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (None, []),
        ("a text", []),
        ([Named("ann"), None, Named("bob")], ["ann", "bob"]),
        (Holding("ann", (Named("bob"), {"x": [Holding("cay")]})), ["ann", "bob", "cay"]),
        (Holding(None), []),
        (Named, []),
    ],
)
def test_the_people_in_what_a_page_shows_are_found(shown: object, found: list[str]) -> None:
    assert list(faces.handles_in(shown)) == found


def test_pages_show_the_picture_of_whoever_wrote_something(door: Door) -> None:
    ann, bob, cay = door.member("ann"), door.member("bob"), door.member("cay")
    face, theirs = show_face(ann), show_face(bob)
    post = ann.made("/posts", {"title": "It hums", "body": "All night.", "tags": []})
    approach = bob.made(f"/posts/{post}/approaches", {"body": "New bearings."})
    comment = bob.made(f"/posts/{post}/comments", {"body": "Since when?"})
    cay.made(f"/posts/{post}/comments", {"body": "Since June?", "parent_id": comment})
    group = ann.made("/groups", {"slug": "pump-menders", "name": "Pump menders"})
    ann.made("/posts", {"title": "It drips", "body": "On the floor.", "group_id": group})
    bob.call("PUT", f"/people/{ann.handle}/follow")
    ann.call("PUT", "/profile", {"headline": "Mends pumps"})
    visitor = door.visitor()
    for path in ("/", "/?feed=popular", "/explore", f"/posts/{post}", "/groups/pump-menders",
                 "/groups/pump-menders/members", f"/people/{bob.handle}/following", "/search?q=hums",
                 f"/people/{bob.handle}?show=follows"):  # fmt: skip
        assert face in visitor.look(path), path
    for path in (f"/approaches/{approach}", f"/comments/{comment}", f"/posts/{post}/comments"):
        assert theirs in visitor.look(path), path
    thread = visitor.look(f"/comments/{comment}")
    assert 'aria-hidden="true">C</span><a href="/people/' + cay.handle in thread


def test_ones_own_picture_stands_in_the_menu_of_every_page(door: Door) -> None:
    ann = door.member("ann")
    face, browser = show_face(ann), door.browser_of(ann)
    assert face in browser.look("/settings/account")
    assert face in browser.look("/nothing-is-here", 404)
    ann.call("DELETE", "/profile/face")
    assert face not in browser.look("/settings/account")


def test_all_the_pictures_of_a_page_are_one_question(door: Door, database: Database) -> None:
    asked: list[Sequence[str]] = []

    def note(_: Conn, handles: Sequence[str]) -> dict[str, UUID]:
        asked.append(handles)
        return {}

    with database.read() as conn, pytest.MonkeyPatch.context() as patch:
        patch.setattr(showing, "faces_of", note)
        faces.faces_in(conn, [Named("bob"), Named("ann"), Named("bob")], Holding("ann"))
    assert asked == [["ann", "bob"]]
