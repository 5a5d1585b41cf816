"""All data that names a person, as a zip: one JSON file for each table, the files they brought, and `about.json`, which
says what each holds.

Which tables and by which columns is derived: from the contracts for what is published to the lake, and from
`lake/contracts/tables/personal.py` for what is not, which also says which rows and columns are another's business. Hashes
and sealed secrets (every `bytea`) stay out: they would help nobody but a thief.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from psycopg import sql

from lake.contracts.tables import PRIVATE, TABLES
from lake.contracts.tables.personal import PEOPLE, PUBLISHED, Own
from platform_app.db import Conn

FETCHED = 1_000  # rows at a time


@dataclass(frozen=True, slots=True)
class Source:
    """A table that may name a person: how their rows are found, and what of them is kept back."""

    table: str
    about: str
    own: Own


def sources() -> list[Source]:
    """Every table that may name a person."""
    published = [
        Source(table.full_name, table.about, PUBLISHED.get(table.full_name, Own(table.people)))
        for table in TABLES
        if table.people
    ]
    private = [Source(name, PRIVATE[name], own) for name, own in PEOPLE.items()]
    return sorted([*published, *private], key=lambda source: source.table)


def export(
    conn: Conn, account_id: UUID, file: IO[bytes], now: datetime, files: Iterable[tuple[str, Path]] = ()
) -> dict[str, int]:
    """Write the zip into `file`, `files` (name in the zip, where it lies) among it; returns the rows by table.

    The transaction should see one moment (`Database.read`). A file that was removed a moment ago is left out.
    """
    counts: dict[str, int] = {}
    told: dict[str, Any] = {"account_id": str(account_id), "made_at": now.isoformat(), "files": {}}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for source in sources():
            rows = _rows(conn, source, account_id)
            first = next(rows, None)
            if first is None:
                continue
            name = f"{source.table}.json"
            with archive.open(name, "w") as entry:
                counts[source.table] = _write(entry, first, rows)
            told["files"][name] = {"about": source.about, "rows": counts[source.table]}
        told["brought"] = [name for name, path in files if _attach(archive, name, path)]
        archive.writestr("about.json", json.dumps(told, indent=1, ensure_ascii=False))
    return counts


def _attach(archive: zipfile.ZipFile, name: str, path: Path) -> bool:
    if not path.is_file():
        return False
    archive.write(path, name, zipfile.ZIP_STORED)
    return True


def _write(entry: IO[bytes], first: dict[str, Any], rows: Iterator[dict[str, Any]]) -> int:
    """A JSON array with a row on each line, written row by row: some people have written for years."""
    count = 1
    entry.write(b"[\n" + _line(first))
    for count, row in enumerate(rows, 2):  # noqa: B007 - its last value is the result
        entry.write(b",\n" + _line(row))
    entry.write(b"\n]\n")
    return count


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


def _rows(conn: Conn, source: Source, account_id: UUID) -> Iterator[dict[str, Any]]:
    schema, name = source.table.split(".")
    columns, arrays = _columns(conn, schema, name)
    shown = [column for column in columns if column not in source.own.withheld]
    whose = sql.SQL(" OR ").join(
        sql.SQL("t.{} @> ARRAY[%(me)s]" if column in arrays else "t.{} = %(me)s").format(sql.Identifier(column))
        for column in source.own.columns
    )
    kept_back: sql.Composable = sql.SQL("false")
    if source.own.but:
        column, value = source.own.but
        kept_back = sql.SQL("t.{} = {}").format(sql.Identifier(column), sql.Literal(value))
    query = sql.SQL("SELECT to_jsonb(r) FROM (SELECT {} FROM {} t WHERE ({}) AND NOT ({}) ORDER BY 1) r").format(
        sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(column)) for column in shown),
        sql.Identifier(schema, name),
        whose,
        kept_back,
    )
    with conn.cursor(name="export") as cursor:
        cursor.itersize = FETCHED
        cursor.execute(query, {"me": account_id})
        for (row,) in cursor:
            yield row


def _columns(conn: Conn, schema: str, name: str) -> tuple[list[str], set[str]]:
    """The columns that may be shown, in their order, and which of them are arrays."""
    rows = conn.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name = %s AND data_type <> 'bytea' ORDER BY ordinal_position",
        (schema, name),
    ).fetchall()
    return [row[0] for row in rows], {row[0] for row in rows if row[1] == "ARRAY"}
