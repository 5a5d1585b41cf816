"""What people write runs nothing in a reader's browser: OWASP's filter-evasion list through every text that a page shows.

The content security policy is switched off in the browser, so that the cleaning of texts has to hold alone; the control, with
the cleaning off, shows that the same walk sees a script that runs. A last test has the policy alone hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nh3
import psycopg
import pytest
from playwright.sync_api import Browser, Dialog, Page

from lake.kit.ids import new_id
from platform_app.community import batch
from platform_app.community.schemas import ApproachRow, CommentRow, PostRow
from platform_app.migrations.runner import migrate
from platform_app.web import markdown
from tests.lib.front_door import Door, open_door
from tests.lib.people import NOON, sign_up
from tests.lib.stack import Stack

VECTORS = (Path(__file__).parent / "xss_vectors.txt").read_text(encoding="utf-8").splitlines()
ON_ONE_PAGE = 14  # vectors of a post's approaches, so that they stand on its first page
WATCH = """
window.ran = [];
for (const name of ['alert', 'confirm', 'prompt']) window[name] = text => { window.ran.push(`${name} ${text}`); };
"""
TOUCH = """async () => {
  const touched = [...document.querySelectorAll('main, main *')];
  for (const one of touched) for (const kind of ['pointerenter', 'mouseover', 'focus', 'blur', 'click', 'toggle'])
    if (kind !== 'click' || !one.closest('a[href], button, summary, form') || (one.href || '').startsWith('javascript:'))
      one.dispatchEvent(new Event(kind, {cancelable: true}));
  for (const one of document.querySelectorAll('main a[href^="javascript:" i]')) one.click();
  await new Promise(done => setTimeout(done, 30));
  const handlers = touched.flatMap(one => [...one.attributes]).filter(one => /^(on|hx-on|data-hx-on)/i.test(one.name));
  return [...window.ran, ...handlers.filter(one => one.name !== 'hx-on').map(one => `handler ${one.name}`)];
}"""


@pytest.fixture(scope="module")
def door(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    with open_door(postgres.url("app"), tmp_path_factory.mktemp("outbox")) as opened:
        yield opened


@pytest.fixture(scope="module")
def paths(door: Door, postgres: Stack) -> list[str]:
    """The pages that show the vectors: as titles, bodies, answers and remarks, and as what people say of themselves."""
    found = ["/", "/approaches"]
    groups = [VECTORS[at : at + ON_ONE_PAGE] for at in range(0, len(VECTORS), ON_ONE_PAGE)]
    with psycopg.connect(postgres.url("app")) as conn:
        for group in groups:
            author, post = sign_up(conn, "author"), new_id()
            batch.add_posts(conn, [PostRow(post, author.id, group[0][:300], group[-1], NOON, NOON)])
            answers = [ApproachRow(new_id(), post, author.id, None, text, NOON, NOON) for text in group]
            batch.add_approaches(conn, answers)
            remarks = [CommentRow(new_id(), None, answer.id, author.id, answer.body, NOON) for answer in answers]
            batch.add_comments(conn, remarks)
            alone = [ApproachRow(new_id(), None, author.id, text[:300], text, NOON, NOON) for text in group[:2]]
            batch.add_approaches(conn, alone)
            values = (group[0][:60], author.id)
            conn.execute("UPDATE identity.accounts SET display_name = %s WHERE id = %s", values)
            conn.execute(
                "INSERT INTO profiles.profiles (account_id, headline, bio, location, updated_at) VALUES (%s, %s, %s, %s, now()) "
                "ON CONFLICT (account_id) DO UPDATE SET headline = excluded.headline, bio = excluded.bio, "
                "location = excluded.location",
                (author.id, group[1][:100], "\n\n".join(group), group[2][:60]),
            )
            found += [f"/posts/{post}", f"/people/{author.handle}", f"/approaches/{alone[0].id}"]
    return [*found, *(f"/tags?prefix={text.replace('#', '%23').replace('&', '%26')[:35]}" for text in VECTORS[2:8])]


@pytest.fixture
def naked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Texts are not cleaned."""

    def as_it_is(text: str, **_: Any) -> str:
        return text

    markdown.to_html.cache_clear()
    with monkeypatch.context() as broken:
        broken.setattr(nh3, "clean", as_it_is)
        yield
    markdown.to_html.cache_clear()


def walk(browser: Browser, door: Door, paths: list[str], *, policy: bool) -> list[str]:
    """Look at every page and touch everything on it; what ran, and what waits to be run."""
    context = browser.new_context(bypass_csp=not policy)
    context.route("**/*", lambda route: route.continue_() if door.url in route.request.url else route.abort())
    context.add_init_script(WATCH)
    page: Page = context.new_page()
    ran: list[str] = []

    def seen(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", seen)
    for path in paths:
        page.goto(door.url + path, wait_until="load")
        ran += [f"{path}: {what}" for what in page.evaluate(TOUCH)]
    context.close()
    return ran


def test_nothing_that_people_write_runs(browser: Browser, door: Door, paths: list[str]) -> None:
    assert walk(browser, door, paths, policy=False) == []


@pytest.mark.usefixtures("naked")
def test_the_control_without_cleaning_scripts_run(browser: Browser, door: Door, paths: list[str]) -> None:
    ran = walk(browser, door, [path for path in paths if path.startswith("/posts/")][:3], policy=False)
    assert len([one for one in ran if "alert" in one]) >= 5


@pytest.mark.usefixtures("naked")
def test_the_policy_alone_lets_nothing_run_either(browser: Browser, door: Door, paths: list[str]) -> None:
    ran = walk(browser, door, [path for path in paths if path.startswith("/posts/")][:3], policy=True)
    assert [one for one in ran if "handler" not in one] == []


def test_a_page_of_the_list_looks_like_text(door: Door, paths: list[str], new_page: Callable[..., Page]) -> None:
    """Nothing is lost that was meant to be read: code keeps its signs."""
    page = new_page()
    page.goto(f"{door.url}{paths[2]}")
    assert page.locator("main h1").inner_text() == VECTORS[0]
