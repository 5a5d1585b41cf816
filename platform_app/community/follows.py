"""Who follows whom, and who follows which tag. Every function takes an open transaction and never commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lake.kit.ids import new_id
from platform_app.community import batch, privacy, repository
from platform_app.community.schemas import FollowRow, TagFollowRow
from platform_app.db import Conn
from platform_app.errors import Invalid, NotAllowed
from platform_app.explore import rankings
from platform_app.identity import service as identity
from platform_app.moderation import blocks, guard
from platform_app.outbox.publish import publish


def follow(conn: Conn, follower_id: UUID, followee_id: UUID, now: datetime) -> bool:
    """Follow a person, or ask one whose account is private; a second time changes nothing. Returns whether one follows now."""
    guard.may_do(conn, follower_id, "follow", now)
    if follower_id == followee_id:
        raise NotAllowed("Nobody follows themselves.", code="own_follow")
    identity.find_account(conn, followee_id)
    guard.not_blocked(conn, follower_id, followee_id)
    if repository.follows(conn, follower_id, followee_id):
        return True
    if privacy.is_private(conn, followee_id):
        privacy.ask(conn, follower_id, followee_id, now)
        return False
    batch.add_follows(conn, [FollowRow(new_id(), follower_id, followee_id, now)])
    rankings.outdate(conn, follower_id)
    publish(conn, "account.followed", followee_id, follower_id, now)
    return True


def unfollow(conn: Conn, follower_id: UUID, followee_id: UUID, now: datetime) -> None:
    """Stop following a person, or asking to; changes nothing if they were not followed."""
    privacy.withdraw(conn, follower_id, followee_id, now)
    if repository.remove_follow(conn, follower_id, followee_id):
        rankings.outdate(conn, follower_id)
        publish(conn, "account.unfollowed", followee_id, follower_id, now)


def block(conn: Conn, account_id: UUID, other_id: UUID, now: datetime) -> None:
    """Block a person: neither follows the other any more. NotAllowed for a moderator, whose work it would stop."""
    if identity.find_account(conn, other_id).is_moderator:
        raise NotAllowed("A moderator cannot be blocked: mute them instead.", code="moderator")
    blocks.block(conn, account_id, other_id, now)
    unfollow(conn, account_id, other_id, now)
    unfollow(conn, other_id, account_id, now)


def follow_tag(conn: Conn, account_id: UUID, tag: str, now: datetime) -> None:
    """Follow a tag of the vocabulary (or the one it is a synonym of); following again changes nothing."""
    identity.active_account(conn, account_id)
    used = repository.vocabulary(conn).get(tag)
    if used is None:
        raise Invalid("This tag is not in the vocabulary.", code="unknown_tag", field="tag")
    if not repository.follows_tag(conn, account_id, used):
        batch.add_tag_follows(conn, [TagFollowRow(new_id(), account_id, used, now)])
        rankings.outdate(conn, account_id)


def unfollow_tag(conn: Conn, account_id: UUID, tag: str) -> None:
    """Stop following a tag, or the one it is a synonym of; changes nothing if it was not followed."""
    repository.remove_tag_follow(conn, account_id, repository.vocabulary(conn).get(tag, tag))
    rankings.outdate(conn, account_id)
