"""Seals single columns with envelope keys: a data key for each column, wrapped by a master key that is a file.

`seal` gives what is stored, `unseal` what was sealed; a value opens only in the row and column it was sealed for. The
file holds one key of 32 bytes in hexadecimal a line: the first wraps, those below it still open what they wrapped.
`rotate` seals every row again under new data keys; after that only the file's first line is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import sql

from lake.kit.errors import Retry, Stop
from lake.kit.ids import new_id
from platform_app.db import Conn

SIZE, NONCE = 32, 12  # bytes of a key and of a nonce
MOVED = "The keys were changed a moment ago: try again."


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column whose values are sealed (bytea); `key` is the column that names the row."""

    table: str
    key: str
    column: str

    @property
    def place(self) -> str:
        return f"{self.table}.{self.column}"


FACTOR = Sealed("identity.factors", "account_id", "secret")
SIGNING_KEY = Sealed("identity.signing_keys", "kid", "private_key")
ANSWER = Sealed("kernel.answers", "id", "answer")
SEALED = (FACTOR, SIGNING_KEY, ANSWER)
"""Every sealed column; `rotate` goes through them."""


class Sealer:
    """Reads the key file when it needs it, not before, so that commands that seal nothing need none."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._opened: dict[UUID, AESGCM] = {}

    def seal(self, conn: Conn, column: Sealed, row: object, secret: bytes) -> bytes:
        """What to store in the row; its data key cannot be replaced before the transaction ends."""
        key_id, key = self._current(conn, column.place)
        nonce = secrets.token_bytes(NONCE)
        return key_id.bytes + nonce + key.encrypt(nonce, secret, _bound(column, row))

    def unseal(self, conn: Conn, column: Sealed, row: object, sealed: bytes) -> bytes:
        """What was sealed. Stop when it was sealed for another row, or the master key is not in the file."""
        key = self._key(conn, UUID(bytes=sealed[:16]))
        try:
            return key.decrypt(sealed[16 : 16 + NONCE], sealed[16 + NONCE :], _bound(column, row))
        except InvalidTag:
            raise Stop(f"A value of {column.place} was not sealed for its row: restore it from a backup.") from None

    def rotate(self, conn: Conn, now: datetime) -> dict[str, int]:
        """Seal every row again under new data keys, wrapped by the file's first key; returns the rows by column."""
        return {column.place: self._rotate(conn, column, now) for column in SEALED}

    def box(self, purpose: str) -> Fernet:
        """For values of minutes that go out and come back, such as a cookie; the key is derived from the first key."""
        key = HKDF(SHA256(), SIZE, None, purpose.encode()).derive(self._masters()[0])
        return Fernet(urlsafe_b64encode(key))

    def digest(self, purpose: str, value: str) -> bytes:
        """32 bytes that stand for a value in all processes with this key file, and tell nobody else what it is."""
        key = HKDF(SHA256(), SIZE, None, purpose.encode()).derive(self._masters()[0])
        return hmac.digest(key, value.encode(), "sha256")

    def _rotate(self, conn: Conn, column: Sealed, now: datetime) -> int:
        conn.execute(
            "UPDATE kernel.data_keys SET retired_at = %s WHERE place = %s AND retired_at IS NULL", (now, column.place)
        )
        names = {
            "table": sql.Identifier(*column.table.split(".")),
            "key": sql.Identifier(column.key),
            "column": sql.Identifier(column.column),
        }
        query = sql.SQL(
            "SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {key} FOR UPDATE"
        ).format(**names)
        update = sql.SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(**names)
        rows = conn.execute(query).fetchall()
        for row, sealed in rows:
            conn.execute(update, (self.seal(conn, column, row, self.unseal(conn, column, row, sealed)), row))
        conn.execute("DELETE FROM kernel.data_keys WHERE place = %s AND retired_at IS NOT NULL", (column.place,))
        return len(rows)

    def _current(self, conn: Conn, place: str) -> tuple[UUID, AESGCM]:
        """The key of a column, held until the transaction ends; made for the first value."""
        query = "SELECT id FROM kernel.data_keys WHERE place = %s AND retired_at IS NULL FOR SHARE"
        for _ in range(
            3
        ):  # a rotation that ends while this waits leaves no row to hold: the next look finds the new one
            row = conn.execute(query, (place,)).fetchone()
            if row is not None:
                return row[0], self._key(conn, row[0])
            self._make(conn, place)
        raise Retry(MOVED)

    def _make(self, conn: Conn, place: str) -> None:
        key_id, key, master = new_id(), secrets.token_bytes(SIZE), self._masters()[0]
        nonce = secrets.token_bytes(NONCE)
        wrapped = nonce + AESGCM(master).encrypt(nonce, key, key_id.bytes)
        conn.execute(
            "INSERT INTO kernel.data_keys (id, place, wrapped, master, created_at) VALUES (%s, %s, %s, %s, now()) "
            "ON CONFLICT (place) WHERE retired_at IS NULL DO NOTHING",
            (key_id, place, wrapped, _name(master)),
        )

    def _key(self, conn: Conn, key_id: UUID) -> AESGCM:
        if key_id not in self._opened:
            row = conn.execute("SELECT wrapped, master FROM kernel.data_keys WHERE id = %s", (key_id,)).fetchone()
            if row is None:
                raise Retry(MOVED)
            self._opened[key_id] = AESGCM(self._unwrap(key_id, *row))
        return self._opened[key_id]

    def _unwrap(self, key_id: UUID, wrapped: bytes, master: str) -> bytes:
        for candidate in self._masters():
            if _name(candidate) == master:
                return AESGCM(candidate).decrypt(wrapped[:NONCE], wrapped[NONCE:], key_id.bytes)
        raise Stop(
            f"The key {master} is not in {self._key_file.name}: put the line that was there back below the first one, "
            "then run `python -m platform_app rotate-keys`."
        )

    def _masters(self) -> list[bytes]:
        try:
            lines = self._key_file.read_text(encoding="ascii").split()
            keys = [bytes.fromhex(line) for line in lines]
        except OSError as error:
            raise Stop(
                f"The app's key file {self._key_file.name} cannot be read ({error.strerror}): set APP_KEY_FILE, or run `make up`."
            ) from None
        except ValueError:
            keys = []
        if not keys or any(len(key) != SIZE for key in keys):
            raise Stop(
                f"{self._key_file.name} must hold 64 hexadecimal digits a line: make one with `openssl rand -hex 32`."
            )
        return keys


def _bound(column: Sealed, row: object) -> bytes:
    return f"{column.place}|{row}".encode()


def _name(master: bytes) -> str:
    return hashlib.sha256(master).hexdigest()[:16]
