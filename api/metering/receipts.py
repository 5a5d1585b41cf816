"""Receipts signed with Ed25519. The signature is deterministic, so a receipt is made again from its purchase and stored once."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from api.metering.purchases import Purchase
from api.money import to_text
from lake.contracts.products import CURRENCY
from lake.kit.errors import Stop

_SEED_BYTES = 32


class Signer:
    """The shop's signing key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public).hexdigest()[:16]

    @classmethod
    def from_file(cls, path: Path) -> Signer:
        """The key whose seed, 64 hexadecimal digits, is in the file; made with mode 0600 when there is no file."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f"{path.name}.draft{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(secrets.token_hex(_SEED_BYTES))
            draft.replace(path)
        try:
            seed = bytes.fromhex(path.read_text().strip())
            return cls(Ed25519PrivateKey.from_private_bytes(seed))
        except ValueError:
            raise Stop(
                f"{path} does not hold 64 hexadecimal digits: restore the receipt key, or remove the file."
            ) from None

    def published(self) -> dict[str, Any]:
        """The public key as the shop publishes it."""
        return {"key_id": self.key_id, "algorithm": "Ed25519", "public_key": base64.b64encode(self.public).decode()}

    def receipt(self, purchase: Purchase) -> dict[str, Any]:
        """The signed receipt of a purchase: the facts, and the signature over their canonical JSON."""
        facts = facts_of(purchase)
        signature = base64.b64encode(self._key.sign(canonical(facts))).decode()
        return {"receipt": facts, "signature": signature, "key_id": self.key_id, "algorithm": "Ed25519"}


def facts_of(purchase: Purchase) -> dict[str, Any]:
    """What a receipt says. Amounts are decimal strings of the currency unit."""
    return {
        "receipt_id": str(purchase.purchase_id),
        "procurer_id": str(purchase.procurer_id),
        "product": purchase.product,
        "version": purchase.version,
        "content_sha256": purchase.content_sha256,
        "query": orjson.loads(purchase.query),
        "slice_rows": purchase.slice_rows,
        "charged_rows": purchase.charged_rows,
        "price_per_row": to_text(purchase.micro_per_row),
        "price": to_text(purchase.price),
        "balance_after": to_text(purchase.balance_after),
        "currency": CURRENCY,
        "bought_at": purchase.bought_at.isoformat(),
        "free_until": purchase.free_until.isoformat(),
    }


def canonical(facts: dict[str, Any]) -> bytes:
    """The bytes that are signed: JSON in UTF-8 with sorted keys and no spaces."""
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)


def signature_holds(document: dict[str, Any], public_key: str) -> bool:
    """Whether a receipt's signature is of this public key (base64) and of exactly these facts."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(document["signature"], validate=True), canonical(document["receipt"]))
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return False
    return True
