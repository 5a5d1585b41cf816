"""Brings suggestions back into the app: the one place where pseudonyms meet ids again, because only here is the key.

Nothing is turned back: the app's ids come in, their pseudonyms are computed as at the door, and what the lake says about
those is written beside the ids. Names, addresses and texts are out of this role's reach.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from anonymizer.settings import AnonymizerSettings
from anonymizer.vault import Vault, open_vault
from lake.contracts.suggestions import PURPOSES
from lake.features.tables import JOB, SUGGESTIONS, forget, made_at, people_in
from lake.kit.clock import utc_now
from lake.kit.errors import Retry, Stop
from lake.kit.log import get_log
from lake.settings import LakeSettings
from lake.store import START, Position, Store, lease, open_store

Conn = psycopg.Connection[TupleRow]

_PEOPLE = """
    SELECT a.id FROM identity.accounts a WHERE a.status = 'active'
    AND (SELECT count(*) FROM identity.consents c WHERE c.account_id = a.id AND c.granted AND c.purpose = ANY(%s)) = %s
"""
_POSTS = "SELECT id, author_id FROM community.posts WHERE status = 'open'"
_TAGS = "SELECT name FROM community.tags WHERE synonym_of IS NULL"
_ROWS = "COPY suggestions.suggestions (account_id, kind, person_id, post_id, tag, score, reason, because) FROM STDIN"


class Known(NamedTuple):
    """What the app has now: pseudonym → id of everybody who takes part and of their open posts, and the tags."""

    people: dict[str, UUID]
    posts: dict[str, UUID]
    tags: set[str]


@dataclass
class Brought:
    """Rows the lake holds, rows written into the app, rows of people deleted from the lake because they take no part."""

    computed: int
    written: int
    forgotten: int
    cut: Position
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        return {
            "in": self.computed, "out": self.written, "refused": self.computed - self.written, "cut": int(self.cut),
            "forgotten": self.forgotten, "seconds": round(self.seconds, 3),
        }  # fmt: skip


def suggest(settings: AnonymizerSettings, lake: LakeSettings) -> Brought:
    """Replace the app's suggestions by the newest ones, in one transaction with their cut; safe to run again.

    Raises Stop when none have been computed or the app's database is not ready, Busy while they are being computed.
    """
    started, store, vault = time.monotonic(), open_store(lake), open_vault(settings.key_file)
    with lease(lake.root, JOB):
        upto = made_at(store)
        if upto == START:
            raise Stop("No suggestions have been computed yet: run `python -m lake features` first.")
        with _app(settings.suggest_url.get_secret_value()) as conn:
            known = _known(conn, vault)
            forgotten = forget(store, people_in(store) - known.people.keys())
            computed, written = _replace(conn, store, known, upto)
    brought = Brought(computed, written, forgotten, upto, time.monotonic() - started)
    get_log().info("suggestions_brought", computed=computed, written=written, forgotten=forgotten)
    return brought


@contextmanager
def _app(url: str) -> Iterator[Conn]:
    """One transaction on the app's database that sees one moment."""
    if not url:
        raise Stop("The app's address is not set. Run `make up`, or set ANONYMIZER_SUGGEST_URL to role app_suggest.")
    try:
        with psycopg.connect(url, connect_timeout=10, options="-c timezone=UTC -c lock_timeout=10s") as conn:
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield conn
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.InsufficientPrivilege) as e:
        raise Stop("The app's database has no room for suggestions: run `python -m platform_app migrate`.") from e
    except (psycopg.OperationalError, psycopg.errors.ForeignKeyViolation) as error:
        raise Retry("The app's database is away, or changed meanwhile; nothing was written. Run this again.") from error


def _known(conn: Conn, vault: Vault) -> Known:
    people = {str(row[0]): row[0] for row in conn.execute(_PEOPLE, (list(PURPOSES), len(PURPOSES)))}
    posts = {row[0] for row in conn.execute(_POSTS) if str(row[1]) in people}
    return Known(
        {vault.pseudonym("account", text): account for text, account in people.items()},
        {vault.pseudonym("post", str(post)): post for post in posts},
        {row[0] for row in conn.execute(_TAGS)},
    )


def _replace(conn: Conn, store: Store, known: Known, upto: Position) -> tuple[int, int]:
    """Delete every row and write those whose person and thing the app knows; returns (computed, written)."""
    rows = store.read(SUGGESTIONS.path)
    written = 0
    conn.execute("DELETE FROM suggestions.suggestions")
    with conn.cursor() as cursor, cursor.copy(_ROWS) as copy:
        for batch in rows.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                if (ready := _row(row, known)) is not None:
                    copy.write_row(ready)
                    written += 1
    conn.execute("DELETE FROM suggestions.made")
    conn.execute("INSERT INTO suggestions.made (cut, brought_at) VALUES (%s, %s)", (int(upto), utc_now()))
    return rows.num_rows, written


def _row(row: dict[str, Any], known: Known) -> tuple[object, ...] | None:
    """A row of the app, or None when the person, the thing or the tag of the reason is not there any more."""
    account, item = known.people.get(row["account"]), row["item"]
    person = known.people.get(item) if row["kind"] == "person" else None
    post = known.posts.get(item) if row["kind"] == "post" else None
    tag = item if row["kind"] == "tag" and item in known.tags else None
    if account is None or (person, post, tag) == (None, None, None) or person == account:
        return None
    if row["because"] is not None and row["because"] not in known.tags:
        return None
    return account, row["kind"], person, post, tag, row["score"], row["reason"], row["because"]
