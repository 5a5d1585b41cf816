"""The diary of jobs as it grows: the last runs, and of each job its last run and its last success."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lake.jobs import BEFORE, FILE
from lake.kit.errors import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_RETRY, EXIT_STOP

MOST = 200  # runs that are kept for the page
TOLD = {
    EXIT_STOP: "Run it by hand: its message says what to do.",
    EXIT_RETRY: "Something it needs was away: run `make status`, then the same command again.",
    EXIT_FAULT: "A fault in the program: see the end of its log with `make logs`.",
}
"""What to do about a run that left no message, by its exit code."""


@dataclass(frozen=True)
class Run:
    """One run of a job: when it ended (seconds since 1970), how, how long it took, its counts, what it said."""

    job: str
    finished_at: float
    exit: int
    seconds: float | None
    summary: dict[str, int | float | str | bool]
    said: str

    @property
    def fine(self) -> bool:
        """Whether nobody has to look at it: done, or interrupted by somebody."""
        return self.exit in (0, EXIT_INTERRUPTED)

    @property
    def advice(self) -> str:
        """What to do about it; empty for a run that is fine."""
        return "" if self.fine else self.said or TOLD.get(self.exit, "See its log with `make logs`.")

    @property
    def command(self) -> str:
        """The command that does it again."""
        return f"python -m {self.job}"


class Diary:
    """Reads only what was appended since the last look, also across a rotation."""

    def __init__(self, run: Path) -> None:
        self._path, self._before = run / FILE, run / BEFORE
        self._file: int | None = None  # the inode that is read on
        self._at = 0
        self.runs: deque[Run] = deque(maxlen=MOST)
        self.last: dict[str, Run] = {}
        self.last_success: dict[str, Run] = {}

    def look(self) -> None:
        """Take in new lines; a line that is not whole yet waits, one that never will be is passed over."""
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return
        if now.st_ino != self._file or now.st_size < self._at:  # rotated, another diary, or the first look
            self._finish()
            self._file, self._at = now.st_ino, 0
        if now.st_size > self._at:
            self._read(self._path)

    def _finish(self) -> None:
        """The end of the diary before this one, if it is the one that was read; at the first look all of it."""
        try:
            if self._file in (None, self._before.stat().st_ino):
                self._read(self._before)
        except FileNotFoundError:
            return

    def _read(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(self._at)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            if run := _run(line):
                self._take(run)

    def _take(self, run: Run) -> None:
        self.runs.appendleft(run)
        self.last[run.job] = run
        if run.exit == 0:
            self.last_success[run.job] = run


def _run(line: bytes) -> Run | None:
    try:
        said = json.loads(line)
        summary: dict[str, Any] = dict(said.get("summary") or {})
        at = datetime.fromisoformat(said["finished_at"]).timestamp()
        seconds = summary.pop("seconds", None)
        return Run(said["job"], at, int(said["exit"]), seconds, summary, str(said.get("said", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
