"""Files are chosen in the form that a text is written in: both are published, or neither, and what was typed stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from platform_app.community.attachments import MOST, attachments_of
from platform_app.db import Database
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.specimens import SVG, pdf, picture
from tests.lib.stack import Stack

Files = list[tuple[str, bytes]]
TWO: Files = [("hum.png", picture(size=(60, 30))), ("log.pdf", pdf("what it said"))]


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def write(who: Caller, page: str, files: Files, action: str = "", **fields: str) -> httpx.Response:
    """Send a form with files as a browser without scripts does."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', who.look(page))
    assert found
    sent = [("file", (name, data, "application/octet-stream")) for name, data in files]
    return who.client.post(action or page, data={"csrf_token": found.group(1), **fields}, files=sent)


def of(answer: httpx.Response) -> UUID:
    """The id of what was made, at the end of where the answer leads."""
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"][-36:])


def names(database: Database, *, post: UUID | None = None, approach: UUID | None = None) -> list[str]:
    with database.read() as conn:
        return [one.name for one in attachments_of(conn, [post] if post else [], [approach] if approach else [])]


def test_a_problem_an_answer_and_an_approach_come_with_their_files(door: Door, database: Database) -> None:
    ann = door.browser_of(door.member("ann"))
    post = of(write(ann, "/posts/new", TWO, title="It hums", body="All night."))
    assert names(database, post=post) == ["hum.webp", "log.pdf"]
    assert "hum.webp" in door.visitor().look(f"/posts/{post}")
    answer = of(write(ann, f"/posts/{post}", TWO[:1], f"/posts/{post}/approaches", body="New bearings.", kind="idea"))
    assert names(database, approach=answer) == ["hum.webp"]
    alone = of(write(ann, "/approaches/new", TWO[1:], title="Listen first", body="To the pump.", kind="guide"))
    assert names(database, approach=alone) == ["log.pdf"]


def test_without_files_the_same_form_works(door: Door, database: Database) -> None:
    ann = door.browser_of(door.member("ann"))
    found = re.search(r'name="csrf_token" value="([^"]+)"', ann.look("/posts/new"))
    assert found
    fields = {"csrf_token": found.group(1), "title": "Quiet", "body": "No files."}
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    empty = 'Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n'
    body = "".join(f"--x\r\n{part}\r\n" for part in [*parts, empty]) + "--x--\r\n"  # as browsers write it
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = ann.client.post("/posts/new", content=body.encode(), headers=kind)
    assert names(database, post=of(answer)) == []


REFUSED = [
    ([*TWO, ("a.svg", SVG)], "SVG images can hold scripts. Use a JPEG, PNG, WebP or GIF image, a PDF or plain text."),
    ([("hum.png", picture(size=(9, 9)))] * (MOST + 1), "A text shows at most 6 files"),
    ([("a.png", b"\x89PNG\r\n\x1a\n and then nothing")], "damaged"),
]


@pytest.mark.parametrize(("files", "why"), REFUSED)
def test_a_file_that_is_refused_keeps_the_text_unpublished_and_in_the_form(
    door: Door, database: Database, files: Files, why: str
) -> None:
    ann = door.member("ann")
    page = write(door.browser_of(ann), "/posts/new", files, title="It hums", body="Word for word.")
    assert page.status_code == 422
    assert re.search(rf'<p class="fault" id="files-chosen-fault">[^<]*{why}[^<]*choose the files again', page.text)
    assert ">Word for word.</textarea>" in page.text
    with database.read() as conn:
        held = conn.execute(
            "SELECT count(*) FROM uploads.files f JOIN identity.accounts a ON a.id = f.owner_id WHERE a.handle = %s",
            (ann.handle,),
        ).fetchone()
    assert held == (0,)
    assert ann.call("GET", f"/people/{ann.handle}/posts").json()["items"] == []


def test_a_new_persons_text_shows_no_more_pictures_than_it_may(door: Door) -> None:
    new = door.browser_of(door.member("new", trusted=False))
    many = [("hum.png", picture(size=(9, 9)))] * MOST
    page = write(new, "/posts/new", many, title="It hums", body="See the pictures.")
    assert page.status_code == 422
    assert 'id="files-chosen-fault"' in page.text


def test_files_are_looked_at_for_members_alone_and_not_kept_with_a_draft(door: Door, database: Database) -> None:
    visitor = door.visitor()
    sent = [("file", ("hum.png", TWO[0][1], "image/png"))]
    answer = visitor.client.post("/posts/new", data={"title": "It hums", "body": "x"}, files=sent)
    assert answer.status_code in (303, 403)
    assert "/posts/" not in answer.headers.get("location", "").removeprefix("/login?next=")
    ann = door.browser_of(door.member("ann"))
    kept = write(ann, "/posts/new", TWO, title="Later", body="Not yet.", keep="1")
    assert kept.headers["location"] == "/drafts"
    with database.read() as conn:
        row = conn.execute("SELECT count(*) FROM uploads.files WHERE name = 'log.pdf' AND used_at IS NULL").fetchone()
    assert row == (0,)
