"""One shop for the tests of this folder; a test that breaks it asks for one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lib.shelf import publish_version, trend_rows, weekly_rows
from tests.lib.shops import TestShop, open_shop
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def shop(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestShop]:
    """A shop with 6 months × 5 tags at 0.02 a row, and 60 weeks at 0.01."""
    run: Path = tmp_path_factory.mktemp("shop")
    publish_version(run / "gold", trend_rows())
    publish_version(run / "gold", weekly_rows(), "problem_activity_weekly")
    with open_shop(postgres, run) as opened:
        yield opened
