"""Pages of visitors are shared for seconds and answered with a 304; nothing of a member, and no form, ever is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from starlette.requests import Request
from starlette.responses import Response

from platform_app.web import everybody
from platform_app.web.pages import community
from platform_app.web.templates import render
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.stack import Stack

PRIVATE = "private, no-store"
SHARED = "public, max-age=15"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@dataclass
class Place:
    """Somebody's problem, and the pages that show it."""

    ann: Caller
    post: str

    @property
    def pages(self) -> dict[str, str]:
        return {"post": f"/posts/{self.post}", "tag": "/tags/pumps", "person": f"/people/{self.ann.handle}",
                "explore": "/explore", "home": "/"}  # fmt: skip


@pytest.fixture(scope="module")
def place(door: Door, app_stack: Stack) -> Place:
    ann, keeper = door.member("ann"), door.member("keeper")
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'moderator' WHERE handle = %s", (keeper.handle,))
    assert keeper.call("POST", "/tags", {"name": "pumps"}).status_code == 201
    return Place(ann, ann.made("/posts", {"title": "A pump hums", "body": "It hums.", "tags": ["pumps"]}))


@pytest.mark.parametrize("name", ["post", "tag", "person", "explore", "home"])
def test_a_visitor_who_has_the_page_gets_no_second_copy(door: Door, place: Place, name: str) -> None:
    path, visitor = place.pages[name], door.visitor().client
    first = visitor.get(path)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, SHARED)
    assert "Cookie" in first.headers["Vary"]
    assert "Set-Cookie" not in first.headers
    assert "csrf_token" not in first.text
    again = door.visitor().client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert [again.headers[header] for header in ("ETag", "Cache-Control")] == [first.headers["ETag"], SHARED]
    other = visitor.get(path, headers={"If-None-Match": 'W/"another"'})
    assert (other.status_code, other.headers["ETag"]) == (200, first.headers["ETag"])


@pytest.mark.parametrize("name", ["post", "tag", "person", "explore", "home"])
def test_a_member_gets_their_own_page_whatever_they_have(door: Door, place: Place, name: str) -> None:
    path, tag = place.pages[name], door.visitor().client.get(place.pages[name]).headers["ETag"]
    for client, headers in (
        (door.browser_of(place.ann).client, {}),
        (door.visitor().client, {"Authorization": f"Bearer {place.ann.token}"}),
        (door.visitor().client, {"Cookie": "headwater_session=over"}),
    ):
        answer = client.get(path, headers={"If-None-Match": tag, **headers})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, PRIVATE)
        assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", ["/login", "/signup", "/reset", "/claim", "/people/nobody", "/posts/new"])
def test_forms_and_refusals_are_not_shared(door: Door, path: str) -> None:
    answer = door.visitor().client.get(path)
    assert "public" not in answer.headers.get("Cache-Control", "")
    assert "ETag" not in answer.headers


def test_a_page_with_a_form_is_private_even_where_it_would_be_shared(
    door: Door, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a template that grows a form would leak is held back; the control shows what the guard does."""

    def with_a_form(request: Request, template: str, **context: Any) -> Response:
        request.state.visit.make_form_token()
        return render(request, template, **context)

    monkeypatch.setattr(community, "render", with_a_form)
    answer = door.visitor().client.get(place.pages["tag"])
    assert (answer.headers["Cache-Control"], "Set-Cookie" in answer.headers) == (PRIVATE, True)
    monkeypatch.setattr(everybody, "is_for_everybody", lambda _: True)
    assert door.visitor().client.get(place.pages["tag"]).headers["Cache-Control"] == SHARED


def test_views_change_nothing_but_words_change_the_validator(door: Door, place: Place, app_stack: Stack) -> None:
    path, visitor = place.pages["post"], door.visitor().client
    tag = visitor.get(path).headers["ETag"]
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute(
            "INSERT INTO community.post_counters (post_id, views) VALUES (%s, 4000) "
            "ON CONFLICT (post_id) DO UPDATE SET views = post_counters.views + 4000",
            (place.post,),
        )
    assert ">4,0" in visitor.get(path).text
    assert visitor.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert place.ann.call("POST", f"/posts/{place.post}/comments", {"body": "Since Monday."}).status_code == 201
    changed = visitor.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, "Since Monday." in changed.text) == (200, True)


def test_a_page_that_was_found_again_is_compressed_or_not_with_one_validator(door: Door, place: Place) -> None:
    tags = {
        door.visitor().client.get(place.pages["post"], headers={"Accept-Encoding": coding}).headers["ETag"]
        for coding in ("gzip", "identity")
    }
    assert len(tags) == 1
