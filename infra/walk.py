"""The walk of the nine stops, each by the command that a person would type; the numbers are the commands' own."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
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
_WORTHWHILE = 2000  # landed rows for which it pays to start release before everything has come
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
    """What the walk has counted so far: for each stop `in`, `out`, `refused` (rows) and `seconds` of work."""

    data: str
    stops: dict[str, Summary] = field(default_factory=dict)
    paid: Paid = field(default_factory=Paid)
    seconds: float = 0.0

    def add(self, stop: str, counted: Summary, seconds: float) -> None:
        """Add what a stop has counted and the seconds that it took; a stop may work more than once."""
        sums = self.stops.setdefault(stop, {"in": 0, "out": 0, "refused": 0, "seconds": 0.0})
        for key in ("in", "out", "refused"):
            sums[key] += int(counted.get(key, 0))
        sums["seconds"] = round(sums["seconds"] + seconds, 1)


Tell = Callable[[str], None]


class Walker:
    """One walk through the stops by command. A stop raises what its command raises; the next walk goes on from there."""

    def __init__(self, place: Place, walked: Walked, tell: Tell) -> None:
        self._place, self._walked, self._tell = place, walked, tell

    def stop(self, name: str, module: str, *words: str) -> Summary:
        """Run the command of a stop, and add what it counted."""
        self._tell(f"{name}: {STOPS[name]}")
        start = time.monotonic()
        counted = call(self._place, module, *words, "--json")
        self._walked.add(name, counted, time.monotonic() - start)
        return counted

    def fill(self, data: Path | None) -> None:
        """Stop 1: import a dump, or generate a community."""
        words = ("import", str(data)) if data else ("generate", "--people", str(PEOPLE), "--seed", str(SEED))
        self.stop("app", "platform_app", *words)

    def stream(self, filling: Future[None]) -> None:
        """Stops 2 to 4: while the app is being filled what has come, and afterwards all of it."""
        before = end_offset(self._place) or 0
        call(self._place, "ingestion", "connect")
        while not filling.done():
            if self.stop("bronze", "ingestion", "land")["out"] < _WORTHWHILE:
                wait({filling}, timeout=2)
            elif not filling.done():
                self.stop("silver", "anonymizer", "release")
        filling.result()
        self._tell(f"capture: {STOPS['capture']}")
        start = time.monotonic()
        wait_for_capture(self._place, _PATIENCE)
        streamed = (end_offset(self._place) or 0) - before
        self._walked.add("capture", {"in": streamed, "out": streamed}, time.monotonic() - start)
        self.stop("bronze", "ingestion", "land")
        self.stop("silver", "anonymizer", "release")

    def refine(self, pool: Executor) -> None:
        """Stops 5 to 8. The checks of silver run beside the models; nothing is published before they have passed."""
        checking = pool.submit(self.stop, "quality", "lake", "quality")
        self.stop("warehouse", "lake", "load")
        self.stop("gold", "lake", "model")
        checking.result()
        self.stop("publish", "lake", "publish")


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
