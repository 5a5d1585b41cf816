"""One stack for the room's tests; each test gets an empty database, a new topic and a lake of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.stack import Stack
from tests.lib.stream import Stream
from tests.lib.writers import Writers


@pytest.fixture
def stream(connect: Stack, tmp_path: Path) -> Stream:
    """Nothing captured, nothing landed."""
    return Stream(connect, tmp_path / "lake").reset()


@pytest.fixture
def running(stream: Stream) -> Stream:
    """The connector reads the log of an empty database."""
    stream.streaming()
    return stream


@pytest.fixture
def writers(running: Stream) -> Writers:
    """Five writers: short transactions, two long ones that interleave, bulk inserts and COPY."""
    return Writers(running.stack.url("postgres", "app"), seed=7)
