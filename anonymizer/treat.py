"""The changes of one table → its silver versions, and what had to be refused. Pure but for the model behind `tools`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.bronze import HIDING, IMAGES, hides
from anonymizer.decode import decode
from anonymizer.policy import Tools, treat, version
from anonymizer.rules.pseudonymise import pseudonymise
from anonymizer.vault import Vault
from lake.contracts.model import Table
from lake.kit.clock import utc_now
from lake.kit.errors import HouseError
from lake.quality.rows import check_rows
from lake.schema import silver_schema

Rows = Sequence[dict[str, Any]]
Consents = Callable[[Sequence[str]], bool]


@dataclass
class Outcome:
    """What became of a table's changes."""

    versions: pa.Table
    refused: list[tuple[dict[str, Any], str]] = field(default_factory=list)  # bronze row, reason without values
    withheld: int = 0  # rows whose people do not all consent


def treat_changes(
    table: Table, changes: Rows, tools: Tools, consents: Consents, revisions: dict[int, int] | None = None
) -> Outcome:
    """Versions for upserts whose people all consent, tombstones for deletes, barriers; in order of position.

    `changes` are bronze rows in order; `revisions` says which revision a position's version gets, 0 by default.
    """
    outcome = Outcome(silver_schema(table).empty_table())
    images = [row for row in changes if row["op"] in IMAGES]
    passing, left = _consenting(table, images, tools.vault, consents)
    outcome.withheld = len(images) - len(passing)
    gone = [row for row in changes if row["op"] == "d"] + left
    outcome.versions = pa.concat_tables(
        [
            _upserts(table, passing, tools, outcome, revisions),
            _tombstones(table, gone, tools.vault, outcome),
            _barriers(table, changes),
        ]
    ).sort_by("_position")
    return outcome


def _consenting(table: Table, images: Rows, vault: Vault, consents: Consents) -> tuple[Rows, list[dict[str, Any]]]:
    """The rows that may pass, and those that changed hands and may not pass any more. A row whose people cannot be read
    goes with the first, to be refused."""
    if not table.people:
        return images, []
    passing, left = [], []
    for row in images:
        people = _people(table, row["after"], vault)
        if people is None or consents(people):
            passing.append(row)
        elif row["op"] == "u" and _people(table, row["before"], vault) != people:
            left.append(row)
    return passing, left


def _people(table: Table, image: str | None, vault: Vault) -> list[str] | None:
    """The pseudonyms of an image's people; None when one of them cannot be read."""
    try:
        row = orjson.loads(image or "{}")
        ids = [row.get(name) for name in table.people]
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return [vault.pseudonym("account", one) for one in ids] if all(isinstance(one, str) for one in ids) else None


def _upserts(table: Table, rows: Rows, tools: Tools, outcome: Outcome, revisions: dict[int, int] | None) -> pa.Table:
    """The versions of the rows that keep every rule and could be judged; the others are refused."""
    source, reasons = decode(table, [row["after"] for row in rows])
    for index, broken in enumerate(check_rows(table, source)):
        reasons[index] = reasons[index] or broken
    for name in table.people:
        for index in pc.indices_nonzero(pc.is_null(source[name])).to_pylist():
            reasons[index] = reasons[index] or f"{name} is missing"
    good = [index for index, reason in enumerate(reasons) if reason is None]
    columns, failed = _treat_safely(table, source.take(pa.array(good, pa.int64())), tools)
    for at, reason in failed.items():
        reasons[good[at]] = reason
    outcome.refused += [(row, reason) for row, reason in zip(rows, reasons, strict=True) if reason]
    kept = [at for at in range(len(good)) if at not in failed]
    columns = columns.take(pa.array(kept, pa.int64()))
    return _with_system(table, columns, [rows[good[at]] for at in kept], "upsert", revisions)


def _treat_safely(table: Table, source: pa.Table, tools: Tools) -> tuple[pa.Table, dict[int, str]]:
    """The treatments; where one fails on a row, that row is found by halving, and the others go on."""
    try:
        return treat(table, source, tools)
    except HouseError:
        raise  # not about a row
    except Exception as error:  # noqa: BLE001 - whatever a value does to a treatment, only its own row stops
        if source.num_rows <= 1:
            empty, _ = treat(table, source.slice(0, 0), tools)
            nothing = pa.table({n: pa.nulls(source.num_rows, empty[n].type) for n in empty.column_names})
            return nothing, dict.fromkeys(range(source.num_rows), f"a treatment failed with {type(error).__name__}")
    half = source.num_rows // 2
    first, lost = _treat_safely(table, source.slice(0, half), tools)
    second, more = _treat_safely(table, source.slice(half), tools)
    return pa.concat_tables([first, second]), lost | {half + index: reason for index, reason in more.items()}


def _with_system(
    table: Table, columns: pa.Table, rows: Rows, op: str, revisions: dict[int, int] | None = None
) -> pa.Table:
    """Complete columns to silver's shape; what is not given is null."""
    schema, size = silver_schema(table), len(rows)
    places = [row["_position"] for row in rows]
    today = utc_now().date().isoformat()
    system = {
        "_position": pa.array(places, pa.int64()),
        "_revision": pa.array([(revisions or {}).get(at, 0) for at in places], pa.int32()),
        "_op": pa.array([op] * size, pa.string()),
        "_treatment": pa.array([version(table)] * size, pa.string()),
        "_day": pa.array([today] * size, pa.string()),
    }
    given = {name: columns[name] for name in columns.column_names} | system
    return pa.table({f.name: given.get(f.name, pa.nulls(size, f.type)) for f in schema}, schema=schema)


def _tombstones(table: Table, rows: Rows, vault: Vault, outcome: Outcome) -> pa.Table:
    """The key and nothing else. A delete whose key cannot be read is refused."""
    keys = [table.column(name) for name in table.key]
    source, reasons = decode(table, [row["key"] for row in rows], keys)
    outcome.refused += [(row, reason) for row, reason in zip(rows, reasons, strict=True) if reason]
    good = [index for index, reason in enumerate(reasons) if reason is None]
    source = source.take(pa.array(good, pa.int64()))
    return _with_system(table, treated_keys(table, source, vault), [rows[index] for index in good], "delete")


def treated_keys(table: Table, source: pa.Table, vault: Vault) -> pa.Table:
    """The key columns of silver for the key columns of the source."""
    columns: dict[str, pa.Array] = {}
    for name in table.key:
        column = table.column(name)
        values = source[name].combine_chunks()
        columns[name] = pseudonymise(values, vault, column.domain)[0] if column.domain else values
    return pa.table(columns)


def _barriers(table: Table, changes: Rows) -> pa.Table:
    rows = [{"_position": int(hides(row))} for row in changes if row["op"] in HIDING]
    return _with_system(table, pa.table({}), rows, "barrier")


def tombstones_at(table: Table, keys: pa.Table, places: Sequence[int]) -> pa.Table:
    """Tombstones for keys that are in silver already, each at a position."""
    return _with_system(table, keys, [{"_position": at} for at in places], "delete")
