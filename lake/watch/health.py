"""The verdict: what an administrator should know, the worst first, each with what to do next.

Pure: a picture of the pipeline enters, reasons leave. The wording follows the README's table "When things break".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from lake.kit.errors import EXIT_RETRY
from lake.watch.diary import Run
from lake.watch.sources import Slot
from lake.watch.stages import Stage
from lake.watch.troubles import UNKNOWN, Refused

LATE, STUCK = 15.0, 90.0  # seconds of age after which a stage that is followed is said to be late, or to stand
TEXT_STUCK = 600.0  # the same for silver, where a model works through long texts
SLOT_LARGE, SLOT_FULL = 256 << 20, 768 << 20  # bytes; the embedded PostgreSQL gives up the slot at 1 GiB
DAY = 86_400.0
FADES, GONE = DAY, 7 * DAY  # after which a failure that nobody repeated matters less, and no more
FOLLOWED = {"ingestion land": "bronze", "anonymizer release": "silver"}  # jobs that a follower does, and their stage
DISK_LOW, DISK_FULL = 0.10, 0.03  # free share of the disk


class Level(IntEnum):
    """How much it matters."""

    GOOD = 0
    ATTENTION = 1
    ACT = 2


@dataclass(frozen=True)
class Reason:
    """One thing to know: a code for alerts, how much it matters, what it is, and what to do."""

    code: str
    level: Level
    what: str
    do: str = ""
    command: str = ""


@dataclass(frozen=True)
class Picture:
    """What a look has found, as far as the verdict goes by it."""

    now: float  # seconds since 1970
    away: dict[str, str]  # source → the kind of error
    slot: Slot | None
    connector: str | None
    stages: dict[str, Stage]
    quarantine: list[Refused]
    suspects: list[str]
    snapshot: bool
    last: dict[str, Run]
    free: int
    size: int


AWAY = {
    "kafka": "Kafka does not answer: changes wait in PostgreSQL.",
    "connect": "Kafka Connect does not answer: changes wait in PostgreSQL.",
    "source": "The app's PostgreSQL does not answer.",
    "warehouse": "The warehouse does not answer.",
}


def reasons(picture: Picture) -> list[Reason]:
    """Everything worth knowing, the most pressing first; empty when all is well."""
    found = [reason for rule in RULES for reason in rule(picture)]
    return sorted(found, key=lambda reason: -reason.level)


def verdict(found: list[Reason], picture: Picture) -> tuple[Level, str]:
    """The level, and one sentence for the top of the page."""
    if not found:
        age = picture.stages["silver"].freshness_seconds
        return Level.GOOD, f"All is well: silver has everything that was committed {_ago(age)}."
    worst = found[0]
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    return worst.level, f"{worst.what}{more}"


def _away(picture: Picture) -> Iterator[Reason]:
    for source, error in picture.away.items():
        what = AWAY.get(source, f"{source} does not answer.")
        yield Reason(f"{source}_away", Level.ACT, f"{what} ({error})", "Look at the parts, then start what is down.", "make status && make up")  # fmt: skip


def _capture(picture: Picture) -> Iterator[Reason]:
    slot, connector = picture.slot, picture.connector
    again = "python -m ingestion connect"
    if connector == "FAILED":
        yield Reason("connector_failed", Level.ACT, "The connector has failed: nothing is captured.", "Look at Connect's log (`make logs`), then start the connector again.", again)  # fmt: skip
    elif connector in ("MISSING", "STOPPED", "PAUSED", "UNASSIGNED"):
        yield Reason("connector_stopped", Level.ATTENTION, f"The connector is {connector.lower()}: nothing is captured.", "Start it.", again)  # fmt: skip
    if slot is None or connector == "MISSING":
        return
    if slot.status in ("missing", "lost"):
        yield Reason("slot_lost", Level.ACT, f"The replication slot is {slot.status}: changes may be lost.", "Read every table anew; nothing is sold twice by that.", "python -m ingestion resnapshot")  # fmt: skip
    elif (held := slot.lag_bytes or 0) > SLOT_LARGE:
        level = Level.ACT if held > SLOT_FULL else Level.ATTENTION
        yield Reason("slot_large", level, f"PostgreSQL holds {held >> 20} MiB of log for capture.", "Capture must catch up before the slot is given up: see that Connect and Kafka run.", "make status")  # fmt: skip


def _stream(picture: Picture) -> Iterator[Reason]:
    bronze, silver = picture.stages["bronze"], picture.stages["silver"]
    if bronze.offset is None and not picture.away:
        yield Reason("nothing_landed", Level.ATTENTION, "Nothing has landed yet.", "Start the stack, or land by hand.", "python -m ingestion land")  # fmt: skip
    if reason := _late("landing", "Bronze", bronze, STUCK):
        yield reason
    if picture.snapshot:
        yield Reason("snapshot_running", Level.ATTENTION, "A snapshot is being read: silver goes on once it is complete.", "Wait; nothing has to be done.")  # fmt: skip
    elif reason := _late("release", "Silver", silver, TEXT_STUCK):
        yield reason


def _late(code: str, name: str, stage: Stage, stuck: float) -> Reason | None:
    age = stage.freshness_seconds
    if age is None or age < LATE or not stage.behind:
        return None
    what = f"{name} is {stage.behind:,} messages behind, {_long(age)} old."
    if age < stuck:
        return Reason(f"{code}_late", Level.ATTENTION, what, "It is catching up, or its follower has just been started: look again in a minute.")  # fmt: skip
    return Reason(f"{code}_stuck", Level.ACT, what, "Its follower stands or is not running: look at the end of its log, then start it.", "make logs; make up")  # fmt: skip


def _waiting(picture: Picture) -> Iterator[Reason]:
    if picture.quarantine:
        rows, first = sum(one.rows for one in picture.quarantine), picture.quarantine[0]
        most = "" if len(picture.quarantine) == 1 else ", most of them"
        where = "of which not even the table could be read" if first.table == UNKNOWN else f"of {first.table}"
        what = f"{_rows(rows)} in quarantine{most} {where}: {first.reason}."
        yield Reason("quarantine", Level.ATTENTION, what, "Fix what the reason names, then try again.", first.command)
    if picture.suspects:
        yield Reason("suspects", Level.ATTENTION, f"Changes of {', '.join(picture.suspects)} may be missing; their audit has been started.", "Nothing: the audit repairs them. This one shows it.", "python -m ingestion audit")  # fmt: skip


def _jobs(picture: Picture) -> Iterator[Reason]:
    for run in picture.last.values():
        age = picture.now - run.finished_at
        if run.fine or age > GONE or _moves(picture, run, age):
            continue
        level = Level.ATTENTION if run.exit == EXIT_RETRY or age > FADES else Level.ACT
        books = run.job == "api reconcile" and int(run.summary.get("refused", 0) or 0)
        code = "ledger_differs" if books else "job_failed"
        yield Reason(code, level, f"The last “{run.job}” failed (exit {run.exit}).", run.advice, run.command)


def _moves(picture: Picture, run: Run, age: float) -> bool:
    """Whether a follower that failed was started again since: its stage is fresh."""
    stage = picture.stages.get(FOLLOWED.get(run.job, ""))
    return age > LATE and stage is not None and (stage.freshness_seconds or 0) < LATE and stage.offset is not None


def _disk(picture: Picture) -> Iterator[Reason]:
    share = picture.free / picture.size if picture.size else 1.0
    if share < DISK_LOW:
        level = Level.ACT if share < DISK_FULL else Level.ATTENTION
        yield Reason("disk_low", level, f"The disk of the lake has {picture.free / 2**30:.1f} GiB left.", "Free some space, or let upkeep do it.", "python -m lake maintain")  # fmt: skip


RULES: tuple[Callable[[Picture], Iterator[Reason]], ...] = (_disk, _away, _capture, _stream, _jobs, _waiting)
CODES = (
    *(f"{source}_away" for source in AWAY),
    "connector_failed", "connector_stopped", "slot_lost", "slot_large", "nothing_landed", "landing_late",
    "landing_stuck", "snapshot_running", "release_late", "release_stuck", "quarantine", "suspects", "job_failed",
    "ledger_differs", "disk_low",
)  # fmt: skip
"""Every reason's code, as `headwater_pipeline_reason` exports it."""


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def _ago(seconds: float | None) -> str:
    return "until now" if seconds is None or seconds < 1 else f"until {_long(seconds)} ago"


def _long(seconds: float) -> str:
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}s"
    return f"{seconds:.0f} seconds"
