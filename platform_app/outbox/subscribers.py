"""Who hears of which events. Plain data, so that `publish` knows it without knowing what the subscribers do."""

from __future__ import annotations

from lake.contracts.business_events import BY_NAME

RELAY = "relay"
SUBSCRIBERS: dict[str, frozenset[str]] = {
    RELAY: frozenset(BY_NAME),
}
"""The types that each subscriber hears."""
