"""What each subscriber does with an event it hears. The relay is not among them: it sends, and changes nothing here."""

from __future__ import annotations

from platform_app.discovery.embedder import Embedder
from platform_app.discovery.reaction import follow
from platform_app.explore import history as explore
from platform_app.messaging import service as messaging
from platform_app.messaging.notify import notify
from platform_app.outbox.subscribers import EMBEDDINGS, NOTIFICATIONS, REPUTATION
from platform_app.outbox.worker import React, Tidy
from platform_app.profiles.reputation import refresh

KEPT_DAYS, MOST = 90, 1_000  # notifications: read ones by age, and so many of a person

TIDY: dict[str, Tidy] = {
    "notifications": lambda conn, most: messaging.purge(conn, KEPT_DAYS, MOST, most),
    "impressions": explore.purge,
}
"""What the worker removes every hour."""


def reactions(embedder: Embedder) -> dict[str, React]:
    """What each subscriber does."""
    return {NOTIFICATIONS: notify, REPUTATION: refresh, EMBEDDINGS: follow(embedder)}
