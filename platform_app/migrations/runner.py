"""Runs the numbered SQL files that a database has not seen, each in a transaction of its own, one process at a time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from lake.kit.clock import utc_now
from lake.kit.errors import Retry, Stop
from lake.kit.log import get_log

FOLDER = Path(__file__).parent
LOCK = 7_246_001  # any constant: the advisory lock that only migrations take
LOCK_TIMEOUT = "5s"  # a migration waits no longer for a table that somebody uses
MINUTES = 5  # that one file may work, unless somebody allows more


@dataclass(frozen=True)
class Migration:
    """One file: its name orders it, its digest shows whether it was changed after it ran."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_in(folder: Path = FOLDER) -> list[Migration]:
    """The files of a folder in the order they run."""
    return [Migration(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.sql"))]


def migrate(url: str, folder: Path = FOLDER, *, minutes: float = MINUTES) -> list[str]:
    """Bring the database at `url` (role app_owner) up to date; returns the names of the files that ran now.

    Stop when a file was changed after it ran, the database is newer than this code or lacks an extension; Retry when the server is away,
    a table stays locked, or a statement of a file takes longer than `minutes` (0: as long as it takes).
    """
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            conn.execute(f"SET statement_timeout = {int(minutes * 60_000)}")
            conn.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            return _run_pending(conn, migrations_in(folder))
    except psycopg.errors.LockNotAvailable as error:
        raise Retry(
            "A migration waited too long for a lock: another migration or a long transaction is running. "
            "Wait for it to end, then run `python -m platform_app migrate` again."
        ) from error
    except psycopg.errors.QueryCanceled as error:
        raise Retry(
            f"A migration needed more than {minutes:g} minutes, so nothing of its file was done. While it runs others may wait "
            "for the tables it changes: choose a quiet hour, then run `python -m platform_app migrate --minutes 120`."
        ) from error
    except psycopg.errors.FeatureNotSupported as error:  # the migration's own words about what the server lacks
        raise Stop(error.diag.message_primary or "PostgreSQL lacks something that a migration needs.") from error
    except psycopg.OperationalError as error:
        raise Retry("PostgreSQL did not answer. Run `make status`, start it with `make up`, then try again.") from error


def _run_pending(conn: psycopg.Connection[TupleRow], known: list[Migration]) -> list[str]:
    conn.execute("CREATE SCHEMA IF NOT EXISTS kernel")
    conn.execute(
        "CREATE TABLE IF NOT EXISTS kernel.migrations "
        "(name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL)"
    )
    applied: dict[str, str] = dict(conn.execute("SELECT name, sha256 FROM kernel.migrations").fetchall())
    _refuse_other_history(applied, known)
    pending = [migration for migration in known if migration.name not in applied]
    for migration in pending:
        with conn.transaction():
            conn.execute(migration.sql.encode())
            conn.execute(
                "INSERT INTO kernel.migrations (name, sha256, applied_at) VALUES (%s, %s, %s)",
                (migration.name, migration.sha256, utc_now()),
            )
        get_log().info("migration_applied", migration=migration.name)
    return [migration.name for migration in pending]


def _refuse_other_history(applied: dict[str, str], known: list[Migration]) -> None:
    digests = {migration.name: migration.sha256 for migration in known}
    for name in sorted(applied):
        if name not in digests:
            raise Stop(f"The database has migration {name}, which this code does not know: use the newer code.")
        if digests[name] != applied[name]:
            raise Stop(f"Migration {name} was changed after it ran: restore it and put the change into a new file.")
    newest = max(applied, default="")
    if late := [name for name in digests if name not in applied and name < newest]:
        raise Stop(f"Migration {late[0]} sorts before {newest}, which has run: give it the next free number.")
