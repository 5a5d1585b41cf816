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

from lake.contracts.model import Pii, Type
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
    """One row for each plant in every table with text; returns the columns that were planted, by table."""
    with walk.app() as db:
        author = _person(db, HANDLE, NAME, PLANTS["e-mail address"])
        writer = _person(db, "neutral-writer", "Planter Two", "planter@kestrelmail.example")
        _secrets(db, author)
        for kind, text in PLANTS.items():
            spoken = sentence(kind, text)
            person = _person(db, f"profile-{new_id().hex[-12:]}", "Some Body", f"{new_id().hex}@kestrelmail.example")
            db.execute(
                "insert into profiles.profiles (account_id, headline, bio, website_url, location, updated_at) "
                "values (%s, %s, %s, %s, %s, now())",
                [person, spoken, spoken, f"https://kestrel.example/{HANDLE}", text],
            )
            post, approach = new_id(), new_id()
            db.execute(
                "insert into community.posts (id, author_id, kind, title, body, language, status, created_at, updated_at) "
                "values (%s, %s, 'problem', %s, %s, 'en', 'open', now(), now())",
                [post, writer, spoken, spoken],
            )
            db.execute(
                "insert into community.approaches (id, post_id, author_id, kind, title, body, status, created_at, updated_at) "
                "values (%s, %s, %s, 'idea', %s, %s, 'published', now(), now())",
                [approach, post, person, spoken, spoken],
            )
            db.execute(
                "insert into community.comments (id, post_id, author_id, body, status, created_at) "
                "values (%s, %s, %s, %s, 'published', now())",
                [new_id(), post, person, spoken],
            )
    return open_columns()


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
