"""Every page of the app in Chromium: WCAG 2.2 AA by axe in light, in the dark and on a phone, no shifting, a keyboard's walk.

A new page is walked through by itself. One that cannot be looked at without more (a link from a mail, a log-in half done)
is in ELSEWHERE with the test that shows it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize

from platform_app.migrations.runner import migrate
from tests.lib.front_door import open_door
from tests.lib.scenery import PAGE_OF_CODE, Scenery, lively, routes
from tests.lib.stack import Stack

NARROW: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
SHOTS = os.environ.get("HEADWATER_SHOTS")  # set it to keep a picture of every page in the test's folder
LARGEST_FIRST_PAGE = 100_000  # bytes that travel
MOST_SHIFT = 0.01  # CLS; 0.1 is what people call good

ELSEWHERE = {
    "/login/with/{provider}": "leads to the other site",
    "/login/with/{provider}/callback": "leads on after the other site",
    "/signup/with": "test_security_pages: somebody comes from another site",
    "/login/code": "test_security_pages: the password was right",
    "/settings/account/export": "a file",
    "/reset/{token}": "test_web_pages: a link from a mail",
    "/verify/{token}": "test_security_pages: a link from a mail",
    "/erasure/{token}": "test_app_pages: a receipt",
    "/files/{file_id}": "a file",
    "/files/{file_id}/small": "a file",
    "/undo/{kind}/{item_id}": "test_discussion_pages: something was deleted a moment ago",
}
VISITORS = ("/login", "/signup", "/reset", "/claim")
KEEPERS = ("/moderate", "/admin", "/posts/{post_id}/lock")

WATCH = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({type: 'layout-shift', buffered: true});
"""
RULES = """async ([tags, only]) => {
  const options = only ? {runOnly: {type: 'rule', values: only}} : {runOnly: {type: 'tag', values: tags}};
  const found = await axe.run(document, {...options, resultTypes: ['violations'], elementRef: false});
  return found.violations.flatMap(v => v.nodes.slice(0, 3).map(
    n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.split('\\n').slice(1).join(' ').trim()}`));
}"""
NAMED = "const named = one => `${one.tagName} ${one.name || one.getAttribute('href') || one.textContent.trim().slice(0, 40)}`;"
REACHABLE = f"""() => {{ {NAMED}
  const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, select, summary');
  const shown = [...all].filter(one => one.checkVisibility({{visibilityProperty: true}}) && !one.disabled
    && !(one.type === 'radio' && !one.checked));
  return [...new Set(shown.map(named))];
}}"""
FOCUSED = f"""() => {{ {NAMED}
  const one = document.activeElement, shown = one.matches('.chip input') ? one.nextElementSibling : one;
  const style = getComputedStyle(shown);
  return [named(one), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
}}"""
"""What the Tab key should reach (a group of radio buttons is one stop), and what it is at."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def scenery(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    assets = postgres.place.installed("npm") / "node_modules"
    with open_door(postgres.url("app"), tmp_path_factory.mktemp("outbox"), assets=assets, design=True) as door:
        yield lively(door, postgres.url("app"))


@pytest.fixture(scope="module")
def axe(postgres: Stack) -> str:
    script: Path = postgres.place.installed("npm") / "node_modules" / "axe-core" / "axe.min.js"
    return script.read_text(encoding="utf-8")


def pages_of_the_app() -> list[tuple[str, str]]:
    """(who looks, path's template) for every page; those that everybody sees are seen by a visitor too."""
    found = []
    for route in routes():
        if route.method != "GET" or not route.is_page or route.path in ELSEWHERE:
            continue
        if route.path.startswith(VISITORS):
            found.append(("visitor", route.path))
        elif route.path.startswith(KEEPERS):
            found.append(("admin", route.path))
        else:
            found.append(("owner", route.path))
            if not route.path.startswith(("/settings", "/notifications")) and not route.path.endswith(
                ("/new", "/edit")
            ):
                found.append(("visitor", route.path))
    return found


def enter(page: Page, scenery: Scenery, who: str) -> None:
    """Give the tab the cookies of one of the people."""
    if who != "visitor":
        cookies = scenery.browsers[who].client.cookies.jar
        page.context.add_cookies(
            [{"name": one.name, "value": str(one.value), "url": scenery.door.url} for one in cookies]
        )


@pytest.mark.parametrize(("who", "path"), pages_of_the_app())
def test_everybody_can_use_every_page(
    scenery: Scenery, axe: str, new_page: Callable[..., Page], look: Callable[[Page, str], Path], who: str, path: str
) -> None:
    page = new_page()
    page.emulate_media(reduced_motion="reduce")
    enter(page, scenery, who)
    page.add_init_script(WATCH)
    answer = page.goto(scenery.door.url + scenery.path(path), wait_until="load")
    assert answer
    assert answer.status == 200, f"{path} answers {answer.status} to {who}: make it reachable in tests/lib/scenery.py"
    page.evaluate(axe)
    faults = []
    for mode, size, scheme in (("light", DESK, "light"), ("dark", DESK, "dark"), ("phone", NARROW, "light")):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        if page.viewport_size != size:
            page.set_viewport_size(size)
        only = ["color-contrast"] if mode == "dark" else None
        faults += [f"{mode}: {fault}" for fault in page.evaluate(RULES, [TAGS, only])]
        if SHOTS:
            look(page, f"{who}{path.replace('/', '_')}_{mode}")
        if mode == "light":
            shifted = page.evaluate("window.shifted")
    assert not faults, "\n".join([path, *faults])
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert shifted <= MOST_SHIFT


def test_the_first_page_is_light_and_quick(scenery: Scenery, new_page: Callable[..., Page]) -> None:
    for number in range(25):
        scenery.people["stranger"].made("/posts", {"title": f"Problem {number} of many", "body": PAGE_OF_CODE * 3})
    for who in ("visitor", "owner"):
        seconds, carried = [], 0
        for _ in range(3):
            page = new_page()
            enter(page, scenery, who)
            page.goto(f"{scenery.door.url}/", wait_until="load")
            carried, taken = page.evaluate(
                "() => {const all = [...performance.getEntriesByType('navigation'), "
                "...performance.getEntriesByType('resource')];"
                "return [all.reduce((sum, one) => sum + one.transferSize, 0), all[0].loadEventStart / 1000]}"
            )
            seconds.append(taken)
        assert 0 < carried <= LARGEST_FIRST_PAGE, who
        print(f"\n{who}: {carried} bytes, the best of three {min(seconds):.2f} s")


WALKED = [
    "/",
    "/login",
    "/signup",
    "/posts/new",
    "/posts/{post_id}",
    "/people/{handle}",
    "/settings/account",
    "/moderate",
]


@pytest.mark.parametrize("path", WALKED)
def test_a_keyboard_reaches_everything_and_shows_where_it_is(
    scenery: Scenery, new_page: Callable[..., Page], path: str
) -> None:
    page = new_page()
    enter(page, scenery, "visitor" if path in VISITORS else "moderator")
    page.goto(scenery.door.url + scenery.path(path))
    waiting = page.evaluate(REACHABLE)
    for _ in range(3 * len(waiting) + 20):  # what is named alike is one of these, and a stop each
        page.keyboard.press("Tab")
        place, seen = page.evaluate(FOCUSED)
        if place in waiting:
            assert seen, f"{path}: nothing shows that the focus is on {place}"
            waiting.remove(place)
    assert waiting == [], f"{path}: the Tab key does not reach these"
