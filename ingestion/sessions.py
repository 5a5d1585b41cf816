"""Whether each session of Debezium's was opened by Headwater, which makes it go on from a place where nothing is lost.

A session is one connection that streams the log; the connector's heartbeat says in the stream which one that is. Before
Headwater opens one it leaves an announcement in the log. A session without it was opened by Connect alone, after a lost
connection or on another worker: Debezium then searched for its place, and may have dropped changes (decision 0007).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Sessions:
    """Follows announcements and sessions through the stream; what comes again changes nothing."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._expected = True  # the first session of a stream starts with a snapshot

    def restore(self, notes: Iterable[dict[str, Any]]) -> None:
        """Take in what landed before: the contents of bronze's notes, in their order."""
        for about in notes:
            if about.get("kind") == "session":
                self.streams(str(about["id"]))
            elif about.get("kind") == "opening":
                self.announced(str(about["id"]))

    def new_stream(self) -> None:
        """A snapshot begins a stream: nothing that was sent before it counts."""
        self._expected = True

    def announced(self, announcement: str) -> None:
        """Headwater is about to open a session."""
        if announcement not in self._seen:
            self._seen.add(announcement)
            self._expected = True

    def knows(self, session: str) -> bool:
        return session in self._seen

    def streams(self, session: str) -> bool:
        """A session says that it streams; false when nobody announced it."""
        if session in self._seen:
            return True
        self._seen.add(session)
        announced, self._expected = self._expected, False
        return announced
