"""What the endpoints share: one object built at the start, found again through each request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from api.billing.stripe_door import StripeDoor
from api.catalogue.shelf import Shelf
from api.db import Database
from api.failpoints import Failpoints
from api.limits import Limiter
from api.metering.receipts import Signer
from api.meters import ShopMeters
from api.settings import Settings


@dataclass(frozen=True)
class Shop:
    """The shop's parts. `now` is the clock, a parameter so that tests can move time."""

    settings: Settings
    db: Database
    meters: ShopMeters
    shelf: Shelf
    signer: Signer
    stripe: StripeDoor
    limiter: Limiter
    failpoints: Failpoints
    now: Callable[[], datetime]


async def _shop(request: Request) -> Shop:  # async: a plain function would be sent to a thread
    return cast(Shop, request.app.state.shop)


ShopOf = Annotated[Shop, Depends(_shop)]
