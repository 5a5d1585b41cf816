"""Servers that this stack does not start: their secrets, roles, databases and topic, made by command.

The embedded PostgreSQL and Kafka get theirs from `infra up`; containers and a production get the same ones from here,
by the same statements. A folder of secrets holds one file for each value, named like its setting in small letters,
which is how the rooms read them (`HEADWATER_SECRETS`, in a container `/run/secrets`).
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

import psycopg
from kafka.errors import KafkaError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra import env_files
from infra.kafka import make_topics as make
from infra.place import ROLES, Place
from infra.postgres import make_roles_and_databases
from infra.settings import Settings
from lake.kit.errors import Retry, Stop

SUPERUSER = "postgres"
PASSWORD = "postgres_password"  # noqa: S105 - a file's name


class _Naming(Place):
    """A place that answers for every URL with the name of its role, and makes no secret."""

    def url(self, role: str, database: str | None = None) -> str:
        return f"role {role} {database or ''}".strip()

    def secret(self, name: str, size: int = 24) -> str:
        return f"secret {name} {size}"


def logins() -> dict[str, str]:
    """Each setting that holds a database's URL, with its role: those that the local stack's settings files hold."""
    told = env_files.rooms(_Naming(Settings(), defaultdict(int)))
    values = {name: str(value) for room in told.values() for name, value in room.items()}
    found = {name: value.removeprefix("role ") for name, value in values.items() if value.startswith("role ")}
    return found | {"AIRFLOW_DATABASE_URL": "airflow"}  # Airflow is told in its own way


def make_secrets(folder: Path, server: str, parameters: str = "") -> list[str]:
    """Make the files that are missing in a folder of secrets; the names of those made now. None is ever replaced.

    `server` is PostgreSQL's host:port as the rooms reach it, `parameters` what its URLs end with (`sslmode=require`).
    The folder is ours alone; its files can be read by everybody who gets past it, because a container's user is not
    the one who made them: compose mounts each into the containers that need it, and into no other.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    made = []
    for name, value in _wanted(folder, server, parameters).items():
        if not (folder / name).exists():
            _write(folder / name, value)
            made.append(name)
    return made


def _wanted(folder: Path, server: str, parameters: str) -> dict[str, str]:
    """Every file with a fresh value; the shop and Stripe's stand-in must know the same two words."""
    key, webhook = f"sk_test_{secrets.token_hex(24)}", f"whsec_{secrets.token_hex(24)}"
    shared = {"api_stripe_secret_key": key, "api_stripe_webhook_secret": webhook}
    shared |= {name: (folder / name).read_text().strip() for name in shared if (folder / name).exists()}
    end = f"?{parameters}" if parameters else ""
    return {
        PASSWORD: secrets.token_hex(24),
        **{
            setting.lower(): f"postgresql://{role}:{secrets.token_hex(24)}@{server}/{ROLES[role]}{end}"
            for setting, role in logins().items()
        },
        **shared,
        "stripe_standin_secret_key": shared["api_stripe_secret_key"],
        "stripe_standin_webhook_secret": shared["api_stripe_webhook_secret"],
        "lake_key": secrets.token_hex(32),
        "receipt_key": secrets.token_hex(32),
        "app_key": secrets.token_hex(32),
        "airflow_fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "airflow_jwt_secret": secrets.token_hex(32),
        "airflow_session_key": secrets.token_hex(32),
        "airflow_passwords": json.dumps({"admin": secrets.token_hex(12)}),
        "grafana_admin_password": secrets.token_hex(12),
    }


def _write(path: Path, value: str) -> None:
    draft = path.with_name(f"{path.name}.draft{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o444), "w") as file:
        file.write(value)
    draft.chmod(0o444)
    draft.replace(path)


def make_databases(folder: Path, server: str, admin: str = SUPERUSER, database: str = "postgres") -> int:
    """Make the roles, databases and grants in a PostgreSQL; the number of roles. Safe to run again.

    Each role gets the password that its URL in the folder of secrets holds; the administrator's is in the file
    `postgres_password`, or wherever libpq looks for it. Raises `Stop` for a missing file, `Retry` for a server away.
    """
    passwords = {role: _password(folder, setting) for setting, role in logins().items()}
    held = folder / PASSWORD
    word = f":{quote(held.read_text().strip(), safe='')}" if held.exists() else ""
    try:
        url = make_conninfo(f"postgresql://{admin}{word}@{server}/{database}", connect_timeout="10")
        with psycopg.connect(url, autocommit=True) as connection:
            _check(connection)
            make_roles_and_databases(connection, passwords.__getitem__)
    except psycopg.OperationalError as error:
        raise Retry(f"PostgreSQL at {server} did not let {admin} in, or did not answer.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise Stop(f"{admin} may not make roles or databases at {server}: name another one with --admin.") from error
    return len(passwords)


def _password(folder: Path, setting: str) -> str:
    path = folder / setting.lower()
    if not path.exists():
        raise Stop(f"{path} is missing: run `python -m infra secrets`, which makes it.")
    return str(conninfo_to_dict(path.read_text().strip()).get("password") or "")


def _check(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raise Stop where capture could not work: an old server, or one whose log is not logical."""
    row = connection.execute(
        "select current_setting('server_version_num')::int, current_setting('wal_level')"
    ).fetchone()
    if row is None or int(str(row[0])) < 150000:
        raise Stop("PostgreSQL 15 or newer is needed.")
    if row[1] != "logical":
        raise Stop("The server's wal_level is not logical: set it, start the server again, then run this again.")


def make_topics(servers: str, replicas: int, in_sync: int) -> None:
    """Make the topics of changes and of events on brokers that are there. Raises `Retry` when they do not answer."""
    if in_sync > replicas:
        raise Stop("There cannot be more replicas in sync than replicas.")
    try:
        make(servers, replicas=replicas, in_sync=in_sync)
    except KafkaError as error:
        raise Retry(f"Kafka at {servers} did not answer, or refused ({type(error).__name__}).") from error
