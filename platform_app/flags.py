"""Features that an administrator switches while the app runs: on for a share of an audience.

Every flag is declared in FLAGS; a flag without a row is on for everybody. `Rules.is_on` asks no database: `Flags.read` does, at
most every few seconds. A person is always in the same hundredth of a flag, so that a share that grows takes nothing away.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import Invalid, NotFound

FLAGS: Mapping[str, str] = {
    "live_notifications": "The number beside the bell changes while a page is open; off, it waits for the next page.",
    "suggestions": "Suggestions stand between the newest problems.",
}
AUDIENCES: Mapping[str, str] = {
    "everybody": "everybody", "members": "members", "moderators": "moderators", "administrators": "administrators",
}  # fmt: skip
RANK = {"": 0, "member": 1, "moderator": 2, "admin": 3}
LEAST = {"everybody": 0, "members": 1, "moderators": 2, "administrators": 3}
KEPT = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Rule:
    """For whom a flag is on."""

    name: str
    percent: int = 100
    audience: str = "everybody"


class Rules:
    """What holds at one moment."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules

    def of(self, name: str) -> Rule:
        """The rule of a declared flag."""
        return self._rules.get(name, Rule(name))

    def is_on(self, name: str, account_id: UUID | None, role: str = "") -> bool:
        """Whether somebody (None: a visitor) sees the feature."""
        rule = self.of(name)
        if RANK.get(role, 0) < LEAST[rule.audience]:
            return False
        return rule.percent == 100 or (account_id is not None and hundredth(name, account_id) < rule.percent)


class Flags:
    """The rules of a process, at most a few seconds old."""

    def __init__(self) -> None:
        self._rules, self._until, self._lock = Rules({}), 0.0, Lock()

    def read(self, conn: Conn) -> Rules:
        """The rules now."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._rules, self._until = Rules(stored(conn)), time.monotonic() + KEPT
            return self._rules

    def forget(self) -> None:
        """Look again at once: somebody has just changed one."""
        with self._lock:
            self._until = 0.0


def hundredth(name: str, account_id: UUID) -> int:
    """0 to 99, always the same for a person and a flag, and different for different flags."""
    return int.from_bytes(hashlib.sha256(f"{name}|{account_id}".encode()).digest()[:4]) % 100


def stored(conn: Conn) -> dict[str, Rule]:
    """Every rule that was set."""
    with conn.cursor(row_factory=class_row(Rule)) as cursor:
        return {
            rule.name: rule for rule in cursor.execute("SELECT name, percent, audience FROM kernel.flags").fetchall()
        }


def switch(conn: Conn, name: str, percent: int, audience: str, now: datetime) -> None:
    """Set a flag. NotFound for one that is not declared, Invalid for what is no share or audience."""
    if name not in FLAGS:
        raise NotFound("There is no such flag.")
    if not 0 <= percent <= 100:
        raise Invalid("Share must be a number from 0 to 100.", field="percent")
    if audience not in AUDIENCES:
        raise Invalid("Choose whom the flag is for.", field="audience")
    conn.execute(
        "INSERT INTO kernel.flags (name, percent, audience, changed_at) VALUES (%s, %s, %s, %s) ON CONFLICT (name) "
        "DO UPDATE SET percent = excluded.percent, audience = excluded.audience, changed_at = excluded.changed_at",
        (name, percent, audience, now),
    )
