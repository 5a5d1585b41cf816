"""People and what they write, for tests: `sign_up`, `post_by`, `approach_by` on an open transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import psycopg

from platform_app.community import service as community
from platform_app.db import Conn
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_numbers = count(1)


def hours(after: float) -> datetime:
    """A moment so many hours after NOON."""
    return NOON + timedelta(hours=after)


def sign_up(conn: Conn, name: str = "ann", *, lake: bool = True, trusted: bool = True, now: datetime = NOON) -> Account:
    """A person; handle and mail are made unique. Moderators trust them, unless a test is about the limits of new people."""
    handle = f"{name.lower()}-{next(_numbers)}"
    account = identity.create_account(
        conn, email=f"{handle}@example.org", handle=handle, display_name=name, consents={"lake": lake}, now=now
    )
    if trusted:
        trust(conn, account.handle)
    return account


def trust(conn: Conn, handle: str) -> None:
    """Let a person write as somebody does whom the place knows."""
    conn.execute(
        "INSERT INTO moderation.trusted (account_id, since) SELECT id, now() FROM identity.accounts "
        "WHERE lower(handle) = lower(%s) ON CONFLICT DO NOTHING",
        (handle,),
    )


def trust_whoever_comes(url: str) -> None:
    """Let everybody who signs up from now on be trusted, at the database of this url (role app_owner).

    For browsers in which people do in a second what takes a person minutes; `test_guard` is about the limits of new people.
    """
    with psycopg.connect(url) as conn:
        conn.execute(
            "CREATE FUNCTION moderation.trust_whoever_comes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO moderation.trusted (account_id, since) VALUES (NEW.id, now()); RETURN NULL; END $$"
        )
        conn.execute(
            "CREATE TRIGGER trust_whoever_comes AFTER INSERT ON identity.accounts "
            "FOR EACH ROW EXECUTE FUNCTION moderation.trust_whoever_comes()"
        )


def moderator(conn: Conn) -> Account:
    """A new person who is a moderator."""
    return identity.appoint(conn, sign_up(conn, "moderator").handle, "moderator")


def vocabulary(conn: Conn, *tags: str) -> None:
    """Add tags that are not there yet."""
    keeper = moderator(conn)
    known = {row[0] for row in conn.execute("SELECT name FROM community.tags").fetchall()}
    for tag in tags:
        if tag not in known:
            community.create_tag(conn, keeper.id, tag, now=NOON)


def post_by(conn: Conn, author: Account, *, tags: tuple[str, ...] = (), now: datetime = NOON) -> UUID:
    """A problem of a person."""
    return community.write_post(conn, author.id, title="How?", body="It does not work.", tags=tags, now=now)


def approach_by(
    conn: Conn, author: Account, post_id: UUID | None, *, body: str = "Try again.", now: datetime = NOON
) -> UUID:
    """An answer of a person to a post, or an approach that stands on its own."""
    title = None if post_id else "A way to do it"
    return community.write_approach(conn, author.id, post_id=post_id, title=title, body=body, now=now)
