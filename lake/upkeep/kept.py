"""Which versions of a silver table upkeep leaves out: the one rule, for every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.contracts.model import Table
from lake.store import Position


@dataclass(frozen=True)
class Ages:
    """From which day on (ISO) rows are kept, and the first position whose change may still come back."""

    history: str
    tombstones: str
    replayable: Position


def kept(table: Table, ages: Ages, among: pa.Table | None = None) -> Callable[[pa.Table], pa.Table]:
    """A function that leaves out of a table's versions what no reader needs any more.

    Left out: superseded versions that are old; tombstones that are old, when no older change can come back and none of
    the key's versions stays behind (it would rise again). The newest barrier always stays.

    `among` are further versions of the table (key and system columns suffice) that supersede, and stay whatever happens.
    """
    import duckdb  # noqa: PLC0415 - the small upkeep inside a follower does without it

    judged = [*table.key, "_position", "_revision", "_op", "_day"]

    def keep(versions: pa.Table) -> pa.Table:
        every = versions.select(judged)
        if among is not None:
            every = pa.concat_tables([every, among.select(judged)])
        with duckdb.connect() as memory:
            memory.register("versions", every.append_column("row", pa.array(range(every.num_rows), pa.int64())))
            rows = memory.execute(_query(table), _values(ages)).to_arrow_table()["row"]
        return versions.take(rows.filter(pc.less(rows, versions.num_rows)))

    return keep


def _values(ages: Ages) -> dict[str, str | int]:
    return {"history": ages.history, "tombstones": ages.tombstones, "replayable": int(ages.replayable)}


def _query(table: Table) -> str:
    """SQL for the numbers of the rows that stay."""
    key = ", ".join(table.key)
    return f"""
        with barrier as (select coalesce(max(_position), -1) as newest from versions where _op = 'barrier'),
        ranked as (
            select row, _op, _day, _position, _day < $history as old,
                {key}, row_number() over (partition by {key} order by _position desc, _revision desc) as newest
            from versions where _op <> 'barrier'
        ),
        judged as (
            select *, newest > 1 or _position < (select newest from barrier) as superseded,
                bool_and(old or newest = 1) over (partition by {key}) as others_old
            from ranked
        )
        select row from judged
        where not (old and superseded)
            and not (newest = 1 and _op = 'delete' and _day < $tombstones and others_old and _position < $replayable)
        union all
        select row from versions where _op = 'barrier' and (_position = (select newest from barrier) or _day >= $history)
        order by row
    """  # fmt: skip
