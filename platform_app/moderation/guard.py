"""What other contexts ask before somebody writes: small functions that raise the refusal, or say nothing.

`may_write` comes first in every function that publishes words, `may_edit` in every one that changes them, `may_do` before
other things that are counted; `may_engage` and `not_blocked` before somebody reaches another person. Every function takes an
open transaction and never commits.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, TooSoon
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.moderation import blocks, hidden, limits, texts, trust

MOST_LINKS, MOST_IMAGES, MOST_MENTIONS = 2, 1, 2  # in one text of a new person
FIRST_DAY = timedelta(hours=24)
FIRST_DAY_POSTS, FIRST_DAY_REPLIES = 3, 10
POSTS_APART, REPLIES_APART = timedelta(seconds=120), timedelta(seconds=30)  # of a new person

_NEWEST: dict[str, LiteralString] = {
    "post": "SELECT count(*), max(p.created_at) FROM community.posts p WHERE p.author_id = %s",
    "reply": "SELECT sum(n), max(latest) FROM (SELECT count(*) AS n, max(p.created_at) AS latest "
    "FROM community.approaches p WHERE p.author_id = %(who)s UNION ALL SELECT count(*), max(c.created_at) "
    "FROM community.comments c WHERE c.author_id = %(who)s) AS r",
}


def may_write(conn: Conn, author_id: UUID, kind: str, text: str, now: datetime) -> Account:
    """Before a post, approach or comment is published; returns its author.

    NotAllowed for an account that is not active; Invalid for words that are not wanted, and for a new person's text with too
    many links, images or calls; TooSoon when they have done so too often or a moment ago.
    """
    account = identity.active_account(conn, author_id)
    texts.refuse_unwanted(conn, text)
    limits.spend(conn, account, kind, now)
    if not trust.is_trusted(conn, account, now):
        _short_of_links(text)
        _paced(conn, account, kind, now)
    return account


def may_edit(conn: Conn, editor_id: UUID, text: str, now: datetime) -> None:
    """Before somebody changes a text: the same rules for its words, and a limit for how often."""
    account = identity.active_account(conn, editor_id)
    texts.refuse_unwanted(conn, text)
    limits.spend(conn, account, "edit", now)
    if not trust.is_trusted(conn, account, now):
        _short_of_links(text)


def may_show(conn: Conn, author_id: UUID, images: int, now: datetime) -> None:
    """Before a text shows that many pictures in all: Invalid where a new person's text may not."""
    account = identity.active_account(conn, author_id)
    limits.spend(conn, account, "upload", now)
    if images > MOST_IMAGES and not trust.is_trusted(conn, account, now):
        raise _too_much(MOST_IMAGES, "image")


def may_do(conn: Conn, account_id: UUID, kind: str, now: datetime) -> Account:
    """Before something that is counted and has no words: a vote, a follow, an upload."""
    account = identity.active_account(conn, account_id)
    limits.spend(conn, account, kind, now)
    return account


def not_blocked(conn: Conn, actor_id: UUID, other_id: UUID) -> None:
    """NotAllowed when one of the two has blocked the other; it does not say which."""
    if actor_id != other_id and blocks.between(conn, actor_id, other_id):
        raise NotAllowed(
            "You and this person have nothing to do with each other here: one of you wants it so.", code="blocked"
        )


def may_engage(conn: Conn, actor_id: UUID, author_id: UUID, target_id: UUID) -> None:
    """Before somebody answers, remarks or votes: NotAllowed where there is a block, Conflict where the thing is hidden."""
    not_blocked(conn, actor_id, author_id)
    if hidden.cause_of(conn, target_id) is not None:
        raise Conflict("This is hidden while moderators look at it: nobody can add to it now.", code="hidden")


def _short_of_links(text: str) -> None:
    found = texts.held(text)
    for count, most, noun in (
        (found.links, MOST_LINKS, "links"),
        (found.images, MOST_IMAGES, "image"),
        (found.mentions, MOST_MENTIONS, "people by @name"),
    ):
        if count > most:
            raise _too_much(most, noun)


def _too_much(most: int, noun: str) -> Invalid:
    return Invalid(
        f"As long as you are new here, one text holds at most {most} {noun}: take some out. That ends when you have "
        f"confirmed your address, been here for {trust.DAYS} days and written {trust.WRITTEN} things.",
        code="new_account",
        field="body",
    )


def _paced(conn: Conn, account: Account, kind: str, now: datetime) -> None:
    """A new person's texts are some time apart, and few on the first day."""
    post = kind == "post"
    query = _NEWEST["post" if post else "reply"]
    row = conn.execute(query, (account.id,) if post else {"who": account.id}).fetchone()
    count, latest = (int(row[0] or 0), row[1]) if row else (0, None)
    most, apart = (FIRST_DAY_POSTS, POSTS_APART) if post else (FIRST_DAY_REPLIES, REPLIES_APART)
    day_over = account.created_at + FIRST_DAY
    if now < day_over and count >= most:
        raise TooSoon(
            _seconds(day_over - now),
            f"On the first day one writes at most {most} {'problems' if post else 'replies'} here.",
        )
    if latest is not None and now < latest + apart:
        raise TooSoon(_seconds(latest + apart - now), "You are new here: take a moment between two texts.")


def _seconds(span: timedelta) -> int:
    return max(1, round(span.total_seconds()))
