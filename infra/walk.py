"""The walk of the nine stops, each by the command that a person would type; the numbers are the commands' own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.capture import wait_for_capture
from infra.command import Summary, call
from infra.place import Place
from infra.procurer import Procurer
from infra.status import end_offset

PEOPLE, SEED = 2000, 7
PAGE = 1000  # rows of the paid answer
_PATIENCE = 300.0  # seconds that capture may take to catch up

FOLLOWERS = ("land", "release")  # parts that do the work of stops 3 and 4 when no walk does it

STOPS = {
    "app": "the community's rows, written through the app's services",
    "capture": "changes of PostgreSQL, in commit order, in Kafka",
    "bronze": "the changes as they came, each exactly once",
    "silver": "anonymised: pseudonyms, Presidio, consent of all people of a row",
    "quality": "rows and products checked against their rules",
    "warehouse": "current silver in PostgreSQL, at one cut, without free text",
    "gold": "cells of the products that enough people stand behind",
    "publish": "rows in the numbered versions on the shelf",
    "paid": "rows a procurer bought",
}
"""The nine stops in order, and what is counted there."""


@dataclass(frozen=True)
class Paid:
    """The paid request. Amounts are decimal strings of the currency unit."""

    product: str = ""
    version: int = 0
    rows: int = 0
    price: str = "0.000000"
    currency: str = ""
    repeat: bool = False
    receipt: dict[str, Any] = field(default_factory=dict)
    balance_before: str = "0.000000"
    balance_after: str = "0.000000"
    sample: list[dict[str, Any]] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    cells_published: int = 0
    cells_suppressed: int = 0


@dataclass
class Walked:
    """What the walk has counted so far: for each stop `in`, `out`, `refused` (rows) and `seconds`."""

    data: str
    stops: dict[str, Summary] = field(default_factory=dict)
    paid: Paid = field(default_factory=Paid)
    seconds: float = 0.0

    def note(self, stop: str, counted: Summary, seconds: float) -> None:
        """Keep a stop's numbers; `seconds` is how long the walk waited for it."""
        numbers = {key: int(counted.get(key, 0)) for key in ("in", "out", "refused")}
        self.stops[stop] = {**numbers, "seconds": round(seconds, 1)}


Tell = Callable[[str], None]


@contextmanager
def timed(walked: Walked, stop: str, tell: Tell) -> Iterator[Summary]:
    """Measure one stop; the body fills in what it counted."""
    tell(f"{stop}: {STOPS[stop]}")
    counted: Summary = {}
    start = time.monotonic()
    yield counted
    walked.note(stop, counted, time.monotonic() - start)


def walk_to_shelf(place: Place, walked: Walked, data: Path | None, tell: Tell) -> None:
    """Stops 1 to 8. Raises what a command raises; the next walk goes on where this one ended."""
    before = end_offset(place) or 0
    with timed(walked, "app", tell) as counted:
        words = ("import", str(data)) if data else ("generate", "--people", str(PEOPLE), "--seed", str(SEED))
        counted.update(call(place, "platform_app", *words, "--json"))
    with timed(walked, "capture", tell) as counted:
        call(place, "ingestion", "connect")
        wait_for_capture(place, _PATIENCE)
        streamed = (end_offset(place) or 0) - before
        counted.update({"in": streamed, "out": streamed})
    for stop, module, verb in (
        ("bronze", "ingestion", "land"),
        ("silver", "anonymizer", "release"),
        ("quality", "lake", "quality"),
        ("warehouse", "lake", "load"),
        ("gold", "lake", "model"),
        ("publish", "lake", "publish"),
    ):
        with timed(walked, stop, tell) as counted:
            counted.update(call(place, module, verb, "--json"))


def buy(procurer: Procurer, known_key: str) -> Paid:
    """Stop 9: sign up, make a key, buy balance at Checkout, buy every row of the largest product, fetch the receipt."""
    procurer.enter(known_key)
    lines: list[str] = []
    shelf: list[tuple[int, str]] = []
    published = suppressed = 0
    for product in procurer.products():
        newest = product["newest"]
        if newest is None:
            lines.append(f"{product['product']}: no period could be published")
            continue
        privacy = procurer.privacy(product["product"], newest["version"])
        published += int(privacy.get("cells_published", 0))
        suppressed += int(privacy.get("cells_suppressed", 0))
        lines.append(_line(product["product"], newest, privacy))
        if newest["rows"]:
            shelf.append((newest["rows"], product["product"]))
    paid = Paid(products=lines, cells_published=published, cells_suppressed=suppressed)
    if not shelf:
        return paid
    name = max(shelf)[1]
    procurer.top_up(procurer.quote(name))
    before = procurer.balance()
    bought = procurer.buy(name, PAGE)
    purchase = bought["purchase"]
    return replace(
        paid,
        product=name,
        version=bought["version"],
        rows=bought["total"],
        price=purchase["price"],
        currency=purchase["currency"],
        repeat=purchase["repeat"],
        receipt=procurer.receipt(purchase["receipt_id"]),
        balance_before=_text(before),
        balance_after=purchase["balance"],
        sample=bought["rows"][:5],
    )


def _line(name: str, newest: dict[str, Any], privacy: dict[str, Any]) -> str:
    facts = f"{privacy.get('cells_published', 0):,} cells published, {privacy.get('cells_suppressed', 0):,} suppressed"
    return f"{name} version {newest['version']}: {newest['rows']:,} rows, {facts} (k = {privacy.get('k')})"


def _text(amount: Decimal) -> str:
    return f"{amount:.6f}"


def known_key(place: Place) -> str:
    """The API key of an earlier run, or nothing."""
    try:
        lines = (place.run / "demo.env").read_text().splitlines()
    except OSError:
        return ""
    return dict(line.split("=", 1) for line in lines if "=" in line).get("API_KEY", "")
