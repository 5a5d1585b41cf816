"""One stack for the room's tests. A module that breaks the stream starts it anew; the others share one that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.stack import Stack
from tests.lib.stream import Stream


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """kafka-python may leave the socket of an attempt to connect that was overtaken by another to the collector."""
    ignored = "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings(ignored))


@pytest.fixture
def stream(connect: Stack, tmp_path: Path) -> Stream:
    """An empty database; nothing captured, nothing landed."""
    return Stream(connect, tmp_path / "lake").reset()


@pytest.fixture(scope="module")
def running(connect: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stream:
    """For a whole module: the connector reads the log, its first snapshot of an empty database has landed."""
    stream = Stream(connect, tmp_path_factory.mktemp("running") / "lake").reset()
    stream.streaming()
    return stream
