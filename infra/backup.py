"""`backup` and `restore`: what cannot be made again, in one folder beside the running stack, and back from it.

Order makes the copy consistent although everything goes on. Databases first: `app` and `shop` by pg_dump, each as one
snapshot; a `warehouse` older than the lake catches up by position; a shelf newer than `shop` holds every version that was
sold. Then the lake, by the lake's own command, as it was at one moment. Then the files of people, which are at least as
new as the rows of `app` that name them. Kafka, Connect's offsets and the replication slot
are not in it: log positions mean nothing to another server, so a restored app is read anew, in a new epoch, whose
barriers put everything that landed before out of sight. `restore.py` has the way back, `keepsake.py` the contents.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from infra import process, stack
from infra.command import call
from infra.keepsake import Contents, weigh_all
from infra.part import Say
from infra.place import DATABASES, HOST, Place, write_private
from infra.postgres import programs
from infra.settings import process_environment
from lake.kit.clock import utc_now
from lake.kit.errors import Retry, Stop

KEYS = ("lake.key", "receipt.key", "app.key", "stripe.secret", "stripe.webhook", "airflow.fernet")
"""The secrets that kept data depends on. Passwords of roles are made anew with the server that knows them."""
MADE_AGAIN = {"warehouse", "airflow"}  # databases that a backup of the shelf alone leaves out
STRIPE = "stripe.sqlite"  # the stand-in's own books; the real Stripe keeps its own
DIARY = "jobs.jsonl"
UPLOADS = "uploads"  # files of people; a file is named by its content and never written twice


def backup(place: Place, folder: Path, keys: Path | None, *, shelf_only: bool, say: Say) -> Contents:
    """Make a backup in a new or empty folder, of mode 0700; keys into `keys`, by default its folder `keys`.

    Raises Stop when there is nothing to back up or the folder holds something, Retry when a server does not answer.
    """
    if not (place.run / "postgres" / "data").exists():
        raise Stop(f"There is no stack in {place.run}: nothing to back up.")
    for target in (folder, keys or folder):
        if target.exists() and any(target.iterdir()):
            raise Stop(f"{target} holds something already: name a folder that is new or empty.")
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.chmod(0o700)
    started = stack.up(place, ["postgres"], say)
    try:
        databases = tuple(name for name in DATABASES if not (shelf_only and name in MADE_AGAIN))
        facts, version = _facts(place)
        for database in databases:
            dump(place, database, folder)
            say(f"Database {database} is copied.")
        copied = call(
            place, "lake", "backup", str(folder / "lake"), *(["--shelf-only"] if shelf_only else []), "--json"
        )
        say(f"The lake is copied: {copied['out']:,} files; its writers waited {copied['held_seconds']:.1f} s.")
        _copy_beside(place, folder)
        home = keys or folder / "keys"
        names = _copy_keys(place, home)
    finally:
        stack.down(place, started, say)
    files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    held = weigh_all(folder, (name for name in files if not name.startswith("keys/")))
    contents = Contents(utc_now().isoformat(), version, databases, shelf_only, held, weigh_all(home, names), facts)
    contents.write(folder)
    say(f"The backup is whole: {sum(one.bytes for one in held.values()):,} bytes in {folder}.")
    say(_warning(home, apart=keys is not None))
    return contents


def _warning(home: Path, *, apart: bool) -> str:
    kept = "Keep them apart from every copy of the lake" if apart else "MOVE THEM AWAY from this copy of the lake"
    return (
        f"KEYS: {home} holds the lake's key in the clear (0600). Whoever has it and a copy of the lake can find people "
        f"again; without it nothing new fits what was made before. {kept}, offline, where two people must agree."
    )


def _facts(place: Place) -> tuple[dict[str, Any], str]:
    """Where the stream stood, and the server's version."""
    with psycopg.connect(place.url("postgres"), connect_timeout=10) as connection:
        slots = connection.execute("select slot_name, confirmed_flush_lsn::text from pg_replication_slots").fetchall()
        version = connection.info.parameter_status("server_version") or ""
    facts: dict[str, Any] = {"slots": {str(name): position for name, position in slots}}
    if process.find(place, "kafka"):
        facts["ingestion"] = call(place, "ingestion", "status", "--json", seconds=60)
    return facts, version


def dump(place: Place, database: str, folder: Path) -> None:
    """One database as one snapshot of it, in PostgreSQL's custom format."""
    (folder / "databases").mkdir(exist_ok=True, mode=0o700)
    client(
        place, "pg_dump", "--format=custom", f"--file={folder / 'databases' / database}.dump", f"--dbname={database}"
    )


def client(place: Place, name: str, *words: str) -> None:
    """Run one of PostgreSQL's own programs as the superuser; its password is in no command line.

    Raises Stop when it is missing or refuses. Its own words go to the log: they may quote a row.
    """
    program = programs() / name
    found = str(program) if program.exists() else shutil.which(name)
    if found is None:
        raise Stop(f"{name} is missing: install PostgreSQL's client programs, of the server's version or newer.")
    password = str(conninfo_to_dict(place.url("postgres"))["password"])
    login = [f"--host={HOST}", f"--port={place.ports['postgres']}", "--username=postgres", "--no-password"]
    with place.log(name).open("ab") as log:
        ran = subprocess.run(
            [found, *login, *words],
            env=process_environment(place.run, PGPASSWORD=password), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            check=False,
        )  # fmt: skip
    if ran.returncode:
        raise Retry(f"{name} failed with exit code {ran.returncode}: see {place.log(name)}.")


def _copy_beside(place: Place, folder: Path) -> None:
    """The stand-in's books, as one snapshot of them, the diary of jobs, and the files of people."""
    if (place.run / STRIPE).exists():
        with (
            closing(sqlite3.connect(place.run / STRIPE)) as source,
            closing(sqlite3.connect(folder / STRIPE)) as target,
        ):
            source.backup(target)
    if (place.run / DIARY).exists():
        shutil.copy2(place.run / DIARY, folder / DIARY)
    for path in sorted((place.run / UPLOADS).glob("??/*")):
        _copy_upload(path, folder / UPLOADS / path.parent.name)


def _copy_upload(path: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)  # below a folder that nobody else enters
    with suppress(FileNotFoundError):  # its owner removed it a moment ago, or it was a draft
        shutil.copy2(path, target / path.name)


def _copy_keys(place: Place, home: Path) -> list[str]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = [name for name in KEYS if (place.run / "secrets" / name).exists()]
    for name in names:
        write_private(home / name, place.secret(name))
    return names
