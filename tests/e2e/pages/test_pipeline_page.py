"""The administrators' page over a watch service that a test plays: who may see it, what it shows, what it does without one."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect
from prometheus_client import generate_latest

from platform_app.migrations.runner import migrate
from platform_app.settings import Settings
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.stack import Stack
from tests.lib.stream import wait_until

NOW = 1_900_000_000.0
STAGES = [
    {"name": name, "offset": 900, "behind": behind, "freshness_seconds": age}
    for name, behind, age in (("kafka", None, 0), ("bronze", 4, 0.4), ("silver", 12, 7), ("warehouse", 300, 400))
]
STATE: dict[str, Any] = {
    "form": 1, "at": NOW, "interval_seconds": 3.0, "engine": "local", "stages": STAGES, "suspects": [],
    "health": {"level": "act", "sentence": "The last “lake model” failed (exit 65).", "reasons": [
        {"code": "job_failed", "level": "act", "what": "The last “lake model” failed (exit 65).",
         "do": "Give the mart its test.", "command": "python -m lake model"}]},
    "capture": {"connector": "RUNNING", "status": "reserved", "active": True, "lag_bytes": 2048},
    "quarantine": [{"stage": "land", "table": "posts", "reason": "has no key", "rows": 2, "since": "", "command": "python -m ingestion replay"}],
    "jobs": [{"job": "lake model", "finished_at": NOW, "exit": 65, "seconds": None, "summary": {}, "fine": False, "advice": "Give the mart its test."}],
    "products": [{"product": "problem_trends_monthly", "versions": [
        {"version": 3, "rows": 160, "cut": 800, "published_at": NOW, "last_period": "2025-11-01", "checks": 9, "failed": []}]}],
    "tables": [{"table": "bronze", "files": 3, "bytes": 4096, "rows": 900, "version": 8}],
    "disk": {"free_bytes": 2**33, "size_bytes": 2**34},
    "history": {"step_seconds": 15, "fields": ["at", "bronze_behind", "silver_behind", "bronze_freshness", "silver_freshness", "slot_lag_bytes"],
                "points": [[NOW - 60 + 15 * n, n, 4 * n, 1, 3, 0] for n in range(4)]},
}  # fmt: skip


class Played(BaseHTTPRequestHandler):
    """A watch service that knows one state."""

    def do_GET(self) -> None:
        body = json.dumps(STATE).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def watch_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Played)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def door(postgres: Stack, watch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    assets = postgres.place.installed("npm") / "node_modules"
    more = {"pipeline_url": watch_url, "airflow_url": "http://127.0.0.1:8280", "assets": assets}
    with open_door(postgres.url("app"), tmp_path_factory.mktemp("outbox"), **more) as opened:
        yield opened


@pytest.fixture(scope="module")
def admin(door: Door, postgres: Stack) -> Caller:
    member = door.member("root")
    with psycopg.connect(postgres.url("postgres", "app"), autocommit=True) as connection:
        connection.execute("UPDATE identity.accounts SET role = 'admin' WHERE handle = %s", (member.handle,))
    return door.browser_of(member)


def test_only_administrators_see_it(door: Door, admin: Caller) -> None:
    turned = door.visitor().client.get("/admin/pipeline")
    assert (turned.status_code, turned.headers["location"]) == (303, "/login?next=/admin/pipeline")
    door.browser_of(door.member("guest")).look("/admin/pipeline", 403)
    page = admin.look("/admin/pipeline")
    for words in (
        "Give the mart its test.",
        "has no key",
        "python -m ingestion replay",
        "http://127.0.0.1:8280/dags/repair",
    ):
        assert words in page


def test_airflow_is_linked_also_when_it_was_installed_later(
    door: Door, admin: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, told = door.app.state.settings, tmp_path / "app.env"
    monkeypatch.setitem(Settings.model_config, "env_file", told)
    try:
        door.app.state.settings = settings.model_copy(update={"airflow_url": ""})
        assert 'aria-label="Airflow"' not in admin.look("/admin/pipeline")
        told.write_text("APP_AIRFLOW_URL=http://127.0.0.1:8281\n")
        assert "http://127.0.0.1:8281/dags/pipeline" in admin.look("/admin/pipeline")
    finally:
        door.app.state.settings = settings


def test_without_watch_it_says_so_and_what_to_do(door: Door, admin: Caller) -> None:
    settings = door.app.state.settings
    try:
        for url, words in (("", "has not been told"), ("http://127.0.0.1:9", "does not answer")):
            door.app.state.settings = settings.model_copy(update={"pipeline_url": url})
            page = admin.look("/admin/pipeline")
            assert words in page
            assert "make up" in page
    finally:
        door.app.state.settings = settings


def test_two_posts_are_one_series(door: Door) -> None:
    member = door.member("poster")
    for title in ("The first of two problems", "The second of two problems"):
        post = member.made("/posts", {"title": title, "body": "Something does not work here.", "tags": []})
        door.visitor().look(f"/posts/{post}")
    registry = door.app.state.meters.meters.registry
    series = {"method": "GET", "route": "/posts/{post_id}", "status": "2xx"}
    wait_until(lambda: registry.get_sample_value("headwater_http_requests_total", series) == 2, 10)  # after the answer
    text = generate_latest(registry).decode()
    assert post not in text
    assert member.handle not in text


@pytest.mark.parametrize("width", [1280, 360])
def test_it_shows_everything_at_a_glance_and_renews_itself(
    door: Door, admin: Caller, new_page: Callable[..., Page], look: Callable[[Page, str], Path], width: int
) -> None:
    page = new_page({"width": width, "height": 800})
    page.goto(f"{door.url}/login")
    page.get_by_label("Mail address").fill(admin.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{door.url}/admin/pipeline")
    expect(page.get_by_role("status")).to_contain_text("Somebody has to act")
    expect(
        page.get_by_role("img", name="Messages behind, the last hour. Bronze: now 3, at most 3, Silver: now 12")
    ).to_be_visible()
    expect(page.locator("path.line.silver").first).to_have_attribute("d", re.compile("^M"))
    page.get_by_text("Tables", exact=True).click()
    jobs = page.get_by_role("region", name="Last run of each job")
    scrolled = jobs.evaluate("region => { region.scrollLeft = 40; return region.scrollLeft }")
    assert scrolled == (40 if width == 360 else 0)
    STATE["health"]["sentence"] = f"Renewed for {width}."
    STATE["tables"][0]["rows"] = width
    expect(page.get_by_text(f"Renewed for {width}.")).to_be_visible()
    expect(page.get_by_role("cell", name=f"{width:,}", exact=True)).to_be_visible()  # open still, and renewed
    assert jobs.evaluate("region => region.scrollLeft") == scrolled
    assert page.evaluate("document.documentElement.scrollWidth") == width
    look(page, f"pipeline-{width}")
    if width == 360:
        without_watch_no_old_number_is_taken_for_the_present(door, page)


def without_watch_no_old_number_is_taken_for_the_present(door: Door, page: Page) -> None:
    settings = door.app.state.settings
    try:
        door.app.state.settings = settings.model_copy(update={"pipeline_url": "http://127.0.0.1:9"})
        expect(page.get_by_role("status")).to_contain_text("The watch service does not answer.")
        expect(page.get_by_text("Last run of each job")).to_be_hidden()
    finally:
        door.app.state.settings = settings
