"""A person's work on pages without scripts: forms that take files, the person's page, the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from platform_app.web.drawing import bars, calendar
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.specimens import HTML, picture
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def send_file(who: Caller, page: str, action: str, data: bytes, **fields: str) -> httpx.Response:
    """Send a form with a file as a browser without scripts does."""
    token = who.look(page).split('name="csrf_token" value="')[1].split('"')[0]
    return who.client.post(action, data={"csrf_token": token, **fields}, files={"file": ("a.png", data, "image/png")})


def test_forms_with_files_work_without_scripts(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    assert send_file(ann, "/settings/profile", "/settings/face", picture()).status_code == 303
    assert "Remove the picture" in ann.look("/settings/profile")
    refused = send_file(ann, "/settings/profile", "/settings/face", HTML)
    assert (refused.status_code, "This is a web page." in refused.text) == (422, True)
    sent = send_file(
        ann, "/settings/portfolio", "/settings/portfolio", picture(), title="A pump", kind="product", url="", summary=""
    )
    assert sent.headers["Location"] == f"/people/{ann.handle}?show=portfolio"
    page = door.visitor().look(f"/people/{ann.handle}?show=portfolio")
    assert "A pump" in page
    assert 'class="face-picture' in page
    sent = send_file(ann, "/settings/work", "/settings/resume", b"Skills: Python, Rust")
    assert sent.status_code == 303
    assert 'value="rust" checked' in ann.look("/settings/work")
    assert ann.send("/settings/work", "/settings/resume/taken", skill=["rust"]).status_code == 303
    assert "Rust <small>intermediate" in door.visitor().look(f"/people/{ann.handle}")


def test_what_was_typed_stays_with_the_reason(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    refused = ann.send("/settings/work", hourly_rate="80", weekly_hours="20")
    assert refused.status_code == 422
    assert "A rate needs its currency" in refused.text
    assert 'value="80"' in refused.text
    assert "whole number" in ann.send("/settings/work", hourly_rate="lots").text
    unknown = ann.send("/settings/work", "/settings/skills", skill=["pythn", "Go"], level=["expert", "expert"])
    assert "Is it Python" in unknown.text
    assert 'value="pythn"' in unknown.text
    saved = ann.send("/settings/work", availability="busy", hourly_rate="80", currency="EUR")
    assert saved.status_code == 303
    page = door.visitor().look(f"/people/{ann.handle}")
    assert "80 EUR an hour" in page
    assert "is busy" in page


def test_only_the_author_is_offered_to_attach(door: Door) -> None:
    ann, bob = door.browser_of(door.member("ann")), door.browser_of(door.member("bob"))
    post = ann.send("/posts/new", title="The pump hums", body="All night.").headers["Location"]
    assert send_file(ann, post, f"{post}/attachments", picture()).headers["Location"] == f"{post}#files"
    assert "a.webp" in bob.look(post)
    assert "Attach a picture" not in bob.look(post)
    assert "Attach a picture" in ann.look(post)


def test_the_dashboard_counts_what_one_did_and_how_it_was_received(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    post = bob.made("/posts", {"title": "How?", "body": "It hums."})
    answer = ann.made(f"/posts/{post}/approaches", {"body": "Oil it."})
    bob.call("PUT", f"/posts/{post}/accepted", {"approach_id": answer})
    bob.call("PUT", f"/approaches/{answer}/vote", {"value": 1})
    ann.made("/posts", {"title": "Mine", "body": "It hums too."})
    page = door.browser_of(ann).look("/dashboard")
    assert "100 %" in page
    assert "1 of 1 answer" in page
    assert "Say in one line what you do" in page
    assert page.count('class="value"') >= 2
    assert door.visitor().client.get("/dashboard").headers["Location"].startswith("/login")


def test_a_calendar_has_a_square_for_each_day_and_shades_by_how_much() -> None:
    today = date(2026, 3, 4)
    squares = calendar({today: 9, date(2026, 3, 2): 1}, today)
    assert len(squares) == 51 * 7 + 3
    assert [(square.shade, square.words) for square in squares[-3:]] == [
        (1, "2 March 2026: 1"), (0, "3 March 2026: nothing"), (4, "4 March 2026: 9"),
    ]  # fmt: skip


def test_bars_are_as_high_as_their_share_of_the_largest() -> None:
    assert [(bar.value, bar.height, bar.y) for bar in bars([("a", 10), ("b", 5), ("c", 0)])] == [
        (10, 90, 0), (5, 45, 45), (0, 0, 90),
    ]  # fmt: skip
    assert bars([]) == []
