"""The keys that sign access tokens (ES256): one signs, those before it still verify until what they signed is over.

The private key is sealed; the public ones are at `/api/v1/keys`, each found by its `kid`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from psycopg.types.json import Jsonb

from lake.kit.errors import Retry
from platform_app.db import Conn
from platform_app.sealing import SIGNING_KEY, Sealer

ALGORITHM = "ES256"
KEPT = timedelta(hours=1)  # after its last signature, longer than an access token lives
_CURRENT = "SELECT kid, private_key FROM identity.signing_keys WHERE retired_at IS NULL"
_VERIFYING = "SELECT public_key FROM identity.signing_keys WHERE kid = %s AND (retired_at IS NULL OR retired_at >= %s)"


@dataclass
class Signer:
    """Signs and verifies; keeps the keys it has seen in memory."""

    sealer: Sealer
    _private: dict[str, ECKey] = field(default_factory=dict)
    _public: dict[str, ECKey] = field(default_factory=dict)

    def sign(self, conn: Conn, claims: dict[str, Any], now: datetime) -> str:
        """A compact JWT under the present key, which is made at the first use."""
        if (row := conn.execute(_CURRENT).fetchone()) is None:
            make_key(conn, self.sealer, now)
            row = conn.execute(_CURRENT).fetchone()
        if row is None:
            raise Retry("The key of access tokens was changed a moment ago: try again.")
        kid = str(row[0])
        if kid not in self._private:
            pem = self.sealer.unseal(conn, SIGNING_KEY, kid, row[1])
            self._private[kid] = ECKey.import_key(pem)
        return jwt.encode({"alg": ALGORITHM, "kid": kid}, claims, self._private[kid], [ALGORITHM])

    def claims_of(self, conn: Conn, token: str, *, issuer: str, now: datetime) -> dict[str, Any] | None:
        """What a token says; None unless one of our keys signed it, it is ours, and its time is now."""
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            verified = jwt.decode(token, lambda found: self._key(conn, found.headers().get("kid"), now), [ALGORITHM])
            rules.validate(verified.claims)
        except (JoseError, ValueError):
            return None
        return verified.claims

    def _key(self, conn: Conn, kid: object, now: datetime) -> ECKey:
        if not isinstance(kid, str):
            raise ValueError("no kid")
        row = conn.execute(_VERIFYING, (kid, now - KEPT)).fetchone()
        if row is None:  # asked each time: what a key has signed is good for nothing once it is removed or over
            self._public.pop(kid, None)
            raise ValueError("unknown kid")
        if kid not in self._public:
            self._public[kid] = ECKey.import_key(row[0])
        return self._public[kid]


def make_key(conn: Conn, sealer: Sealer, now: datetime) -> str:
    """A new key signs from now on; returns its `kid`. Keys whose last token is over are removed."""
    key = ECKey.generate_key("P-256", auto_kid=True)
    kid = str(key.kid)
    conn.execute("LOCK TABLE identity.signing_keys IN SHARE ROW EXCLUSIVE MODE")
    conn.execute("UPDATE identity.signing_keys SET retired_at = %s WHERE retired_at IS NULL", (now,))
    conn.execute("DELETE FROM identity.signing_keys WHERE retired_at < %s", (now - KEPT,))
    conn.execute(
        "INSERT INTO identity.signing_keys (kid, private_key, public_key, created_at) VALUES (%s, %s, %s, %s)",
        (kid, sealer.seal(conn, SIGNING_KEY, kid, key.as_pem(private=True)), Jsonb(key.as_dict(private=False)), now),
    )
    return kid


def public_keys(conn: Conn) -> list[dict[str, str]]:
    """The public keys as JWKs, the one that signs first."""
    query = "SELECT public_key FROM identity.signing_keys ORDER BY retired_at DESC NULLS FIRST"
    return [cast("dict[str, str]", row[0]) for row in conn.execute(query).fetchall()]
