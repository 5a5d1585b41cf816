"""The only module that sees the key. Ids go in, pseudonyms come out, and nothing leads back."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import NewType

from lake.kit.errors import Stop

Pseudonym = NewType("Pseudonym", str)

KEY_BYTES = 32
HEX = 32  # 128 bits: no two ids meet, and a pseudonym does not look like an id of the app


class KeyMissing(Stop):
    """The lake's key is not where the settings say, or is not one."""


class Vault:
    """Pseudonyms under one key: equal ids of one domain get equal pseudonyms, other domains get others."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyMissing(f"The lake's key must be {KEY_BYTES} bytes, written as {KEY_BYTES * 2} hex digits.")
        self._mac = hmac.new(key, digestmod=hashlib.sha256)

    def pseudonym(self, domain: str, identity: str) -> Pseudonym:
        """The first 32 hex digits of HMAC-SHA-256(key, domain ‖ 0x1f ‖ id)."""
        mac = self._mac.copy()
        mac.update(domain.encode() + b"\x1f" + identity.lower().encode())
        return Pseudonym(mac.hexdigest()[:HEX])


def open_vault(key_file: Path) -> Vault:
    """The vault behind a key file of 64 hex digits. Raises KeyMissing with what to do."""
    try:
        return Vault(bytes.fromhex(key_file.read_text().strip()))
    except FileNotFoundError as error:
        raise KeyMissing("The lake's key file is missing: run `make up`, or set ANONYMIZER_KEY_FILE.") from error
    except ValueError as error:
        raise KeyMissing("The lake's key file does not hold hex digits: restore it from its backup.") from error
