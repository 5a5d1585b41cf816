"""What each subscriber does with an event it hears. The relay is not among them: it sends, and changes nothing here."""

from __future__ import annotations

from platform_app.messaging.notify import notify
from platform_app.outbox.subscribers import NOTIFICATIONS
from platform_app.outbox.worker import React

REACTIONS: dict[str, React] = {NOTIFICATIONS: notify}
