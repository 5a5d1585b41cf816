"""How often somebody may try: at the door in all processes together, and how often one process searches for them.

Tries at the door are buckets in PostgreSQL (`platform_app/buckets.py`), taken in a transaction of their own: a wrong password
counts although the request that brought it is rolled back. They have connections of their own too, so that no request waits
for a second connection while it holds the one that another request waits for.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from lake.kit.clock import utc_now
from platform_app.buckets import TRIES, Bucket, take
from platform_app.db import Database
from platform_app.sealing import Sealer
from platform_app.web.refusals import TooMany

MOST_KEYS = 20_000  # the key that was quiet for longest is forgotten beyond this
MINUTE, HOUR, DAY = 60, 3_600, 86_400
SWEEP = HOUR  # seconds between two looks for rows that are full again

_GIVE_BACK = "UPDATE kernel.tries SET tokens = least(%s, tokens + 1) WHERE kind = %s AND key = %s"
_SWEEP = (
    "DELETE FROM kernel.tries WHERE (kind, key) IN "
    "(SELECT kind, key FROM kernel.tries WHERE at < now() - interval '1 day' FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that may be tried so often."""

    kind: str
    bucket: Bucket

    def __post_init__(self) -> None:
        if self.bucket.seconds > DAY:
            raise ValueError("rows of a day ago are taken for full")


# A wrong password counts for the address from one place, for the address, and for the place; a wrong code for the account,
# from wherever: who tries has the password already.
LOG_IN_HERE = Limit("log_in_here", Bucket(8, 15 * MINUTE))
LOG_IN_ADDRESS = Limit("log_in_address", Bucket(50, 15 * MINUTE))
LOG_IN_PLACE = Limit("log_in_place", Bucket(100, 15 * MINUTE))
SIGN_UP_PLACE = Limit("sign_up_place", Bucket(100, HOUR))
RESET_PLACE = Limit("reset_place", Bucket(30, HOUR))
CODE = Limit("code", Bucket(8, 15 * MINUTE))  # wrong codes of one account: a guess is right with 3 in a million
CODE_DAY = Limit("code_day", Bucket(40, DAY))
MAIL_ACCOUNT = Limit("mail_account", Bucket(3, 10 * MINUTE))
REFRESH_PLACE = Limit("refresh_place", Bucket(600, HOUR))
EXPORT_ACCOUNT = Limit("export_account", Bucket(5, HOUR))
GITHUB_ACCOUNT = Limit("github_account", Bucket(10, HOUR))
UPLOAD_ACCOUNT = Limit("upload_account", Bucket(60, HOUR))
ARRIVE_PLACE = Limit("arrive_place", Bucket(100, HOUR))

Try = tuple[Limit, object]
"""What is tried, and by or for whom."""


class Limits:
    """The app's limits. `search_place` spares one process, so each counts for itself."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.database = database
        self.search_place = Window(240, MINUTE)  # also what is looked up while somebody writes
        self._sealer = sealer
        self._swept_at = time.monotonic()

    def take(self, *tries: Try) -> None:
        """Count a try for all of these; TooMany, with the seconds to wait, and none counted, when one is used up."""
        now = utc_now()
        with self.database.write_unlogged() as conn:
            for limit, whose in tries:
                if seconds := take(conn, TRIES, self._key(whose), limit.kind, limit.bucket, now):
                    raise TooMany(seconds)
        if time.monotonic() - self._swept_at >= SWEEP:
            self.sweep()

    def give_back(self, *tries: Try) -> None:
        """It was right: it does not count."""
        with self.database.write_unlogged() as conn:
            for limit, whose in tries:
                conn.execute(_GIVE_BACK, (limit.bucket.size, limit.kind, self._key(whose)))

    def sweep(self) -> None:
        """Remove what is full again."""
        self._swept_at = time.monotonic()
        with self.database.write_unlogged() as conn:
            conn.execute(_SWEEP)

    def _key(self, whose: object) -> bytes:
        """Whose it is, so that no copy of the database says where somebody was."""
        return self._sealer.digest("tries", str(whose))


class Window:
    """At most `tries` marks of one key within `seconds`, in this process's memory."""

    def __init__(self, tries: int, seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries, self._seconds, self._clock = tries, seconds, clock
        self._marks: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str) -> None:
        """Count one; TooMany, with the seconds to wait, when the key has used up its tries."""
        with self._lock:
            marks = self._recent(key)
            if len(marks) >= self._tries:
                raise TooMany(max(1, round(marks[0] + self._seconds - self._clock())))
            marks.append(self._clock())
            self._marks.move_to_end(key)
            while len(self._marks) > MOST_KEYS:
                self._marks.popitem(last=False)

    def _recent(self, key: str) -> deque[float]:
        marks = self._marks.setdefault(key, deque())
        oldest = self._clock() - self._seconds
        while marks and marks[0] <= oldest:
            marks.popleft()
        return marks
