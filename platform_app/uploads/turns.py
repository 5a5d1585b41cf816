"""Few files are worked on at once by this process, one of each person, and nobody waits long: who waits here serves no page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from platform_app.errors import TooSoon

WAIT = 2.0  # seconds for a place
AGAIN = 5  # seconds after which somebody who was sent away tries again

_bringing: set[UUID] = set()
_lock = threading.Lock()


@contextmanager
def place(places: threading.BoundedSemaphore) -> Iterator[None]:
    """One of the places to work on a file; TooSoon when none is free within two seconds."""
    if not places.acquire(timeout=WAIT):
        raise TooSoon(AGAIN, "Many files are being brought at this moment.")
    try:
        yield
    finally:
        places.release()


@contextmanager
def alone(account_id: UUID) -> Iterator[None]:
    """The person's turn, one file after the other; TooSoon while another one of theirs is worked on."""
    with _lock:
        if account_id in _bringing:
            raise TooSoon(AGAIN, "You are bringing a file already: one after the other.")
        _bringing.add(account_id)
    try:
        yield
    finally:
        with _lock:
            _bringing.discard(account_id)
