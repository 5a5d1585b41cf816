"""What many look at and few change, kept for a few seconds: the start page of visitors, popular tags, people's cards.

A value is forgotten when its time is over, or as soon as a commit says that its topic changed (`outbox/topics.py`): every
process hears of it through PostgreSQL. A process that heard nothing, because its connection was away, shows what is at most
`seconds` old: that is how far two processes can differ.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar, cast

Value = TypeVar("Value")
MOST = 5_000  # values that are kept; the one that was asked for longest ago is forgotten beyond
SECONDS = 15.0


class Hot:
    """Values by key, each with the topics that it depends on. Safe to share between threads."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._values: OrderedDict[str, tuple[float, int, tuple[str, ...], Any]] = OrderedDict()
        self._changed: OrderedDict[str, int] = OrderedDict()  # topic → the moment of its last change
        self._forgotten = 0  # changes up to this moment are no longer told apart
        self._now = 0
        self._making: dict[str, Lock] = {}
        self._lock = Lock()

    @property
    def moment(self) -> int:
        """Grows with every change. Take it before the transaction begins whose values `read` is to keep."""
        return self._now

    def read(self, key: str, topics: tuple[str, ...], moment: int, make: Callable[[], Value]) -> Value:
        """The value of a key; made by one caller while the others wait. `make` sees what held at `moment`, or later."""
        with self._lock:
            found, value = self._look(key)
            making = self._making.setdefault(key, Lock())
        if found:
            return cast(Value, value)
        with making:
            with self._lock:
                found, value = self._look(key)
            if not found:
                value = make()
                self._keep(key, topics, moment, value)
        with self._lock:
            self._making.pop(key, None)
        return cast(Value, value)

    def drop(self, topic: str) -> None:
        """Something of this topic changed."""
        with self._lock:
            self._now += 1
            self._changed[topic] = self._now
            self._changed.move_to_end(topic)
            if len(self._changed) > MOST:
                _, self._forgotten = self._changed.popitem(last=False)

    def clear(self) -> None:
        """Anything may have changed."""
        with self._lock:
            self._now += 1
            self._forgotten = self._now
            self._values.clear()

    def _look(self, key: str) -> tuple[bool, Any]:
        there = self._values.get(key)
        if there is None:
            return False, None
        until, moment, topics, value = there
        if until <= self._clock() or moment < max(self._forgotten, *(self._changed.get(one, 0) for one in topics)):
            return False, None
        self._values.move_to_end(key)
        return True, value

    def _keep(self, key: str, topics: tuple[str, ...], moment: int, value: Any) -> None:
        with self._lock:
            self._values[key] = (self._clock() + self._seconds, moment, topics, value)
            self._values.move_to_end(key)
            while len(self._values) > MOST:
                self._values.popitem(last=False)
