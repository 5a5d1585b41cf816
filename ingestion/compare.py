"""PostgreSQL and bronze, compared table by table: hashes of ranges of keys first, then the keys of ranges that differ.

Both sides reduce a row to the same canonical text: each value with its length before it, times as microseconds.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import psycopg
import pyarrow.compute as pc
from psycopg import sql

from lake.contracts.model import Table, Type
from lake.contracts.names import BRONZE
from lake.erased import DOMAIN
from lake.store import Position, Store

RANGE = 1_000  # keys
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 15  # of the MD5 of a row's text: what fits a bigint

Hashes = dict[str, int]  # key → hash of its row
Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Difference:
    """Keys of one table that PostgreSQL and bronze do not agree on."""

    missing: frozenset[str]  # in PostgreSQL alone
    ghosts: frozenset[str]  # in bronze alone
    changed: frozenset[str]  # in both, with other values

    def __bool__(self) -> bool:
        return bool(self.missing or self.ghosts or self.changed)

    def __and__(self, other: Difference) -> Difference:
        return Difference(self.missing & other.missing, self.ghosts & other.ghosts, self.changed & other.changed)

    def __len__(self) -> int:
        return len(self.missing) + len(self.ghosts) + len(self.changed)


@dataclass(frozen=True)
class Landed:
    """A table's current rows at one position in bronze, and the keys that changed after it."""

    rows: Hashes
    moving: frozenset[str]
    upset: bool  # a truncation or a snapshot came after the position: compare again


def row_hash(table: Table, after: dict[str, Any]) -> int:
    """The hash of a row as bronze holds it."""
    parts = []
    for column in table.columns:
        value = after.get(column.name)
        if value is None:
            parts.append("~")
        else:
            text = _text(column.type, value)
            parts.append(f"{len(text)}:{text}")
    return int(hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()[:_DIGITS], 16)


def _text(kind: Type, value: Any) -> str:
    match kind:
        case Type.TIMESTAMP:
            return str((datetime.fromisoformat(value) - _EPOCH) // _MICROSECOND)
        case Type.DATE:
            return str(value)[:10]
        case Type.BOOL:
            return "true" if value else "false"
        case _:
            return str(value)


def _hash_sql(table: Table) -> sql.Composed:
    """SQL for the same hash of a row in PostgreSQL."""
    texts = []
    for column in table.columns:
        name = sql.Identifier(column.name)
        match column.type:
            case Type.TIMESTAMP:
                text = sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint::text").format(name)
            case Type.DATE:
                text = sql.SQL("to_char({}, 'YYYY-MM-DD')").format(name)
            case _:
                text = sql.SQL("{}::text").format(name)
        texts.append(sql.SQL("coalesce(length({0}) || ':' || {0}, '~')").format(text))
    return sql.SQL("('x' || left(md5({}), {}))::bit({})::bigint").format(
        sql.SQL(" || ").join(texts), sql.Literal(_DIGITS), sql.Literal(_DIGITS * 4)
    )


def landed(store: Store, table: Table, at: Position, upto: Position) -> Landed:
    """What bronze says is current at a position, with the keys that move between it and `upto`."""
    ops = ["c", "u", "d", "r", "t", "b"]
    where = (pc.field("table") == table.name) & pc.field("op").isin(ops) & (pc.field("_position") <= upto)
    rows = store.read(BRONZE, columns=["_position", "op", "key", "after"], where=where).sort_by("_position")
    newest: dict[str, tuple[int, str, str | None]] = {}
    moving, upset, hidden = set(), False, -1
    columns = (rows[name].to_pylist() for name in ("_position", "op", "key", "after"))
    for position, op, key, after in zip(*columns, strict=True):
        if position > at:
            upset = upset or op in "tb"
            moving.add(key)
        elif op in "tb":
            hidden = max(hidden, orjson.loads(after)["hides"])
        else:
            newest[key] = (position, op, after)
    current = {
        _key(key, table): row_hash(table, orjson.loads(after or "{}"))
        for key, (position, op, after) in newest.items()
        if op != "d" and position > hidden
    }
    return Landed(current, frozenset(_key(key, table) for key in moving if key), upset)


def _key(key: str, table: Table) -> str:
    """A key as one text, as PostgreSQL says it."""
    values = orjson.loads(key)
    return "\x1f".join(str(values[name]) for name in table.key)


def _key_sql(table: Table) -> sql.Composed:
    parts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in table.key)
    return sql.SQL('concat_ws(chr(31), {}) COLLATE "C"').format(parts)


def differences(
    connection: Connection, table: Table, bronze: Landed, erased: frozenset[str] = frozenset()
) -> Difference:
    """What differs for keys that do not move. The connection's snapshot lies between the two positions of `bronze`.

    Rows of people whose digest is among the `erased` are in bronze no more, whatever PostgreSQL still holds of them.
    """
    keys = sorted(bronze.rows)
    bounds = keys[::RANGE]
    mine = _sums(bounds, bronze.rows)
    theirs = _source_sums(connection, table, bounds, erased)
    doubtful = [n for n in mine.keys() | theirs.keys() if mine.get(n) != theirs.get(n)]
    if not doubtful:
        return Difference(frozenset(), frozenset(), frozenset())
    source = _source_rows(connection, table, bounds, doubtful, erased)
    chosen = set(doubtful)
    here = {key: number for key, number in bronze.rows.items() if bisect_right(bounds, key) in chosen}
    return Difference(
        frozenset(source.keys() - here.keys() - bronze.moving),
        frozenset(here.keys() - source.keys() - bronze.moving),
        frozenset(k for k in source.keys() & here.keys() if source[k] != here[k] and k not in bronze.moving),
    )


def _sums(bounds: Sequence[str], rows: Hashes) -> dict[int, tuple[int, int]]:
    """Count and sum of hashes for each range of keys."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for key, number in rows.items():
        entry = sums[bisect_right(bounds, key)]
        entry[0] += 1
        entry[1] += number
    return {n: (count, total) for n, (count, total) in sums.items()}


def _bucket(table: Table, bounds: Sequence[str]) -> sql.Composable:
    if not bounds:
        return sql.SQL("0")
    values = sql.SQL(", ").join(sql.Literal(bound) for bound in bounds)
    return sql.SQL('width_bucket({}, ARRAY[{}]::text[] COLLATE "C")').format(_key_sql(table), values)


def _not_of(table: Table, erased: frozenset[str]) -> sql.Composable:
    """The condition that none of a row's people is erased (`lake.erased.digest`, in SQL)."""
    if not erased or not table.people:
        return sql.SQL("true")
    one = "coalesce(encode(sha256(convert_to({} || chr(31) || {}::text, 'UTF8')), 'hex') <> ALL({}), true)"
    each = [
        sql.SQL(one).format(sql.Literal(DOMAIN), sql.Identifier(name), sql.Literal(sorted(erased)))
        for name in table.people
    ]
    return sql.SQL(" AND ").join(each)


def _source_sums(
    connection: Connection, table: Table, bounds: Sequence[str], erased: frozenset[str]
) -> dict[int, tuple[int, int]]:
    query = sql.SQL("SELECT {} AS range, count(*), sum({}) FROM {} WHERE {} GROUP BY 1").format(
        _bucket(table, bounds), _hash_sql(table), sql.Identifier(table.schema, table.name), _not_of(table, erased)
    )
    return {int(n): (int(count), int(total)) for n, count, total in connection.execute(query)}


def _source_rows(
    connection: Connection, table: Table, bounds: Sequence[str], ranges: Iterable[int], erased: frozenset[str]
) -> Hashes:
    query = sql.SQL("SELECT {}, {} FROM {} WHERE {} = ANY({}) AND {}").format(
        _key_sql(table),
        _hash_sql(table),
        sql.Identifier(table.schema, table.name),
        _bucket(table, bounds),
        sql.Literal(sorted(ranges)),
        _not_of(table, erased),
    )
    return {str(key): int(number) for key, number in connection.execute(query)}
