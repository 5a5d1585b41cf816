"""The warehouse's relations, derived from the contracts, and what each role may do with them.

`loaded.<table>` holds the newest version of each key, tombstones included; `silver.<table>` is the view of the current
rows, and all that dbt sees. `work` and `gold` are dbt's; `gold` is what publish may read.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from lake.contracts.model import Pii, Table
from lake.contracts.tables import TABLES
from lake.kit.errors import Retry, Stop
from lake.schema import silver_fields

Connection = psycopg.Connection[tuple[Any, ...]]

POSTGRES: dict[pa.DataType, str] = {
    pa.string(): "text",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "timestamp with time zone",
}
SYSTEM = {"_position": "bigint", "_revision": "integer", "_op": "text"}
_LOCK = 0x48656164  # one migration at a time

_ONCE = """
create schema if not exists loaded;
create schema if not exists silver;
create schema if not exists work;
create schema if not exists gold;
create table if not exists loaded.positions (table_name text primary key, position bigint not null);
create table if not exists loaded.barriers (table_name text primary key, position bigint not null);
create table if not exists loaded.state (
    one boolean primary key default true check (one),
    cut bigint not null, late integer not null, loaded_at timestamp with time zone not null);
create table if not exists gold.runs (
    id bigint generated always as identity primary key,
    cut bigint not null, now timestamp with time zone not null, passed boolean not null default false);
"""
_RIGHTS = """
grant temporary on database {database} to warehouse_load, warehouse_dbt;
grant usage on schema loaded, silver to warehouse_load;
grant select, insert, update, delete on all tables in schema loaded to warehouse_load;
grant usage on schema silver to warehouse_dbt;
grant select on all tables in schema silver to warehouse_load, warehouse_dbt;
grant usage on schema loaded to warehouse_dbt;
grant select on loaded.state to warehouse_dbt;
grant usage, create on schema work, gold to warehouse_dbt;
grant select, insert, update on gold.runs to warehouse_dbt;
grant usage on schema gold to warehouse_publish;
grant select on gold.runs to warehouse_publish;
"""


def warehouse_fields(table: Table) -> list[pa.Field]:
    """What the warehouse holds of a table: the silver columns without free text, and nothing SENSITIVE."""
    kept: list[pa.Field] = []
    for column in table.columns:
        if column.pii is not Pii.SENSITIVE:
            kept += silver_fields(column)[1 if column.pii is Pii.FREE_TEXT else 0 :]
    return kept


def connect(url: str, role: str) -> Connection:
    """A connection to the warehouse; times are UTC."""
    if not url:
        raise Stop(f"The warehouse's address for {role} is not set. Run `make up`, which writes env/lake.env.")
    try:
        return psycopg.connect(url, options="-c timezone=UTC", connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Retry(f"The warehouse does not answer {role}. Run `make up`, then this again.") from error


def migrate(connection: Connection) -> None:
    """Bring the relations to what the contracts say: made when missing, columns added, never retyped or dropped."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        _execute(connection, _ONCE)
        for table in TABLES:
            _migrate_table(connection, table)
        _execute(connection, _RIGHTS.format(database=sql.Identifier(connection.info.dbname).as_string(None)))


def _migrate_table(connection: Connection, table: Table) -> None:
    wanted = SYSTEM | {field.name: POSTGRES[field.type] for field in warehouse_fields(table)}
    columns = ", ".join(f"{name} {kind}" for name, kind in wanted.items())
    _execute(connection, f"create table if not exists loaded.{table.name} ({columns}, primary key ({_key(table)}))")
    query = "select column_name, data_type from information_schema.columns where table_schema = 'loaded' and table_name = %s"
    have = {str(name): str(kind) for name, kind in connection.execute(query, [table.name])}
    for name, kind in wanted.items():
        if have.get(name, kind) != kind:
            raise Stop(
                f"The warehouse holds {table.name}.{name} as {have[name]}, the contract says {kind}. "
                "Published columns are never retyped: add a column with a new name."
            )
        if name not in have:
            _execute(connection, f"alter table loaded.{table.name} add column {name} {kind}")
    _execute(connection, f"create or replace view silver.{table.name} as {_current(table, have)}")


def _current(table: Table, have: dict[str, str]) -> str:
    """The view of the current rows. Columns that came later stand at the end: a view can only grow there."""
    names = [field.name for field in warehouse_fields(table)]
    ordered = [name for name in have if name in names] + [name for name in names if name not in have]
    return (
        f"select {', '.join(['_position', '_revision', *ordered])} from loaded.{table.name} where _op = 'upsert' and "
        f"_position > coalesce((select position from loaded.barriers where table_name = '{table.name}'), -1)"
    )


def _key(table: Table) -> str:
    return ", ".join(table.key)


def _execute(connection: Connection, statements: str) -> None:
    """Run statements built from contracts' names; no value is ever put into their text."""
    connection.execute(statements.encode())
