"""Who hears of which events. Plain data, so that `publish` knows it without knowing what the subscribers do."""

from __future__ import annotations

from lake.contracts.business_events import BY_NAME

RELAY = "relay"
NOTIFICATIONS = "notifications"
EMBEDDINGS = "embeddings"
REPUTATION = "reputation"
SUBSCRIBERS: dict[str, frozenset[str]] = {
    RELAY: frozenset(name for name, event in BY_NAME.items() if not event.private),
    NOTIFICATIONS: frozenset(
        ("approach.published", "post.published", "comment.added", "vote.cast", "approach.accepted", "account.followed",
         "account.unfollowed", "badge.awarded", "post.duplicated", "account.moderated", "report.decided", "post.closed",
         "group.asked", "group.admitted", "account.follow_asked", "account.follow_withdrawn", "account.follow_accepted",
         "account.follow_declined")
    ),
    REPUTATION: frozenset(
        ("vote.cast", "approach.accepted", "approach.unaccepted", "post.deleted", "approach.deleted", "post.restored",
         "approach.restored")
    ),
    EMBEDDINGS: frozenset(
        ("post.published", "post.edited", "approach.published", "approach.edited", "profile.updated", "resume.uploaded",
         "consent.decided")
    ),
}  # fmt: skip
"""The types that each subscriber hears."""
