"""The verb `audit`: compare PostgreSQL with bronze while both move, and repair what differs by a new snapshot.

A marker in the log before the database's snapshot and one after it give two positions in bronze. Rows that did not
change between them must be equal. What differs twice, with other markers, differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ingestion import bronze
from ingestion.compare import Difference, differences, landed
from ingestion.connect import published
from ingestion.messages import AUDIT
from ingestion.resnapshot import await_landed, landed_position, resnapshot
from ingestion.settings import Settings
from ingestion.source import mark, source
from lake.contracts.model import Table
from lake.contracts.names import BRONZE
from lake.contracts.tables import TABLES
from lake.erased import ErasedList
from lake.kit.errors import Retry, Stop
from lake.kit.log import get_log
from lake.store import Position, Store

ROUNDS = 5
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Finding:
    """What an audit saw: rows compared, keys that differ by table, and the position it began at."""

    rows: int
    differences: dict[str, Difference]
    began: Position


def audit(settings: Settings, store: Store, names: Sequence[str], *, repair: bool = True) -> dict[str, Any]:
    """Compare the named tables, or all; with `repair`, read those that differ anew and compare again."""
    tables = [published(name) for name in names] or list(TABLES)
    first = compare(settings, store, tables)
    found = first.differences
    equal = [table.name for table in tables if table.name not in found]
    _clear(settings, store, equal, first.began)
    if found and repair:
        repaired = _repair(settings, store, [table for table in tables if table.name in found])
        _clear(settings, store, sorted(found), repaired.began)
    return {
        "in": first.rows,
        "out": len(tables),
        "refused": sum(len(each) for each in found.values()),
        "missing": sum(len(each.missing) for each in found.values()),
        "ghosts": sum(len(each.ghosts) for each in found.values()),
        "changed": sum(len(each.changed) for each in found.values()),
        "differing": sorted(found),
        "repaired": bool(found) and repair,
    }


def compare(settings: Settings, store: Store, tables: Sequence[Table]) -> Finding:
    """Compare once, and what differs once more."""
    first = _round(settings, store, tables)
    again = [table for table in tables if first.differences[table.name]]
    if not again:
        return Finding(first.rows, {}, first.began)
    second = _round(settings, store, again)
    both = {name: first.differences[name] & found for name, found in second.differences.items()}
    for name, found in both.items():
        if found:
            get_log().warning(
                "difference_found",
                table=name,
                missing=len(found.missing),
                ghosts=len(found.ghosts),
                changed=len(found.changed),
            )
    return Finding(first.rows, {name: found for name, found in both.items() if found}, first.began)


def _round(settings: Settings, store: Store, tables: Sequence[Table]) -> Finding:
    for _ in range(ROUNDS):
        found = _try_round(settings, store, tables)
        if found is not None:
            return found
    raise Retry("Tables were truncated or read anew all the time: run the audit again when they are quiet.")


def _try_round(settings: Settings, store: Store, tables: Sequence[Table]) -> Finding | None:
    """One comparison; None when a truncation or a snapshot came between the markers."""
    with source(settings.source_url) as connection, source(settings.source_url) as marks:
        since = landed_position(settings, store)
        first = mark(marks, AUDIT, {"kind": "audit"})
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute("SELECT 1 FROM pg_class LIMIT 1")  # takes the snapshot
            second = mark(marks, AUDIT, {"kind": "audit"})
            began = _await(settings, store, first, since)
            ended = _await(settings, store, second, began)
            found, rows = {}, 0
            listed = ErasedList(store)
            listed.refresh()
            for table in tables:
                here = landed(store, table, began, ended)
                if here.upset:
                    return None
                found[table.name] = differences(connection, table, here, listed.digests)
                rows += len(here.rows)
    return Finding(rows, found, began)


def _await(settings: Settings, store: Store, marker: str, since: Position) -> Position:
    """The position beyond `since` at which a marker landed."""
    place: list[Position] = []

    def found() -> bool:
        notes = bronze.notes(store, "m", since) if store.exists(BRONZE) else []
        place.extend(Position(n["_position"]) for n in notes if n["after"].get("id") == marker)
        return bool(place)

    await_landed(settings, store, found)
    return place[0]


def _repair(settings: Settings, store: Store, tables: Sequence[Table]) -> Finding:
    resnapshot(settings, store, [table.name for table in tables])
    after = compare(settings, store, tables)
    if after.differences:
        raise Stop(
            f"{', '.join(sorted(after.differences))} still differ after they were read anew. Look at quarantine with "
            "`python -m ingestion status`; when it is empty, run `python -m ingestion resnapshot`."
        )
    return after


def _clear(settings: Settings, store: Store, names: Sequence[str], began: Position) -> None:
    """Note in bronze that tables were found equal."""
    if not names:
        return
    since = landed_position(settings, store)
    with source(settings.source_url) as connection:
        marker = mark(connection, AUDIT, {"kind": "audited", "tables": list(names), "began": int(began)})
    _await(settings, store, marker, since)
