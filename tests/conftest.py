"""What holds for every test: a mark for its folder, real servers on demand, and no sockets in unit tests."""

from __future__ import annotations

import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_socket

pytest_plugins = ["tests.lib.stack"]

Report = Callable[[Any], object]
_KINDS = ("unit", "integration", "e2e", "bench")
_LONGEST = (
    "test_walk_on_spark", "test_walk_in_airflow", "test_demo", "test_walk", "test_cluster", "test_engine_contract",
    "test_erasure", "test_features", "test_release_on_spark", "test_backup", "test_products",
)  # fmt: skip
"""Modules of minutes, which begin first: where two processes share the modules, none of these is left for the end."""


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what runs in its background with Ctrl-C ignored, and children inherit that; those that tests start
    # are to be stopped by it. (A handler is not inherited: they get the default.)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for kind in _KINDS:
        config.addinivalue_line("markers", f"{kind}: a test in tests/{kind}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the folder it lies in, so that `-m unit` selects what it says; the longest modules first."""
    order = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    home = Path(__file__).parent
    for item in items:
        kind = item.path.relative_to(home).parts[0]
        if kind in _KINDS:
            item.add_marker(kind)


@pytest.fixture(autouse=True)
def closed_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """A unit test that opens a network connection fails; the pair inside an event loop is allowed."""
    if request.node.get_closest_marker("unit") is None:
        yield
        return
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="module", autouse=True)
def left_sockets() -> Iterator[None]:
    """kafka-python leaves sockets in cycles, which the collector would find in a later module, whose test would fail."""
    yield
    if "kafka" not in sys.modules:
        return
    before, sys.unraisablehook = sys.unraisablehook, _all_but_sockets(sys.unraisablehook)
    try:
        gc.collect()
    finally:
        sys.unraisablehook = before


def _all_but_sockets(report: Report) -> Report:
    return lambda about: None if isinstance(about.object, socket.socket) else report(about)
