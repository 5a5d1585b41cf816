"""What a person leaves behind when they delete their account: nothing of theirs, and places for what others wrote.

A post or an approach that others wrote under keeps its place without a word of theirs, in the name of the heir; all
else is removed. Votes on what is removed go with it.
"""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from platform_app.community import repository
from platform_app.db import Conn

GONE = "[deleted]"

# In this order: each statement needs what the ones before it have left.
_LOCK: tuple[LiteralString, ...] = (
    "SELECT 1 FROM community.posts WHERE author_id = %(me)s ORDER BY id FOR UPDATE",
    "SELECT 1 FROM community.approaches WHERE author_id = %(me)s ORDER BY id FOR UPDATE",
)
_TOUCHED: LiteralString = """
    SELECT DISTINCT p.id FROM community.posts p WHERE p.author_id <> %(me)s AND p.id IN (
        SELECT post_id FROM community.approaches WHERE author_id = %(me)s
        UNION SELECT post_id FROM community.comments WHERE author_id = %(me)s
        UNION SELECT post_id FROM community.votes WHERE account_id = %(me)s)
"""
_OWN: tuple[LiteralString, ...] = (
    "DELETE FROM community.attachments WHERE author_id = %(me)s",
    "DELETE FROM community.votes WHERE account_id = %(me)s",
    "DELETE FROM community.follows WHERE follower_id = %(me)s OR followee_id = %(me)s",
    "DELETE FROM community.follow_requests WHERE asker_id = %(me)s OR asked_id = %(me)s",
    "DELETE FROM community.private_accounts WHERE account_id = %(me)s",
    "DELETE FROM community.tag_follows WHERE account_id = %(me)s",
    "DELETE FROM community.group_follows WHERE account_id = %(me)s",
    "DELETE FROM community.saved_items WHERE account_id = %(me)s",
    "DELETE FROM community.drafts WHERE account_id = %(me)s",
    "DELETE FROM community.revisions WHERE editor_id = %(me)s "
    "OR post_id IN (SELECT id FROM community.posts WHERE author_id = %(me)s) "
    "OR approach_id IN (SELECT id FROM community.approaches WHERE author_id = %(me)s)",
    "DELETE FROM community.removals WHERE actor_id = %(me)s",
    "DELETE FROM community.state_changes WHERE actor_id = %(me)s",
    "UPDATE community.comments m SET author_id = %(heir)s, body = %(gone)s, status = 'deleted', edited_at = NULL "
    "WHERE author_id = %(me)s AND EXISTS (SELECT 1 FROM community.comments r "
    "WHERE (r.parent_id = m.id OR r.thread_id = m.id) AND r.author_id <> %(me)s)",
    "DELETE FROM community.comments WHERE author_id = %(me)s",
    "DELETE FROM community.taggings WHERE author_id = %(me)s",
    "DELETE FROM community.post_links WHERE author_id = %(me)s",
    "UPDATE community.posts SET accepted_approach_id = NULL, updated_at = %(now)s, "
    "status = CASE status WHEN 'solved' THEN 'open' ELSE status END "
    "WHERE accepted_approach_id IN (SELECT id FROM community.approaches WHERE author_id = %(me)s)",
)
_APPROACHES: tuple[LiteralString, ...] = (
    "UPDATE community.approaches a SET author_id = %(heir)s, kind = 'idea', body = %(gone)s, accepted_at = NULL, "
    "title = CASE WHEN post_id IS NULL THEN %(gone)s END, updated_at = %(now)s WHERE author_id = %(me)s "
    "AND EXISTS (SELECT 1 FROM community.comments c WHERE c.approach_id = a.id)",
    "DELETE FROM community.votes WHERE approach_id IN (SELECT id FROM community.approaches WHERE author_id = %(me)s)",
    "DELETE FROM community.approaches WHERE author_id = %(me)s",
)
_POSTS: tuple[LiteralString, ...] = (
    "UPDATE community.posts p SET author_id = %(heir)s, title = %(gone)s, body = %(gone)s, language = 'en', "
    "status = CASE status WHEN 'open' THEN 'closed' ELSE status END, hours_to_first_approach = NULL, "
    "updated_at = %(now)s WHERE author_id = %(me)s "
    "AND (EXISTS (SELECT 1 FROM community.approaches a WHERE a.post_id = p.id) "
    "OR EXISTS (SELECT 1 FROM community.comments c WHERE c.post_id = p.id))",
    "UPDATE community.posts SET duplicate_of = NULL, updated_at = %(now)s "
    "WHERE duplicate_of IN (SELECT id FROM community.posts WHERE author_id = %(me)s)",
    "DELETE FROM community.post_links WHERE related_post_id IN "
    "(SELECT id FROM community.posts WHERE author_id = %(me)s)",
    "DELETE FROM community.votes WHERE post_id IN (SELECT id FROM community.posts WHERE author_id = %(me)s)",
    "DELETE FROM community.post_counters WHERE post_id IN (SELECT id FROM community.posts WHERE author_id = %(me)s)",
    "DELETE FROM community.posts WHERE author_id = %(me)s",
)
_NO_APPROACH: LiteralString = (
    "UPDATE community.posts p SET hours_to_first_approach = NULL WHERE id = ANY(%(touched)s) "
    "AND hours_to_first_approach IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM community.approaches a WHERE a.post_id = p.id AND a.author_id <> p.author_id)"
)


# A group passes to its oldest moderator, else to its oldest member, with its name and without the words of who leaves;
# one that nobody else is in goes.
_GROUPS: tuple[LiteralString, ...] = (
    "DELETE FROM community.barred WHERE account_id = %(me)s",
    "DELETE FROM community.memberships WHERE account_id = %(me)s",
    "UPDATE community.groups g SET owner_id = h.account_id, about = '', updated_at = %(now)s FROM ("
    "SELECT DISTINCT ON (m.group_id) m.group_id, m.account_id FROM community.memberships m WHERE m.state = 'joined' "
    "ORDER BY m.group_id, m.role = 'member', m.created_at, m.id) AS h WHERE h.group_id = g.id AND g.owner_id = %(me)s",
    "UPDATE community.memberships m SET role = 'owner' FROM community.groups g "
    "WHERE g.id = m.group_id AND g.owner_id = m.account_id AND m.role <> 'owner'",
    "UPDATE community.posts SET group_id = NULL WHERE group_id IN "
    "(SELECT id FROM community.groups WHERE owner_id = %(me)s)",
    "DELETE FROM community.groups WHERE owner_id = %(me)s",
)


def _leave_groups(conn: Conn, given: dict[str, object]) -> None:
    for statement in _GROUPS:
        conn.execute(statement, given)


def forget(conn: Conn, account_id: UUID, heir: UUID, now: object) -> None:
    """Remove what a person wrote and did; places under which others wrote pass to the account `heir`, without words."""
    given = {"me": account_id, "heir": heir, "gone": GONE, "now": now}
    for statement in _LOCK:
        conn.execute(statement, given)
    _leave_groups(conn, given)
    kept = conn.execute("SELECT id FROM community.posts WHERE author_id = %(me)s", given).fetchall()
    touched = [row[0] for row in conn.execute(_TOUCHED, given).fetchall()]
    for statement in (*_OWN, *_APPROACHES, *_POSTS):
        conn.execute(statement, given)
    conn.execute(_NO_APPROACH, {"touched": touched})
    repository.refresh_first_approach(conn, touched)
    repository.refresh_counters(conn, [*touched, *(row[0] for row in kept)])
