"""Receipts of erasure: numbered, each with the digest of the one before it, signed. They name nobody.

The chain lies in the lake, the newest copy of each in the app. Whoever knows an account's id can compare its digest.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from anonymizer.erasure.tables import RECEIPTS
from anonymizer.vault import Vault
from lake.kit.clock import utc_now
from lake.kit.errors import Stop
from lake.store import Position, Store

APP = "receipts"
SCHEMA = pa.schema(
    [
        pa.field("_position", pa.int64()),  # the receipt's number: 0, 1, 2, …
        pa.field("request", pa.string()),
        pa.field("receipt", pa.string()),  # canonical JSON
        pa.field("_day", pa.string()),
    ]
)
SEALS = ("sha256", "public_key", "signature")
FIRST = "0" * 64

Receipt = dict[str, Any]


class BrokenChain(Stop):
    """A receipt was changed, or one is missing."""


def find(store: Store, request: UUID) -> Receipt | None:
    """The receipt that a request has got already."""
    return next((one for one in chain(store) if one["request"] == str(request)), None)


def chain(store: Store) -> list[Receipt]:
    """Every receipt, oldest first."""
    if not store.exists(RECEIPTS):
        return []
    rows = store.read(RECEIPTS, columns=["_position", "receipt"]).sort_by("_position")
    return [orjson.loads(text) for text in rows["receipt"].to_pylist()]


def issue(store: Store, vault: Vault, request: UUID, requested_at: datetime, said: Receipt) -> Receipt:
    """Sign what was done for a request and put it at the chain's end."""
    before = chain(store)
    content: Receipt = {
        "number": len(before),
        "request": str(request),
        "requested_at": requested_at.isoformat(),
        "finished_at": utc_now().isoformat(),
        **said,
        "previous": before[-1]["sha256"] if before else FIRST,
    }
    key = _key(vault)
    sealed = content | {
        "sha256": hashlib.sha256(_canonical(content)).hexdigest(),
        "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(_canonical(content)).hex(),
    }
    store.create(RECEIPTS, SCHEMA)
    row = {"_position": len(before), "request": str(request), "receipt": _canonical(sealed).decode()}
    table = pa.Table.from_pylist([row | {"_day": utc_now().date().isoformat()}], SCHEMA)
    store.append(RECEIPTS, table, app=APP, upto=Position(len(before)), after=Position(len(before) - 1))
    return sealed


def verify(receipts: list[Receipt]) -> int:
    """Check digests, signatures and that none is missing; returns how many there are. Raises BrokenChain."""
    previous = FIRST
    for number, sealed in enumerate(receipts):
        content = {name: value for name, value in sealed.items() if name not in SEALS}
        if (
            content["number"] != number
            or content["previous"] != previous
            or hashlib.sha256(_canonical(content)).hexdigest() != sealed["sha256"]
            or not _signed(content, sealed)
        ):
            raise BrokenChain(
                f"Receipt {number} was changed, or one before it is missing: restore restricted/receipts."
            )
        previous = sealed["sha256"]
    return len(receipts)


def _signed(content: Receipt, sealed: Receipt) -> bool:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sealed["public_key"]))
    try:
        key.verify(bytes.fromhex(sealed["signature"]), _canonical(content))
    except InvalidSignature:
        return False
    return True


def _key(vault: Vault) -> Ed25519PrivateKey:
    """The signing key is derived from the lake's key, so that there is no second one to lose."""
    return Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("".join(vault.pseudonym("erasure-receipts", f"half {n}") for n in (1, 2)))
    )


def _canonical(value: Receipt) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
