"""Bringing files: who may, how much, how they are served, and that they leave with whoever brought them."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from lake.kit.clock import utc_now
from platform_app.app import LARGEST_REQUEST
from platform_app.db import Database
from platform_app.errors import Conflict
from platform_app.leaving import leave
from platform_app.uploads import cleaning, documents, service
from platform_app.uploads.store import Store
from platform_app.web.receiving import LARGEST_UPLOAD
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, sign_up
from tests.lib.specimens import HTML, PLACE, SVG, archive, huge_png, pdf, picture
from tests.lib.stack import Stack

LATER = timedelta(days=2)


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture
def store(door: Door) -> Store:
    kept: Store = door.app.state.store
    return kept


def bring(who: Caller, data: bytes, name: str = "a.png", declared: str = "image/png", **fields: str) -> httpx.Response:
    """POST a file as a program does."""
    headers = {"Authorization": f"Bearer {who.token}"} if who.token else {}
    return who.client.post("/api/v1/files", files={"file": (name, data, declared)}, data=fields, headers=headers)


def brought(who: Caller, data: bytes, **fields: str) -> dict[str, Any]:
    answer = bring(who, data, **fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def put_to_use(database: Database, made: dict[str, Any]) -> None:
    with database.write("t") as conn:
        service.use(conn, [UUID(made["id"])], NOON)


def test_a_picture_is_brought_drawn_anew_and_served_to_whoever_may_see_it(door: Door, database: Database) -> None:
    ann = door.member("ann")
    given = bring(
        ann, picture("JPEG", (900, 600), secret=PLACE), name="My house.jpg", declared="text/html", purpose="portfolio"
    )
    assert given.status_code == 201, given.text
    made = given.json()
    assert (made["media_type"], made["width"], made["height"], made["name"]) == (
        "image/webp",
        600,
        900,
        "My house.webp",
    )
    assert door.visitor().client.get(made["url"]).status_code == 404, "what nothing shows is its owner's"
    at_browser = door.browser_of(ann)
    assert at_browser.client.get(made["url"]).headers["Cache-Control"] == "private, no-store"
    put_to_use(database, made)
    served = door.visitor().client.get(made["url"])
    assert PLACE.encode() not in served.content
    with Image.open(io.BytesIO(served.content)) as image:
        assert image.size == (600, 900)
    small = door.visitor().client.get(made["small_url"])
    assert len(small.content) < len(served.content)
    again = door.visitor().client.get(made["url"], headers={"If-None-Match": served.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_served_is_no_page_of_ours(door: Door, database: Database) -> None:
    ann = door.member("ann")
    at_browser = door.browser_of(ann)
    for data, kind, where in (
        (picture(), "image/webp", "inline"),
        (pdf("a"), "application/pdf", "attachment"),
        (b"a log", "text/plain; charset=utf-8", "attachment"),
    ):
        made = brought(ann, data)
        put_to_use(database, made)
        headers = at_browser.client.get(made["url"]).headers
        assert headers["Content-Type"] == kind
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].endswith("sandbox")
        assert "script-src" not in headers["Content-Security-Policy"]
        assert headers["Content-Disposition"].startswith(f"{where}; filename*=UTF-8''")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (SVG, "not_a_document"),
        (HTML, "not_a_document"),
        (archive(a=b"x"), "not_an_image"),
        (picture() + archive(a=b"x"), "polyglot"),
        (huge_png(30_000, 30_000), "too_many_pixels"),
        (b"%PDF-1.4 nothing", "damaged"),
        (b"", "not_a_document"),
    ],
    ids=["svg", "html", "archive", "polyglot", "bomb", "broken", "empty"],
)
def test_whatever_it_is_called_it_is_judged_by_what_is_in_it(door: Door, data: bytes, code: str) -> None:
    answer = bring(door.member("eve"), data, name="innocent.png", declared="image/png")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["details"][0]["field"] == "file"


def test_only_routes_for_files_take_large_requests(door: Door) -> None:
    ann = door.member("ann")
    assert refused_size(door, "/api/v1/posts", LARGEST_REQUEST + 1) == 413
    assert bring(ann, picture() + bytes(LARGEST_REQUEST)).status_code == 201
    assert refused_size(door, "/api/v1/files", LARGEST_UPLOAD + 1) == 413


def refused_size(door: Door, path: str, size: int) -> int:
    """The status for a request that says how large it is, before it is sent."""
    with closing(HTTPConnection(door.url.removeprefix("http://"), timeout=30)) as connection:
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", str(size))
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.endheaders(b"--x")
        return connection.getresponse().status


def test_who_sends_a_file_is_known_before_it_is_looked_at(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the file was looked at")

    at_browser = door.browser_of(door.member("ann"))
    monkeypatch.setattr(service, "prepare", fail)
    assert bring(door.visitor(), picture()).status_code == 401
    assert bring(at_browser, picture()).json()["code"] == "csrf"
    assert door.member("bob").call("POST", "/files").json()["detail"] == "Choose a file first."


def test_bringing_is_slowed_down(door: Door) -> None:
    eve = door.member("eve")
    codes = {bring(eve, b"").status_code for _ in range(60)}
    assert codes == {422}
    assert bring(eve, b"").status_code == 429


def test_one_lists_and_removes_what_nothing_shows(door: Door, database: Database) -> None:
    ann, eve = door.member("ann"), door.member("eve")
    first, second = brought(ann, picture()), brought(ann, b"text")
    put_to_use(database, second)
    assert [one["id"] for one in ann.call("GET", "/files").json()] == [first["id"], second["id"]]
    assert eve.call("GET", "/files").json() == []
    assert eve.call("DELETE", f"/files/{first['id']}").status_code == 403
    assert ann.call("DELETE", f"/files/{second['id']}").json()["code"] == "in_use"
    assert ann.call("DELETE", f"/files/{first['id']}").status_code == 204
    assert door.browser_of(ann).client.get(first["url"]).status_code == 404


def kept_by(database: Database, store: Store, made: dict[str, Any]) -> list[bool]:
    with database.read() as conn:
        rows = conn.execute("SELECT sha256 FROM uploads.variants WHERE file_id = %s", (made["id"],)).fetchall()
    return [store.path(row[0]).exists() for row in rows]


def test_what_is_never_used_goes_after_a_day_and_what_is_used_stays(
    door: Door, database: Database, store: Store
) -> None:
    ann = door.member("ann")
    unused, used = brought(ann, picture(size=(31, 41))), brought(ann, picture(size=(59, 26)))
    put_to_use(database, used)
    cleaning.clean(database, store, utc_now())
    assert kept_by(database, store, unused) == [True, True]
    done = cleaning.clean(database, store, utc_now() + LATER)
    assert done.unused >= 1
    assert done.removed >= 1
    assert kept_by(database, store, unused) == []
    assert kept_by(database, store, used) == [True, True]


def test_content_that_two_people_brought_stays_while_one_shows_it(door: Door, database: Database, store: Store) -> None:
    with database.write("t") as conn:
        one, two = sign_up(conn, "one"), sign_up(conn, "two")
        prepared = service.prepare(picture(size=(77, 33)), "avatar")
        kept = [service.keep(conn, store, who.id, prepared, purpose="avatar", name="a", now=NOON) for who in (one, two)]
        service.use(conn, [file.id for file in kept], NOON)
        variant = service.variant_of(conn, kept[0].id, "full")
    for file, stays in zip(kept, (True, False), strict=True):
        with database.write("t") as conn:
            service.drop(conn, [file.id])
        cleaning.clean(database, store, NOON)
        assert store.path(variant.sha256).exists() is stays


def test_content_whose_request_failed_is_found_and_removed(database: Database, door: Door, store: Store) -> None:
    name = store.put(b"its row was rolled back")
    kept = brought(door.member("ann"), picture(size=(83, 21)))
    now = utc_now().timestamp()
    assert cleaning.search(database, store, now) == 0, "a request may still be under way"
    assert cleaning.search(database, store, now + 2 * cleaning.SETTLED) >= 1
    assert not store.path(name).exists()
    assert kept_by(database, store, kept) == [True, True]


def test_files_are_in_the_export_and_leave_with_their_owner(door: Door, database: Database, store: Store) -> None:
    ann = door.member("ann")
    made = brought(ann, pdf("My plans"))
    answer = ann.call("GET", "/account/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as zipped:
        name = f"files/attachment/{made['id']}/a.pdf"
        assert zipped.read(name) == pdf("My plans")
        assert name in zipped.read("about.json").decode()
    with database.write("t") as conn:
        row = conn.execute("SELECT id FROM identity.accounts WHERE handle = %s", (ann.handle,)).fetchone()
        assert row is not None
        sha256 = service.variant_of(conn, UUID(made["id"]), "full").sha256
        leave(conn, row[0], NOON)
    assert store.path(sha256).exists()
    cleaning.clean(database, store, NOON)
    assert not store.path(sha256).exists()
    assert door.visitor().client.get(made["url"]).status_code == 404


def test_nobody_fills_the_disk(database: Database, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_FILES", 2)
    prepared = service.prepare(b"text", "attachment")
    with database.write("t") as conn:
        me = sign_up(conn, "hoarder")
        for _ in range(2):
            service.keep(conn, store, me.id, prepared, purpose="attachment", name="a", now=NOON)
        assert service.count_of(conn, me.id) == service.count_of(conn, me.id, "document", NOON) == 2
        assert service.count_of(conn, me.id, "image") == service.count_of(conn, me.id, None, NOON + LATER) == 0
        with pytest.raises(Conflict, match="as many files as one may"):
            service.keep(conn, store, me.id, prepared, purpose="attachment", name="a", now=NOON)


def test_a_person_brings_one_file_at_a_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    begun, go_on, answers = threading.Event(), threading.Event(), []
    read = documents.read

    def slow(data: bytes, media_type: str, seconds: float = documents.SECONDS) -> str:
        begun.set()
        assert go_on.wait(20)
        return read(data, media_type, seconds)

    monkeypatch.setattr(documents, "read", slow)
    first = threading.Thread(target=lambda: answers.append(bring(ann, pdf("a"), "a.pdf", "application/pdf")))
    first.start()
    assert begun.wait(20)
    second = bring(ann, picture())
    assert (second.status_code, second.json()["code"]) == (429, "too_many_requests")
    assert int(second.headers["Retry-After"]) > 0
    assert bring(bob, picture()).status_code == 201, "nobody else waits"
    go_on.set()
    first.join(20)
    assert [one.status_code for one in answers] == [201]
    assert bring(ann, picture()).status_code == 201
