"""The whole path on a stack of its own: commands in the order in which a person types them, and eyes on both ends."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.rows import dict_row

from infra.capture import wait_for_capture
from lake.contracts.model import Column, Pii, Table
from lake.contracts.tables import TABLES
from lake.schema import current_sql
from lake.store import LocalStore
from tests.lib.stack import Stack

PATH = (
    ("ingestion", "land"),
    ("anonymizer", "release"),
    ("lake", "load"),
    ("lake", "model"),
    ("lake", "publish"),
)


class Walk:
    """One stack, and the commands that carry its rows from the app to the shelf."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.root = stack.run / "lake"
        self.summaries: dict[str, dict[str, Any]] = {}

    def start(self) -> Walk:
        """Bring the base up, migrate the app and post the connector."""
        self.stack.up("postgres", "kafka", "connect")
        self.stack.command("platform_app", "migrate")
        return self

    def fill(self, data: Path | None, people: int = 2000) -> Walk:
        """Fill the app from a dump, or with invented people where there is none."""
        words = ("import", data) if data else ("generate", "--people", people, "--seed", 7)
        self.summaries["app"] = self.stack.summary("platform_app", *words)
        return self

    def go(self, *, now: datetime | None = None, upto: str = "publish") -> Walk:
        """Walk every stop once, as far as the named verb."""
        self.stack.command("ingestion", "connect")
        wait_for_capture(self.stack.place, 120)
        for room, verb in PATH:
            later = ("--now", now.isoformat()) if now and verb in ("model", "publish") else ()
            self.summaries[verb] = self.stack.summary(room, verb, *later)
            if verb == upto:
                break
        return self

    def app(self) -> psycopg.Connection[dict[str, Any]]:
        """The app's database, as its superuser."""
        return psycopg.connect(self.stack.url("postgres", "app"), autocommit=True, row_factory=dict_row)

    def warehouse(self) -> psycopg.Connection[dict[str, Any]]:
        return psycopg.connect(self.stack.url("postgres", "warehouse"), autocommit=True, row_factory=dict_row)

    def pseudonym(self, domain: str, value: object) -> str:
        """The pseudonym as the design defines it, computed apart from the room that makes it."""
        key = bytes.fromhex((self.stack.run / "secrets" / "lake.key").read_text().strip())
        return hmac.new(key, f"{domain}\x1f{value}".encode(), hashlib.sha256).hexdigest()[:32]

    def silver(self, table: Table) -> list[dict[str, Any]]:
        """The current rows of a silver table, through DuckDB."""
        files = LocalStore(self.root).files(f"silver/{table.name}")
        with duckdb.connect() as connection:
            if not files:
                return []
            connection.execute(
                f"create view versions as select * from "
                f"read_parquet({files!r}, hive_partitioning => true, union_by_name => true)"
            )
            rows = connection.execute(current_sql(table, "versions"))
            names = [d[0] for d in rows.description or []]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

    def expected(self, table: Table) -> set[tuple[object, ...]]:
        """What silver must hold now: keys as pseudonyms and untreated columns, of rows whose people all consent."""
        with self.app() as connection:
            agreed = {
                row["account_id"]
                for row in connection.execute(
                    "select account_id from identity.consents where purpose = 'lake' and granted"
                )
            }
            rows = connection.execute(f"select * from {table.full_name}").fetchall()
        return {
            tuple(self._shown(column, row[column.name]) for column in comparable(table))
            for row in rows
            if all(row[person] is None or row[person] in agreed for person in table.people)
        }

    def actual(self, table: Table) -> set[tuple[object, ...]]:
        """The same columns of silver's current rows."""
        rows = self.silver(table)
        found = {tuple(row[column.name] for column in comparable(table)) for row in rows}
        assert len(found) == len(rows), f"{table.name} shows a row twice"
        return found

    def _shown(self, column: Column, value: Any) -> object:
        if column.pii is Pii.KEY and value is not None:
            return self.pseudonym(str(column.domain), value)
        return value

    def manifest(self, product: str) -> dict[str, Any] | None:
        """The manifest of a product's newest version."""
        found = sorted((self.root / "gold" / product).glob("v*/manifest.json"))
        return json.loads(found[-1].read_text()) if found else None

    def product(self, name: str) -> list[dict[str, Any]]:
        """The rows of a product's newest version."""
        newest = sorted((self.root / "gold" / name).glob("v*"))[-1]
        with duckdb.connect() as connection:
            rows = connection.execute(f"select * from read_parquet('{newest}/**/*.parquet') order by all")
            names = [d[0] for d in rows.description or []]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def comparable(table: Table) -> list[Column]:
    """The columns that pass untreated or as pseudonyms, and so can be compared exactly."""
    return [column for column in table.columns if column.pii in (Pii.NONE, Pii.KEY)]


def difference(walk: Walk, tables: Iterable[Table] = TABLES) -> dict[str, tuple[int, int]]:
    """For each table that differs: how many rows silver lacks, and how many it has too many."""
    found = {}
    for table in tables:
        expected, actual = walk.expected(table), walk.actual(table)
        if expected != actual:
            found[table.name] = (len(expected - actual), len(actual - expected))
    return found


def first_of_month(day: date, months: int) -> date:
    """The first day of the month so many months later."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def days_on(days: int) -> datetime:
    """The moment so many days from now."""
    return datetime.now(UTC) + timedelta(days=days)
