"""Personal data planted in every text column of every published table, and a search of everything a stack has written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pyarrow.parquet as pq

from lake.contracts.model import Pii, Table, Type
from lake.contracts.rules import AtMost, References
from lake.contracts.tables import TABLES
from lake.kit.ids import new_id
from tests.lib.walk import Walk

NAME = "Ottoline Quarrendon"
HANDLE = "ottoline_q77"
PLANTS = {
    "e-mail address": "o.quarrendon@kestrelmail.example",
    "phone number": "+1 415-555-0147",
    "handle": f"@{HANDLE}",
    "street address": "742 Wimbrel Terrace",
    "card number": "4111 1111 1111 1111",
    "name as it is": NAME,
    "name in lower case": NAME.lower(),
    "name in capitals": NAME.upper(),
}
SECRETS = {"password hash": "argon2-planted-6f1d2c", "session token": "session-planted-77ab"}
OUTSIDE = ("postgres", "kafka", "connect/offsets", "lake/restricted", "venv", "jars", "models", "npm", "tools", "cache")
"""The app's own database and log, and the restricted folder, hold the plants; that they do is the negative control."""


def sentence(kind: str, plant: str) -> str:
    """A plant inside ordinary prose, with a word that tells which one was found."""
    return f"Some context before the {kind.replace(' ', '-')}: please reach {plant} about the broken pump, thank you."


def plant(walk: Walk) -> dict[str, list[str]]:
    """One row for each plant in every table with text, after the pattern of a row that is there; returns `open_columns`."""
    with walk.app() as db:
        _secrets(db, _person(db, HANDLE, NAME, PLANTS["e-mail address"]))
        for table in (one for one in TABLES if one.name in open_columns() and one.name != "accounts"):
            pattern, unique = _pattern(db, table), _unique_columns(db, table)
            for kind, text in PLANTS.items():
                row = pattern | _texts(table, kind, text) | _anew(db, table, unique, pattern)
                db.execute(
                    f"insert into {table.full_name} select * from jsonb_populate_record(null::{table.full_name}, %s)",
                    [json.dumps(row, default=str)],
                )
    return open_columns()


def _pattern(db: psycopg.Connection[dict[str, Any]], table: Table) -> dict[str, Any]:
    """A row of the table as JSON; generated columns are left to PostgreSQL."""
    found = db.execute(f"select to_jsonb(t) as row from {table.full_name} t limit 1").fetchone()
    assert found, f"{table.full_name} has no row to plant after: let the generator write some"
    return dict(found["row"])


def _unique_columns(db: psycopg.Connection[dict[str, Any]], table: Table) -> set[str]:
    query = (
        "select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
        "where i.indrelid = %s::regclass and i.indisunique"
    )
    return {row["name"] for row in db.execute(query, [table.full_name]).fetchall()}


def _anew(
    db: psycopg.Connection[dict[str, Any]], table: Table, unique: set[str], pattern: dict[str, Any]
) -> dict[str, Any]:
    """Another key, people who agree, and other values where the table wants each once."""
    people = {name for name in table.people if pattern[name] is not None or name in table.key}
    anew: dict[str, Any] = {
        name: _person(db, f"p-{new_id().hex[-12:]}", "Some Body", f"{new_id().hex}@kestrelmail.example")
        for name in people
    }
    for column in table.columns:
        if column.name in anew or column.name not in unique:
            continue
        if column.type is Type.UUID and table.key == (column.name,):
            anew[column.name] = new_id()
        elif (
            column.type is Type.TEXT
            and pattern[column.name]
            and not any(isinstance(r, References) for r in column.rules)
        ):
            anew[column.name] = f"p{new_id().hex[-12:]}"
    return anew


def _texts(table: Table, kind: str, text: str) -> dict[str, str]:
    """The plant in each column that takes any text: an address in what is dropped, a sentence where one fits."""
    found = {}
    for column in table.columns:
        if column.name not in open_columns()[table.name]:
            continue
        most = min((rule.characters for rule in column.rules if isinstance(rule, AtMost)), default=10_000)
        spoken = sentence(kind, text)
        if len(spoken) > most:
            spoken = f"Please reach {text} about the broken pump."
        by_class = {Pii.DIRECT: f"https://kestrel.example/{HANDLE}", Pii.FREE_TEXT: spoken}
        found[column.name] = by_class.get(column.pii, text)
    return found


def open_columns() -> dict[str, list[str]]:
    """The text columns whose vocabulary is not closed: the ones a person can write anything into."""
    found = {
        t.name: [c.name for c in t.columns if c.type is Type.TEXT and c.pii not in (Pii.NONE, Pii.KEY)] for t in TABLES
    }
    return {table: columns for table, columns in found.items() if columns}


def _person(db: psycopg.Connection[dict[str, Any]], handle: str, name: str, email: str) -> UUID:
    person = new_id()
    db.execute(
        "insert into identity.accounts (id, email, handle, display_name, role, status, origin, created_at) "
        "values (%s, %s, %s, %s, 'member', 'active', 'signup', now())",
        [person, email, handle, name],
    )
    db.execute(
        "insert into identity.consents (id, account_id, purpose, granted, decided_at) values (%s, %s, 'lake', true, now())",
        [new_id(), person],
    )
    return person


def _secrets(db: psycopg.Connection[dict[str, Any]], person: UUID) -> None:
    db.execute(
        "insert into identity.credentials (account_id, password_hash, changed_at) values (%s, %s, now())",
        [person, SECRETS["password hash"]],
    )
    db.execute(
        "insert into identity.sessions (token_hash, account_id, csrf_token, created_at, seen_at, expires_at) "
        "values (sha256(%s::bytea), %s, %s, now(), now(), now())",
        [b"x", person, SECRETS["session token"]],
    )


def texts_below(folder: Path, outside: tuple[str, ...] = OUTSIDE) -> Iterator[tuple[str, str]]:
    """Every file's content as text, Parquet and gzip unpacked, with its path relative to the folder."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name.startswith(outside):
            continue
        if path.suffix == ".parquet":
            yield name, json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
            yield f"{name} (footer)", str(pq.read_metadata(path).to_dict())
        elif path.suffix == ".gz":
            yield name, gzip.decompress(path.read_bytes()).decode(errors="replace")
        else:
            yield name, path.read_bytes().decode(errors="replace")


def texts_of_database(connection: psycopg.Connection[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Every relation of every schema but PostgreSQL's own, as text."""
    relations = connection.execute(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables "
        "where schemaname not in ('pg_catalog', 'information_schema')"
    ).fetchall()
    for relation in relations:
        rows = connection.execute(f"select to_jsonb(r)::text as row from {relation['name']} r").fetchall()
        yield relation["name"], "\n".join(row["row"] for row in rows)


def found_in(texts: Iterator[tuple[str, str]], plants: dict[str, str]) -> dict[str, list[str]]:
    """Where each plant occurs; a plant that occurs nowhere is left out."""
    found: dict[str, list[str]] = {}
    for place, text in texts:
        for kind, planted in plants.items():
            if planted in text:
                found.setdefault(kind, []).append(place)
    return found
