"""The verb `erase`: carry out the open requests, one after another, each as far as its receipt.

The order is what makes it safe to be killed anywhere: first the person is on the erased list, so that nothing of theirs
can enter; then rows go, what is made from others before its sources; then every file is read; then the receipt is
issued, and only then does the request count as done. A second run finds what is left of the first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from anonymizer.erasure import kafka, receipt
from anonymizer.erasure.person import Person, person
from anonymizer.erasure.requests import answer, open_requests, requests_database
from anonymizer.erasure.scan import Scanned, scan
from anonymizer.erasure.tables import Purged, bury_all, purge, tables, theirs
from anonymizer.erasure.warehouse import purge_warehouse
from anonymizer.settings import RUN, AnonymizerSettings
from anonymizer.vault import open_vault
from lake.erased import enter
from lake.failpoint import reach
from lake.kit.clock import utc_now
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.settings import LakeSettings
from lake.store import Store, lease, open_store
from lake.store.gate import Gate
from lake.store.lease import turn

JOB = "erase"
WRITERS = ("maintain", "features", "release-aside", "warehouse")  # who has a lease; landing and release pass the gate
JOBS_FILES = ("logs", "jobs.jsonl", "dbt")  # what jobs leave beside the lake
STAYS = (
    "Numbers that were published before: each is about at least ten people, and none shows one person.",
    "Tombstones: the keyed pseudonyms of things that are gone, so that no reader shows them again, until upkeep drops them.",
    "The erased list: a keyed pseudonym and a digest of the account's id, so that nothing of it can enter again.",
    "What others wrote. Your name in their texts was masked when it was anonymised.",
)


class StillThere(Stop):
    """Something of a person was found after the erasure."""


def erase(settings: AnonymizerSettings, lake: LakeSettings, account_id: UUID | None = None) -> dict[str, Any]:
    """Carry out all open requests, or those of one account; returns counts. Retry while others do not stand still."""
    started, store, vault = time.monotonic(), open_store(lake), open_vault(settings.key_file)
    rows = files = 0
    with lease(store.root, JOB), requests_database(settings.requests_url.get_secret_value()) as connection:
        asked = open_requests(connection, account_id)
        for request in asked:
            issued = receipt.find(store, request.id)
            if issued is None:
                whom = person(request.account_id, vault)
                issued = receipt.issue(
                    store, vault, request.id, request.requested_at, _carry_out(settings, lake, store, whom)
                )
            reach("erase.receipt", settings.failpoint)
            answer(connection, request.id, issued)
            rows += sum(place["rows"] for place in issued["places"])
            files += sum(place["files"] for place in issued["places"])
            get_log().info("erased", request=str(request.id), receipt=issued["number"])
    return {
        "in": len(asked), "out": len(asked), "refused": 0, "rows": rows, "files": files,
        "seconds": round(time.monotonic() - started, 3),
    }  # fmt: skip


def _carry_out(settings: AnonymizerSettings, lake: LakeSettings, store: Store, whom: Person) -> dict[str, Any]:
    """Everything but the receipt; returns what it will say."""
    began = utc_now()
    expires = kafka.clean_from(settings.kafka, began)  # asked first: a topic that keeps for ever stops it here
    enter(store, whom.account, whom.digest)
    reach("erase.listed", settings.failpoint)
    with _standstill(store, settings.erase_wait):
        buried = bury_all(store, whom)
        reach("erase.buried", settings.failpoint)
        purged = []
        for path in tables(store):
            purged.append(purge(store, path, whom))
            reach(f"erase.{path}", settings.failpoint)
        in_warehouse, relations = purge_warehouse(lake, whom)
        reach("erase.warehouse", settings.failpoint)
    seen = _verify(store, whom)
    reach("erase.scanned", settings.failpoint)
    now = utc_now()
    return {
        "began_at": began.isoformat(),
        "account_sha256": whom.digest,
        "places": [*_lake_places(purged, now), *_other_places(settings, in_warehouse, now, expires)],
        "tables": [vars(one) for one in purged if one.rows or one.files],
        "tombstones": buried,
        "stays": list(STAYS),
        "scan": {
            "files": seen.files, "bytes": seen.bytes, "relations": relations + len(purged), "found": len(seen.found),
        },
    }  # fmt: skip


@contextmanager
def _standstill(store: Store, seconds: float) -> Iterator[None]:
    """Nobody writes the lake or the warehouse while this block runs. Raises Busy or StillOpen when they go on."""
    with ExitStack() as held:
        for job in WRITERS:
            held.enter_context(turn(store.root, job, seconds))
        held.enter_context(Gate(store.root).closed(seconds))
        yield


def _verify(store: Store, whom: Person) -> Scanned:
    """Raise StillThere when a row, or the id in any file, is left."""
    left = [path for path in tables(store) if theirs(store, path, whom).num_rows]
    beside = [RUN / name for name in JOBS_FILES if (RUN / name).exists()]
    seen = scan([store.root, *beside], whom.spellings)
    if left or seen.found:
        where = ", ".join(sorted({*left, *(_shown(store, file) for file in seen.found)})[:10])
        raise StillThere(
            f"Something of an erased person is still in: {where}. No receipt is issued. If it is a file that no table "
            "names, remove it; then run `python -m anonymizer erase` again."
        )
    return seen


def _shown(store: Store, file: str) -> str:
    return Path(file).relative_to(store.root).as_posix() if Path(file).is_relative_to(store.root) else Path(file).name


def _lake_places(purged: list[Purged], now: datetime) -> list[dict[str, Any]]:
    names = (
        ("restricted/bronze", "Raw changes", "Rows removed, with the bytes of the files that held them."),
        ("restricted/quarantine", "Messages that were refused", "Removed, with their bytes."),
        ("restricted/people", "Names and decisions", "Removed, with their bytes."),
        ("restricted/", "Digests of raw changes", "Removed, with their bytes."),
        ("silver/", "Anonymised versions", "All versions removed, with the bytes of older copies."),
        ("gold_internal/", "What was computed about people", "Emptied; computed anew without you."),
        ("", "Other tables", "Removed, with their bytes."),
    )
    found: dict[str, list[Purged]] = {prefix: [] for prefix, _, _ in names}
    for one in purged:
        found[next(prefix for prefix, _, _ in names if one.path.startswith(prefix))].append(one)
    return [
        _place(name, about, now, sum(p.rows for p in found[prefix]), sum(p.files for p in found[prefix]))
        for prefix, name, about in names
        if found[prefix]
    ]


def _other_places(settings: AnonymizerSettings, rows: int, now: datetime, expires: datetime) -> list[dict[str, Any]]:
    wal, backups = now + timedelta(days=settings.wal_days), now + timedelta(days=settings.backup_days)
    return [
        _place("Warehouse and its work tables", "Rows deleted, and their tables written anew without them.", now, rows),
        _place("Published products", "Aggregates of at least ten people: they hold no row of yours.", now),
        _place("Reports, logs and the diary of jobs", "They hold counts, no values; read and found clean.", now),
        _place("Kafka", "Single messages cannot be deleted; they expire. What is read again is withheld.", expires),
        _place("PostgreSQL's write-ahead log and slot", "Overwritten in the course of time.", wal),
        _place("Backups", "Overwritten by the operator's schedule; a restored one is erased again.", backups),
    ]


def _place(name: str, about: str, clean: datetime, rows: int = 0, files: int = 0) -> dict[str, Any]:
    return {"name": name, "about": about, "clean_from": clean.isoformat(), "rows": rows, "files": files}
