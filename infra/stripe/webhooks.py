"""Sends events to the webhook's address, signed as Stripe signs them, again and again until they are taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time

import httpx

from infra.stripe.store import Json, Store
from lake.kit.log import get_log

_LOOK_EVERY = 0.1  # seconds
_LONGEST_WAIT = 60.0
_MOST_ATTEMPTS = 100


def signature(payload: str, secret: str, at: int) -> str:
    """The Stripe-Signature header: HMAC-SHA-256 of "<time>.<payload>"."""
    mac = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Courier:
    """Delivers what is due. `first_wait` seconds pass before the second attempt, twice as long before each further."""

    def __init__(self, store: Store, url: str, secret: str, first_wait: float) -> None:
        self._store, self._url, self._secret, self._first_wait = store, url, secret, first_wait

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            while True:
                await self.deliver_due(client)
                await asyncio.sleep(_LOOK_EVERY)

    async def deliver_due(self, client: httpx.AsyncClient) -> None:
        """One attempt for each event that is due."""
        for event_id, attempts in self._store.due(time.time()):
            event = self._store.find("event", event_id)
            if event is None or attempts >= _MOST_ATTEMPTS or await self._taken(client, event):
                self._store.delivered(event_id)
            else:
                self._store.put_off(event_id, time.time() + min(_LONGEST_WAIT, self._first_wait * 2**attempts))

    async def _taken(self, client: httpx.AsyncClient, event: Json) -> bool:
        payload = json.dumps(event)
        headers = {
            "Content-Type": "application/json",
            "Stripe-Signature": signature(payload, self._secret, int(time.time())),
        }
        try:
            answer = await client.post(self._url, content=payload, headers=headers)
        except httpx.HTTPError as error:
            get_log().warning("webhook_not_delivered", event_type=event["type"], error=type(error).__name__)
            return False
        get_log().info("webhook_sent", event_type=event["type"], status=answer.status_code)
        return answer.is_success
