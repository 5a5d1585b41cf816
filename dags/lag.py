"""When the pipeline is asked for before its hour: how far the warehouse is behind, and how old the last publish is.

Reads what `python -m ingestion status --json` says and the diary of jobs. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MESSAGES = 5_000  # messages of the topic that the warehouse lacks
PUBLISHED = timedelta(hours=6)  # age of the last publish
PAUSE = timedelta(minutes=15)  # between two askings
_OFFSET = (1 << 40) - 1  # a position is an epoch and, in its lower 40 bits, an offset


@dataclass(frozen=True)
class State:
    """The topic's end, the offset behind the last one that was loaded, and when something was last published."""

    end: int
    loaded: int
    published: datetime | None

    @property
    def behind(self) -> int:
        return max(0, self.end - self.loaded)


@dataclass(frozen=True)
class Asked:
    """One asking: when, and at which state."""

    at: datetime
    loaded: int
    published: datetime | None


def state_of(status: dict[str, Any], diary: Iterable[str]) -> State:
    """What is known now. `diary` holds the lines of `jobs.jsonl`; runs that failed count for nothing."""
    loaded, published = 0, None
    for line in diary:
        with suppress(ValueError, KeyError, TypeError):
            run = json.loads(line)
            if run["exit"] == 0 and run["job"] == "lake load":
                loaded = (int(run["summary"]["cut"]) & _OFFSET) + 1
            elif run["exit"] == 0 and run["job"] == "lake publish":
                published = datetime.fromisoformat(run["finished_at"])
    return State(int(status.get("end") or 0), loaded, published)


def reason(state: State, now: datetime, before: Asked | None) -> str:
    """Why the pipeline is wanted now; empty when it is not.

    It is asked for once at each state: when a run fails, nothing moves, and its own retries and the next hour go on.
    """
    if before and (now - before.at < PAUSE or (before.loaded, before.published) == (state.loaded, state.published)):
        return ""
    if state.behind >= MESSAGES:
        return f"The warehouse is {state.behind} messages behind."
    if state.published and now - state.published > PUBLISHED:
        return f"The last publish was at {state.published:%Y-%m-%d %H:%M} UTC."
    return ""
