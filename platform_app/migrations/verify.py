"""Compares a migrated database with the contracts. Each fault is one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from lake.contracts import names
from lake.contracts.model import Column, Table, Type
from lake.contracts.rules import AtMost, Between, Matches, OneOf, References, Rule
from lake.contracts.tables import BY_FULL_NAME, PRIVATE, TABLES
from lake.kit.errors import Retry
from platform_app.db import AWAY, Conn
from platform_app.migrations.runner import migrations_in

STREAMED = {*BY_FULL_NAME, names.SIGNALS, names.HEARTBEATS}


@dataclass(frozen=True)
class Found:
    """A column as PostgreSQL has it."""

    type: str
    required: bool


def faults_at(url: str) -> list[str]:
    """Every difference between the database at `url` and the contracts; an empty list when there is none."""
    try:
        with psycopg.connect(url) as conn:
            return list(faults(conn))
    except psycopg.OperationalError as error:
        raise Retry(AWAY) from error


def faults(conn: Conn) -> Iterator[str]:
    """As `faults_at`, on an open connection; reads the catalogue and makes temporary tables, changes nothing."""
    if pending := _pending(conn):
        yield f"Migration {pending[0]} has not run: run `python -m platform_app migrate`."
    columns = _columns(conn)
    yield from _unlisted(columns)
    for table in TABLES:
        if table.full_name in columns:
            yield from _column_faults(table, columns[table.full_name])
            yield from _key_fault(conn, table)
            yield from _rule_faults(conn, table, columns[table.full_name])
    yield from _identity_faults(conn)
    yield from _publication_faults(conn)


def _pending(conn: Conn) -> list[str]:
    if conn.execute("SELECT to_regclass('kernel.migrations')").fetchone() == (None,):
        return [migration.name for migration in migrations_in()]
    applied = {row[0] for row in conn.execute("SELECT name FROM kernel.migrations").fetchall()}
    return [migration.name for migration in migrations_in() if migration.name not in applied]


def _columns(conn: Conn) -> dict[str, dict[str, Found]]:
    """Every table outside PostgreSQL's own schemas with its columns."""
    tables: dict[str, dict[str, Found]] = {}
    rows = conn.execute(
        "SELECT table_schema || '.' || table_name, column_name, data_type, is_nullable = 'NO' "
        "FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema') "
        "AND table_schema !~ '^pg_temp' ORDER BY ordinal_position"
    )
    for table, column, kind, required in rows:
        tables.setdefault(table, {})[column] = Found(kind, required)
    return tables


def _unlisted(columns: dict[str, dict[str, Found]]) -> Iterator[str]:
    for name in sorted(columns.keys() - BY_FULL_NAME.keys() - PRIVATE.keys()):
        yield f"Table {name} is in PostgreSQL but nowhere declared: declare it in lake/contracts/tables, or list it in PRIVATE with the reason."
    for name in sorted(BY_FULL_NAME.keys() - columns.keys()):
        yield f"Table {name} is declared but missing in PostgreSQL: write a migration that creates it."
    for name in sorted(PRIVATE.keys() - columns.keys()):
        yield f"Table {name} is listed in PRIVATE but missing in PostgreSQL: write a migration, or take it off the list."


def _column_faults(table: Table, found: dict[str, Found]) -> Iterator[str]:
    for name in sorted(found.keys() - {column.name for column in table.columns}):
        yield f"Column {table.full_name}.{name} has no contract: declare it with a privacy class, or move it to a private table."
    for column in table.columns:
        there = found.get(column.name)
        where = f"{table.full_name}.{column.name}"
        if there is None:
            yield f"Column {where} is declared but missing in PostgreSQL: write a migration that adds it."
        elif there.type != column.type.value:
            yield f"Column {where} is {there.type} in PostgreSQL and {column.type.value} in its contract: make them agree."
        elif there.required != column.required:
            yield f"Column {where} {_nullability(column)}."


def _nullability(column: Column) -> str:
    if column.required:
        return "is NotNull in its contract but takes null in PostgreSQL: write a migration that sets NOT NULL"
    return "is NOT NULL in PostgreSQL but not in its contract: add NotNull() to its rules, or drop the constraint"


def _key_fault(conn: Conn, table: Table) -> Iterator[str]:
    key = _one_column(
        conn,
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
        "WHERE i.indisprimary AND i.indrelid = %s::regclass",
        table.full_name,
    )
    if key != set(table.key):
        yield f"Table {table.full_name} has another primary key than its contract ({', '.join(table.key)}): make them agree."


def _rule_faults(conn: Conn, table: Table, found: dict[str, Found]) -> Iterator[str]:
    """Rules that no CHECK or foreign key of the table keeps. PostgreSQL itself spells the expected constraint."""
    there = _one_column(
        conn,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass",
        table.full_name,
    )
    for column in table.columns:
        for rule in column.rules if column.name in found else ():
            expected = _constraint(conn, column, rule)
            if expected is not None and expected not in there:
                yield (
                    f"Column {table.full_name}.{column.name} has no constraint for its rule {type(rule).__name__}: "
                    f"write a migration that adds `{expected}`."
                )


def _constraint(conn: Conn, column: Column, rule: Rule) -> str | None:
    """The rule as PostgreSQL would print it; None for a rule that is no constraint."""
    if isinstance(rule, References):
        table, _, key = rule.target.partition(".")
        schema = next(t.schema for t in TABLES if t.name == table)
        return f"FOREIGN KEY ({column.name}) REFERENCES {schema}.{table}({key})"
    condition = _condition(column, rule)
    if condition is None:
        return None
    with conn.transaction(force_rollback=True):
        conn.execute(
            sql.SQL("CREATE TEMPORARY TABLE expected ({} {} CHECK ({}))").format(
                sql.Identifier(column.name), sql.SQL(column.type.value), condition
            )
        )
        row = conn.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = 'expected'::regclass"
        ).fetchone()
    return str(row[0]) if row else None


def _condition(column: Column, rule: Rule) -> sql.Composed | None:
    name = sql.Identifier(column.name)
    match rule:
        case OneOf(values):
            return sql.SQL("{} IN ({})").format(name, sql.SQL(", ").join(map(sql.Literal, values)))
        case Matches(pattern):
            return sql.SQL("{} ~ {}").format(name, sql.Literal(pattern))
        case Between(low, high):
            return sql.SQL("{} BETWEEN {} AND {}").format(name, sql.Literal(low), sql.Literal(high))
        case AtMost(characters):
            return sql.SQL("char_length({}) <= {}").format(name, sql.Literal(characters))
        case _:
            return None


def _identity_faults(conn: Conn) -> Iterator[str]:
    full = _one_column(
        conn,
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND c.relreplident = %s",
        "f",
    )
    for table in TABLES:
        if any(column.type is Type.TEXT for column in table.columns) and table.full_name not in full:
            yield f"Table {table.full_name} has text columns without REPLICA IDENTITY FULL: write a migration that sets it."


def _publication_faults(conn: Conn) -> Iterator[str]:
    rows = conn.execute(
        "SELECT schemaname || '.' || tablename, rowfilter IS NOT NULL, cardinality(attnames) FROM pg_publication_tables "
        "WHERE pubname = %s",
        (names.PUBLICATION,),
    ).fetchall()
    members = {row[0] for row in rows}
    for name in sorted(STREAMED - members):
        yield f"Table {name} is not in the publication {names.PUBLICATION}: write a migration that adds it."
    for name in sorted(members - STREAMED):
        yield f"Table {name} is in the publication {names.PUBLICATION} without a contract: take it out, or declare it."
    for name, filtered, columns in rows:
        if filtered or (name in BY_FULL_NAME and columns < len(BY_FULL_NAME[name].columns)):
            yield f"Table {name} is published with a row filter or column list: publish it whole."


def _one_column(conn: Conn, query: str, value: str) -> set[str]:
    return {str(row[0]) for row in conn.execute(query.encode(), (value,)).fetchall()}
