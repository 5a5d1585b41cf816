"""Pages in a real Chromium: the browser's fixtures, and the app as `make up` starts it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lib.browser import browser, look, new_page, page
from tests.lib.people import trust_whoever_comes
from tests.lib.stack import Stack

__all__ = ["browser", "look", "new_page", "page"]


@pytest.fixture(scope="module")
def app_url(postgres: Stack) -> Iterator[str]:
    """The address of the running app on an empty, migrated database."""
    if postgres.pid("app"):
        postgres.terminate("app")
    postgres.recreate("app")
    postgres.up("app")
    trust_whoever_comes(postgres.url("app_owner"))
    yield postgres.http("app")
    postgres.terminate("app")
