"""How often somebody may try: a sliding window for each key, in this process's memory."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

from platform_app.web.refusals import TooMany

MOST_KEYS = 20_000  # the key that was quiet for longest is forgotten beyond this


class Window:
    """At most `tries` marks of one key within `seconds`."""

    def __init__(self, tries: int, seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries, self._seconds, self._clock = tries, seconds, clock
        self._marks: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def check(self, key: str) -> None:
        """Raise TooMany, with the seconds to wait, when the key has used up its tries."""
        with self._lock:
            marks = self._recent(key)
            if len(marks) >= self._tries:
                raise TooMany(max(1, round(marks[0] + self._seconds - self._clock())))

    def mark(self, key: str) -> None:
        """Count one try."""
        with self._lock:
            self._recent(key).append(self._clock())
            self._marks.move_to_end(key)
            while len(self._marks) > MOST_KEYS:
                self._marks.popitem(last=False)

    def unmark(self, key: str) -> None:
        """Take the last try back."""
        with self._lock:
            if marks := self._recent(key):
                marks.pop()

    def _recent(self, key: str) -> deque[float]:
        marks = self._marks.setdefault(key, deque())
        oldest = self._clock() - self._seconds
        while marks and marks[0] <= oldest:
            marks.popleft()
        return marks


class Limits:
    """The app's limits. A wrong password counts for the address from one place, for the address, and for the place; a wrong
    code for the account, from wherever: who tries has the password already."""

    def __init__(self) -> None:
        self.log_in_here = Window(8, 15 * 60)
        self.log_in_address = Window(50, 15 * 60)
        self.log_in_place = Window(100, 15 * 60)
        self.sign_up_place = Window(100, 60 * 60)
        self.reset_place = Window(30, 60 * 60)
        self.code = Window(8, 15 * 60)  # wrong codes of one account: a guess is right with 3 in a million
        self.code_day = Window(40, 24 * 60 * 60)
        self.mail_account = Window(3, 10 * 60)
        self.refresh_place = Window(600, 60 * 60)
        self.export_account = Window(5, 60 * 60)
        self.github_account = Window(10, 60 * 60)
        self.upload_account = Window(60, 60 * 60)
        self.arrive_place = Window(100, 60 * 60)
        self.search_place = Window(240, 60)  # also what is looked up while somebody writes
