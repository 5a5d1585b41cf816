"""What is known of somebody: whom and what they follow, and, if they agreed, what they write, vote for and opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString
from uuid import UUID

from lake.contracts.suggestions import PURPOSE
from platform_app.db import Conn
from platform_app.explore.scoring import WEIGHTS, Circle, Interests, Liking

DAYS = 60  # of history that count
MOST_TAGS, MOST_NEAR, MOST_GROUPS = 30, 60, 100

_TAGS: LiteralString = """
SELECT found.tag, found.reason, count(*)::integer FROM (
    SELECT f.tag, 'follows_tag' AS reason FROM community.tag_follows f WHERE f.account_id = %(me)s
    UNION ALL
    SELECT w.tag, 'writes_in' FROM (SELECT t.tag FROM community.taggings t WHERE %(agreed)s AND t.author_id = %(me)s
                                    ORDER BY t.created_at DESC LIMIT 300) AS w
    UNION ALL
    SELECT t.tag, 'votes_in' FROM (SELECT v.post_id, v.approach_id FROM community.votes v
                                   WHERE %(agreed)s AND v.account_id = %(me)s AND v.value = 1
                                   ORDER BY v.cast_at DESC LIMIT 200) AS v
    CROSS JOIN LATERAL (SELECT tag FROM community.taggings WHERE post_id = v.post_id
                        UNION ALL SELECT tag FROM community.taggings WHERE approach_id = v.approach_id) AS t
    UNION ALL
    SELECT t.tag, 'looks_at' FROM (SELECT i.post_id, i.approach_id FROM explore.impressions i
                                   WHERE %(agreed)s AND i.account_id = %(me)s AND i.clicked_at IS NOT NULL
                                     AND i.shown_at > now() - %(days)s * interval '1 day'
                                   ORDER BY i.shown_at DESC LIMIT 200) AS i
    CROSS JOIN LATERAL (SELECT tag FROM community.taggings WHERE post_id = i.post_id
                        UNION ALL SELECT tag FROM community.taggings WHERE approach_id = i.approach_id) AS t
) AS found GROUP BY found.tag, found.reason
"""
GROUPS: LiteralString = """
SELECT g.id, g.title, mine.reason FROM (
    (SELECT m.group_id, 'in_group' AS reason, m.created_at FROM community.memberships m
     WHERE m.account_id = %(me)s AND m.state = 'joined')
    UNION ALL
    (SELECT f.group_id, 'follows_group', f.created_at FROM community.group_follows f WHERE f.account_id = %(me)s)
) AS mine JOIN community.groups g ON g.id = mine.group_id
WHERE mine.reason = 'in_group' OR g.joining = 'open' ORDER BY mine.created_at DESC LIMIT %(most_groups)s
"""
"""The groups somebody is in or follows, the newest first. One that came to be by approval is its members' alone."""

NEAR: LiteralString = """
SELECT second.followee_id, count(*)::integer FROM (
    SELECT followee_id FROM community.follows WHERE follower_id = %(me)s ORDER BY created_at DESC LIMIT 200) AS first
CROSS JOIN LATERAL (SELECT followee_id FROM community.follows WHERE follower_id = first.followee_id LIMIT 50) AS second
WHERE second.followee_id <> %(me)s
AND NOT EXISTS (SELECT 1 FROM community.follows f WHERE f.follower_id = %(me)s AND f.followee_id = second.followee_id)
GROUP BY second.followee_id ORDER BY count(*) DESC, second.followee_id LIMIT %(most)s
"""
"""Whom those follow whom somebody follows, and how many of them do."""

_SHOWN: LiteralString = """
SELECT coalesce(i.post_id, i.approach_id), count(*)::integer, bool_or(i.clicked_at IS NOT NULL)
FROM explore.impressions i WHERE %(agreed)s AND i.account_id = %(me)s
AND i.shown_at > now() - %(days)s * interval '1 day' GROUP BY 1
"""


def agreed(conn: Conn, account_id: UUID) -> bool:
    """Whether somebody agreed to recommendations; otherwise a ranking knows what they follow, and nothing else."""
    query = "SELECT 1 FROM identity.consents WHERE account_id = %s AND purpose = %s AND granted"
    return conn.execute(query, (account_id, PURPOSE)).fetchone() is not None


def interests_of(conn: Conn, account_id: UUID, *, agreed: bool, with_near: bool) -> Interests:
    """What a ranking knows of somebody; those near to them only where they are asked for."""
    values = {"me": account_id, "agreed": agreed, "days": DAYS, "most": MOST_NEAR, "most_groups": MOST_GROUPS}
    followed = conn.execute("SELECT followee_id FROM community.follows WHERE follower_id = %(me)s", values).fetchall()
    found = [*conn.execute(_TAGS, values).fetchall(), *((tag, "skill", 3) for tag in skills(conn, account_id, agreed))]
    seen = conn.execute(_SHOWN, values).fetchall()
    near = conn.execute(NEAR, values).fetchall() if agreed and with_near else []
    return Interests(
        people=frozenset(row[0] for row in followed),
        near=dict(near),
        tags=likings(found),
        groups={
            group: Circle(name, reason) for group, name, reason in reversed(conn.execute(GROUPS, values).fetchall())
        },
        shown={item: days for item, days, opened in seen if not opened},
        opened=frozenset(item for item, _, opened in seen if opened),
    )


def skills(conn: Conn, account_id: UUID, agreed: bool) -> list[str]:
    """The skills of a profile that are tags, or synonyms of tags; none for somebody who did not agree."""
    if not agreed:
        return []
    query = (
        "SELECT DISTINCT coalesce(t.synonym_of, t.name) FROM profiles.account_skills s "
        "JOIN community.tags t ON t.name = s.skill WHERE s.account_id = %s"
    )
    return [row[0] for row in conn.execute(query, (account_id,)).fetchall()]


def likings(found: Iterable[tuple[str, str, int]]) -> dict[str, Liking]:
    """The thirty tags that count most of (tag, how it is known, how often); each by what says most of it.

    What is followed counts fully, all else the more often it happened: n times are n / (n + 2).
    """
    best: dict[str, tuple[float, Liking]] = {}
    for tag, reason, times in found:
        liking = Liking(1.0 if reason == "follows_tag" else times / (times + 2), reason)
        strength = liking.weight * WEIGHTS[reason]
        if tag not in best or strength > best[tag][0]:
            best[tag] = (strength, liking)
    ranked = sorted(best.items(), key=lambda pair: (-pair[1][0], pair[0]))
    return {tag: liking for tag, (_, liking) in ranked[:MOST_TAGS]}
