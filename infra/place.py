"""The run folder: which file lies where, which port each part uses, and the secrets made at the first start."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from infra.settings import CHECKOUT, Settings
from lake.kit.errors import Stop

ROLES = {
    "app_owner": "app", "app": "app", "app_capture": "app", "app_suggest": "app",
    "app_erasure": "app",
    "shop_owner": "shop", "shop": "shop",
    "warehouse_owner": "warehouse", "warehouse_load": "warehouse",
    "warehouse_dbt": "warehouse", "warehouse_publish": "warehouse",
    "airflow": "airflow",
    "watch": "postgres",  # owns and reads nothing: it sees the replication slots, as every role does
}  # fmt: skip
"""Each role that a room or Airflow logs in with, and the one database it may connect to."""

DATABASES = {"app": "app_owner", "shop": "shop_owner", "warehouse": "warehouse_owner", "airflow": "airflow"}
"""Each database and the role that owns it and migrates it."""

EXTENSIONS = {"app": ("vector",)}
"""What a database needs beside PostgreSQL itself, made by whoever makes the database."""

EXTENSION_PACKAGES = {"vector": "pgvector 0.8 or newer; Debian: postgresql-<version>-pgvector"}
"""Where an extension comes from."""

HOST = "127.0.0.1"


@dataclass
class Place:
    """One run folder and what is known about it. `ports` maps a port's name to its number."""

    settings: Settings
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def run(self) -> Path:
        return self.settings.run

    def folder(self, name: str, mode: int = 0o755) -> Path:
        """A folder of the run folder, made when missing."""
        path = self.run / name
        try:
            path.mkdir(parents=True, exist_ok=True, mode=mode)
        except OSError as error:
            if error.errno == 28:  # ENOSPC has a line of its own in lake.kit.errors
                raise
            raise Stop(f"Cannot make the folder {path} ({error.strerror}). Make {self.run} writable.") from error
        return path

    def log(self, part: str) -> Path:
        return self.folder("logs") / f"{part}.log"

    def installed(self, name: str) -> Path:
        """Where `make` installed something (`jars`, `models`, `npm`): in this run folder, or in the checkout's own."""
        here = self.run / name
        return here if here.exists() else CHECKOUT / ".run" / name

    def url(self, role: str, database: str | None = None) -> str:
        """The connection URL of a role (`postgres` is the superuser) to its database."""
        name = database or ROLES.get(role, "postgres")
        return f"postgresql://{role}:{self.secret(f'postgres.{role}')}@{HOST}:{self.ports['postgres']}/{name}"

    def secret(self, name: str, size: int = 24) -> str:
        """A secret of this run folder in hexadecimal (`size` bytes), made at its first use, readable by us alone."""
        path = self.folder("secrets", 0o700) / name
        if not path.exists():
            write_private(path, secrets.token_hex(size))
        return path.read_text()

    def load_ports(self) -> None:
        """Read the ports chosen by an earlier start."""
        path = self.run / "ports.json"
        if path.exists():
            self.ports |= json.loads(path.read_text())

    def save_ports(self) -> None:
        write_private(self.folder(".") / "ports.json", json.dumps(self.ports, indent=1))


def write_private(path: Path, text: str) -> None:
    """Replace a file's content as a whole, with mode 0600 from its first byte on."""
    draft = path.with_name(f"{path.name}.draft{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
