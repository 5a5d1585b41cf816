"""A contract → its treatments, one for each column, in order. The policy is the declaration; there is no second list.

A treatment is a pure function of a row's value, the contract and the key (and, for free text, of what people are
called), over Arrow arrays. Whatever needs counts happens after the warehouse.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from anonymizer.model import model_hash
from anonymizer.rules.drop import drop
from anonymizer.rules.generalise import generalise
from anonymizer.rules.keep import keep
from anonymizer.rules.pseudonymise import pseudonymise
from anonymizer.rules.redact import Redactor, redact
from anonymizer.spans import Masked
from anonymizer.vault import Vault
from lake.contracts.model import Column, Pii, Table
from lake.contracts.tables import TABLES
from lake.kit.errors import Stop
from lake.schema import ARROW, silver_fields

ROOM = Path(__file__).parent
PLAIN = ("policy.py", "decode.py", "vault.py", "rules/*.py")
TEXT = ("detect.py", "engine.py", "names.py", "patterns.py", "spans.py", "text.py", "words.py")


class Untreated(Stop):
    """A published column that no treatment takes."""


@dataclass(frozen=True)
class Tools:
    """What treatments need beside the row: the key's vault, and whatever masks free text."""

    vault: Vault
    mask: Redactor


Apply = Callable[[pa.Array, Tools], tuple[tuple[pa.Array, ...], list[int]]]


@dataclass(frozen=True)
class Treatment:
    """What happens to one column: the names of what it becomes, and the function; failed rows come back as indices."""

    column: Column
    names: tuple[str, ...]
    apply: Apply


def treatment(table: Table, column: Column) -> Treatment:
    """The treatment of one column. Raises Untreated with what to do."""
    return Treatment(column, tuple(field.name for field in silver_fields(column)), _apply(table, column))


def _apply(table: Table, column: Column) -> Apply:
    match column.pii:
        case Pii.NONE:
            return lambda values, _: (keep(values), [])
        case Pii.DIRECT:
            return lambda values, _: (drop(values), [])
        case Pii.KEY if domain := column.domain:
            return lambda values, tools: (pseudonymise(values, tools.vault, domain), [])
        case Pii.QUASI if to := column.to:
            return lambda values, _: (generalise(values, to), [])
        case Pii.FREE_TEXT:
            return lambda values, tools: redact(values, tools.mask)
    raise Untreated(
        f"Column {table.full_name}.{column.name} is {column.pii.name}, which has no treatment: write one in "
        "anonymizer/rules and name it in anonymizer/policy.py, or declare another class in lake/contracts/tables."
    )


@functools.cache
def policy(table: Table) -> tuple[Treatment, ...]:
    """Every column's treatment, in the contract's order."""
    return tuple(treatment(table, column) for column in table.columns)


def treat(table: Table, rows: pa.Table, tools: Tools) -> tuple[pa.Table, dict[int, str]]:
    """Source rows → the treated columns, and the rows that could not be judged, each with its reason."""
    columns: dict[str, pa.Array] = {}
    failed: dict[int, str] = {}
    for step in policy(table):
        values = rows[step.column.name].combine_chunks()
        arrays, lost = step.apply(values, tools)
        columns |= dict(zip(step.names, arrays, strict=True))
        failed |= dict.fromkeys(lost, f"{step.column.name} could not be judged in time")
    return pa.table(columns), failed


@functools.cache
def version(table: Table) -> str:
    """A hash of the declaration, of the code that treats it and, where there is free text, of the model."""
    text = any(column.pii is Pii.FREE_TEXT for column in table.columns)
    files = sorted(file for pattern in (*PLAIN, *(TEXT if text else ())) for file in ROOM.glob(pattern))
    digest = hashlib.sha256("".join(f"{c.name} {c.type} {c.pii} {c.to} {c.domain}\n" for c in table.columns).encode())
    for file in files:
        digest.update(file.read_bytes())
    return hashlib.sha256(digest.digest() + (model_hash().encode() if text else b"")).hexdigest()[:16]


def verify(tables: tuple[Table, ...] = TABLES) -> int:
    """Check that each column of each contract has a treatment that yields what silver declares; returns how many.

    Raises Untreated for the first that has none.
    """
    tools = Tools(Vault(bytes(32)), lambda texts: [Masked(text, 0) for text in texts])
    count = 0
    for table in tables:
        for step in policy(table):
            fields = silver_fields(step.column)
            arrays, _ = step.apply(pa.nulls(0, ARROW[step.column.type]), tools)
            if [a.type for a in arrays] != [f.type for f in fields]:
                raise Untreated(
                    f"Column {table.full_name}.{step.column.name} is treated into other types than lake/schema.py "
                    "declares for silver: make the two agree."
                )
            count += 1
    return count
