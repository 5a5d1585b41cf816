"""PostgreSQL and what has landed, compared table by table: hashes of ranges of keys first, then the keys of ranges that
differ.

Both sides reduce a row to the same canonical text: each value with its length before it, times as microseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from lake.contracts.model import Table, Type
from lake.contracts.names import BRONZE
from lake.erased import DOMAIN
from lake.landed import CHANGES, DIGITS, HIDING
from lake.landed import landed as everything
from lake.store import Position, Store

RANGE = 1_000  # keys

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


def _hash_sql(table: Table) -> sql.Composed:
    """SQL for the hash of a row in PostgreSQL (`lake.landed.row_hash`)."""
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
        said = sql.Literal(f"{column.name}:")
        texts.append(sql.SQL("coalesce({0} || length({1}) || ':' || {1}, '')").format(said, text))
    return sql.SQL("('x' || left(md5({}), {}))::bit({})::bigint").format(
        sql.SQL(" || ").join(texts), sql.Literal(DIGITS), sql.Literal(DIGITS * 4)
    )


def landed(store: Store, table: Table, at: Position, upto: Position) -> Landed:
    """What has landed of a table at a position, with the keys that move between it and `upto`.

    It comes from bronze and from the digest of what bronze holds no more, so it does not matter how old a row is.
    """
    between = store.changes(BRONZE, after=at, upto=upto, columns=["_position", "op", "key"], where=_of(table))
    known = everything(store, table, at).current()
    return Landed(
        {_key(k, table): h for k, h in zip(known["key"].to_pylist(), known["hash"].to_pylist(), strict=True)},
        frozenset(_key(key, table) for key in between["key"].to_pylist() if key),
        bool(pc.any(pc.is_in(between["op"], pa.array(HIDING))).as_py()),
    )


def _of(table: Table) -> pc.Expression:
    return (pc.field("table") == table.name) & pc.field("op").isin([*CHANGES, *HIDING])


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
