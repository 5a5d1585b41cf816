"""Reports: somebody says that a thing or a person should be looked at; moderators decide.

The reports about one thing are one case: whoever takes it takes all of them, and a decision settles all that wait. Three
trusted people who report the same thing hide it until somebody has decided; of others, moderators read. Every function takes an open transaction and never
commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.moderation import hidden, limits, log, targets, trust
from platform_app.moderation.targets import Thing
from platform_app.outbox.publish import publish
from platform_app.rules import clean

CATEGORIES = {
    "spam": "Spam or advertising",
    "harassment": "Harassment or insult",
    "hate": "Hatred against a group of people",
    "illegal": "Against the law",
    "private_data": "Somebody’s private data",
    "off_topic": "Does not belong here",
    "other": "Something else",
}
LONGEST = 1_000  # characters of what a reporter writes
ENOUGH = 3  # trusted reporters who wait for a decision hide a thing
WAITING: LiteralString = "state IN ('open', 'assigned')"
BY_RULE = f"{ENOUGH} people reported it. A moderator will look."


def file(conn: Conn, reporter_id: UUID, kind: str, target_id: UUID, *, category: str, body: str, now: datetime) -> UUID:
    """Report something, with its words as they are now; returns the report's id.

    Invalid for a category that there is not, Conflict when the person has reported it before.
    """
    account = identity.active_account(conn, reporter_id)
    body = clean(body)
    if category not in CATEGORIES:
        raise Invalid(f"Category must be one of: {', '.join(CATEGORIES)}.", field="category")
    if len(body) > LONGEST:
        raise Invalid(f"Body must be at most {LONGEST:,} characters long.", field="body")
    if category == "other" and not body:
        raise Invalid("Say in a sentence what is wrong.", field="body")
    thing = targets.find(conn, kind, target_id)
    if thing.author_id == reporter_id:
        raise NotAllowed("Nobody reports what is their own: change or delete it.", code="own_report")
    limits.spend(conn, account, "report", now)
    conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"report {target_id}",)
    )  # count them one by one
    report_id = new_id()
    added = conn.execute(
        "INSERT INTO moderation.reports (id, reporter_id, target_kind, target_id, author_id, category, body, snapshot, "
        "state, assigned_to, created_at) SELECT %(id)s, %(me)s, %(kind)s, %(target)s, %(author)s, %(category)s, %(body)s, "
        "%(text)s, CASE WHEN w.who IS NULL THEN 'open' ELSE 'assigned' END, w.who, %(now)s FROM (SELECT "
        "(SELECT r.assigned_to FROM moderation.reports r WHERE r.target_id = %(target)s AND r.state = 'assigned' LIMIT 1) "
        "AS who) AS w ON CONFLICT (reporter_id, target_id) DO NOTHING",
        {
            "id": report_id, "me": reporter_id, "kind": kind, "target": target_id, "author": thing.author_id,
            "category": category, "body": body, "text": thing.text, "now": now,
        },
    ).rowcount  # fmt: skip
    if not added:
        raise Conflict("You have reported this before: moderators know of it.", code="already_reported")
    publish(conn, "report.filed", report_id, reporter_id, now, category=category, target_kind=kind)
    _hide_if_enough(conn, thing, now)
    return report_id


def _hide_if_enough(conn: Conn, thing: Thing, now: datetime) -> None:
    """Hide what enough trusted people have reported, unless a moderator has shown it again since.

    Whoever makes accounts to throw away would else hide what they like.
    """
    if thing.kind == "person":
        return
    query: LiteralString = (
        "SELECT reporter_id FROM moderation.reports WHERE target_id = %s AND reporter_id IS NOT NULL AND " + WAITING
    )
    reporters = [identity.find_account(conn, who) for (who,) in conn.execute(query, (thing.id,)).fetchall()]
    if len(reporters) < ENOUGH or sum(trust.is_trusted(conn, one, now) for one in reporters) < ENOUGH:
        return
    if hidden.put(conn, thing.kind, thing.id, thing.author_id, "reports", now):
        log.write(conn, None, thing.author_id, (thing.kind, thing.id), "hide", BY_RULE, now)
        tell(conn, thing, "hide", now)


def assign(conn: Conn, moderator_id: UUID, target_id: UUID) -> None:
    """Take a case: everybody sees who looks at it. Conflict when nothing waits."""
    log.moderator(conn, moderator_id)
    _not_ones_own(conn, moderator_id, target_id)
    statement: LiteralString = (
        "UPDATE moderation.reports SET state = 'assigned', assigned_to = %s WHERE target_id = %s AND " + WAITING
    )
    if not conn.execute(statement, (moderator_id, target_id)).rowcount:
        raise Conflict("Nothing about this waits for a decision.", code="nothing_waits")


def release(conn: Conn, moderator_id: UUID, target_id: UUID) -> None:
    """Give a case back to everybody."""
    log.moderator(conn, moderator_id)
    conn.execute(
        "UPDATE moderation.reports SET state = 'open', assigned_to = NULL WHERE target_id = %s AND state = 'assigned'",
        (target_id,),
    )


def decide(
    conn: Conn, moderator_id: UUID, target_id: UUID, *, uphold: bool, hide: bool = True, reason: str, now: datetime
) -> int:
    """Settle all reports about a thing that wait: agree (and hide it), or dismiss (and show it again). How many those were.

    Invalid without a reason, Conflict when nothing waits.
    """
    log.moderator(conn, moderator_id)
    why, outcome = log.checked_reason(reason), "upheld" if uphold else "dismissed"
    _not_ones_own(conn, moderator_id, target_id)
    settled = _settle(conn, moderator_id, target_id, outcome, now)
    if not settled:
        raise Conflict(
            "Nothing about this waits for a decision: it may have been decided just now.", code="nothing_waits"
        )
    kind, author_id = settled[0]
    thing = Thing(kind, target_id, author_id, "", "")
    log.write(
        conn, moderator_id, author_id, (kind, target_id), "uphold" if uphold else "dismiss", why, now, shown=False
    )
    if uphold and hide and kind != "person":
        _hide(conn, moderator_id, thing, why, now)
    if not uphold:
        _restore(conn, moderator_id, thing, why, now)
    return len(settled)


def reopen(conn: Conn, moderator_id: UUID, target_id: UUID, *, reason: str, now: datetime) -> None:
    """Let what was decided about a thing wait again. Conflict when nothing was decided."""
    log.moderator(conn, moderator_id)
    why = log.checked_reason(reason)
    _not_ones_own(conn, moderator_id, target_id)
    row = conn.execute(
        "UPDATE moderation.reports SET state = 'open', assigned_to = NULL, decided_at = NULL "
        "WHERE target_id = %s AND state IN ('upheld', 'dismissed') RETURNING target_kind, author_id",
        (target_id,),
    ).fetchone()
    if row is None:
        raise Conflict("Nothing about this was decided.", code="nothing_decided")
    log.write(conn, moderator_id, row[1], (row[0], target_id), "reopen", why, now, shown=False)


def hide(conn: Conn, moderator_id: UUID, kind: str, target_id: UUID, *, reason: str, now: datetime) -> None:
    """Hide a thing without waiting for a report; its author and moderators still see it."""
    log.moderator(conn, moderator_id)
    why, thing = log.checked_reason(reason), targets.find(conn, kind, target_id)
    if kind == "person":
        raise Invalid("A person is suspended, not hidden.", field="target_kind")
    _hide(conn, moderator_id, thing, why, now)


def restore(conn: Conn, moderator_id: UUID, kind: str, target_id: UUID, *, reason: str, now: datetime) -> None:
    """Show a thing again, and dismiss what waits about it: it was looked at. Conflict when it is not hidden."""
    log.moderator(conn, moderator_id)
    why, thing = log.checked_reason(reason), targets.find(conn, kind, target_id)
    _not_ones_own(conn, moderator_id, target_id, thing.author_id)
    if not _restore(conn, moderator_id, thing, why, now):
        raise Conflict("This is not hidden.", code="not_hidden")
    _settle(conn, moderator_id, target_id, "dismissed", now)


def tell(conn: Conn, thing: Thing, action: str, now: datetime) -> None:
    """Let the person concerned be told what was done."""
    about = {"post_id": thing.post_id, "approach_id": thing.approach_id}
    publish(conn, "account.moderated", thing.author_id, None, now, action=action, **about)


def _settle(conn: Conn, moderator_id: UUID, target_id: UUID, outcome: str, now: datetime) -> list[tuple[str, UUID]]:
    """Decide what waits about a thing, and tell who reported it; (kind, author) for each report."""
    statement: LiteralString = (
        "UPDATE moderation.reports SET state = %s, assigned_to = %s, decided_at = %s WHERE target_id = %s AND " + WAITING
        + " RETURNING id, reporter_id, target_kind, author_id"
    )  # fmt: skip
    settled = conn.execute(statement, (outcome, moderator_id, now, target_id)).fetchall()
    for report_id, reporter_id, _, _ in settled:
        if reporter_id is not None:
            publish(conn, "report.decided", report_id, None, now, reporter_id=reporter_id, outcome=outcome)
    return [(kind, author_id) for _, _, kind, author_id in settled]


def _hide(conn: Conn, moderator_id: UUID, thing: Thing, why: str, now: datetime) -> None:
    if hidden.put(conn, thing.kind, thing.id, thing.author_id, "moderator", now):
        log.write(conn, moderator_id, thing.author_id, (thing.kind, thing.id), "hide", why, now)
        tell(conn, thing, "hide", now)


def _restore(conn: Conn, moderator_id: UUID, thing: Thing, why: str, now: datetime) -> bool:
    if not hidden.take(conn, thing.id):
        return False
    log.write(conn, moderator_id, thing.author_id, (thing.kind, thing.id), "restore", why, now)
    tell(conn, thing, "restore", now)
    return True


def _not_ones_own(conn: Conn, moderator_id: UUID, target_id: UUID, author_id: UUID | None = None) -> None:
    """NotAllowed for a moderator who is the one reported, NotFound when nobody reported it."""
    if author_id is None:
        row = conn.execute(
            "SELECT author_id FROM moderation.reports WHERE target_id = %s LIMIT 1", (target_id,)
        ).fetchone()
        if row is None:
            raise NotFound("Nobody has reported this.")
        author_id = row[0]
    if author_id == moderator_id:
        raise NotAllowed("Nobody decides about themselves: leave it to another moderator.", code="own_case")
