"""What a thief, or whoever held an account before its owner, could keep after the owner chose a new password."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platform_app.db import Conn
from platform_app.identity.sessions import VERIFIED
from platform_app.outbox.publish import publish


def drop_pending(conn: Conn, account_id: UUID) -> None:
    """Let nothing that was asked for with the old password count any more: another address, a link, half a log-in.

    A link that confirms the account's present address stays good: it gives nobody anything.
    """
    conn.execute("DELETE FROM identity.reset_tokens WHERE account_id = %s AND used_at IS NULL", (account_id,))
    conn.execute("DELETE FROM identity.challenges WHERE account_id = %s", (account_id,))
    conn.execute(
        "DELETE FROM identity.mail_tokens m USING identity.accounts a WHERE m.account_id = %s AND a.id = m.account_id "
        "AND m.used_at IS NULL AND lower(m.email) IS DISTINCT FROM lower(a.email)",
        (account_id,),
    )


def take_back(conn: Conn, account_id: UUID, now: datetime) -> None:
    """Remove the ways in of whoever held the account before its address was known to be its owner's.

    Somebody may have signed up with an address of another person, and linked and made what outlives a password. Nothing
    happens to an account whose address was verified.
    """
    query = f"SELECT 1 FROM identity.accounts a WHERE a.id = %s AND NOT {VERIFIED}"
    if conn.execute(query.encode(), (account_id,)).fetchone() is None:
        return
    conn.execute(
        "UPDATE identity.tokens SET revoked_at = %s WHERE account_id = %s AND revoked_at IS NULL", (now, account_id)
    )
    conn.execute("DELETE FROM identity.recovery_codes WHERE account_id = %s", (account_id,))
    factors = "DELETE FROM identity.factors WHERE account_id = %s RETURNING kind, confirmed_at"
    for kind, since in conn.execute(factors, (account_id,)).fetchall():
        if since is not None:
            publish(conn, "mfa.disabled", account_id, account_id, now, kind=kind)
    links = "DELETE FROM identity.links WHERE account_id = %s RETURNING provider"
    for (provider,) in conn.execute(links, (account_id,)).fetchall():
        publish(conn, "account.unlinked", account_id, account_id, now, provider=provider)
