"""A paid answer: parse → find the rows → charge and commit → answer. Nothing leaves before the charge is committed.

The page is computed before the charge, so that a query that fails costs nothing; a charge whose answer is lost is
found again by the same query, free for 30 days.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from api.access.entitlement import Entitlement, rows_of
from api.catalogue.manifest import Manifest
from api.catalogue.shelf import Loaded
from api.datasets.cursor import Cursor, check_cursor, read_cursor
from api.datasets.formats import Format
from api.datasets.query import Query, parse_query
from api.datasets.slices import Page, page_of, slice_rows, to_multirange
from api.failpoints import AFTER_CHARGE
from api.metering.purchases import Bought, Claim, Quote, Slice, buy, quote
from api.problems import Problem
from api.shop import Shop

Pairs = Sequence[tuple[str, str]]
T = TypeVar("T")
_FILTERED_IN_THE_LOOP = 100_000  # rows of a version: below 1 ms, while a thread waits for the interpreter up to 5 ms
_WRITTEN_IN_THE_LOOP = 1_000  # rows of a slice: below 1 ms in the slowest format


@dataclass(frozen=True)
class Asked:
    """A request over one version: the query, the rows of its slice, and where its page starts."""

    manifest: Manifest
    loaded: Loaded
    query: Query
    rows: Any
    offset: int

    def piece(self) -> Slice:
        """What of the version is to be bought."""
        return Slice(self.manifest, self.query.canonical_slice, self.query.slice_hash, to_multirange(self.rows))

    def etag(self, form: Format) -> str:
        """Names this very answer: versions are immutable, so it never changes."""
        parts = (self.manifest.content_sha256, self.query.shape_hash, self.query.limit, self.offset, form.name)
        return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Answer:
    """A paid answer: its rows as bytes of the format, the page they come from, and what they cost."""

    asked: Asked
    page: Page
    body: bytes
    bought: Bought

    @property
    def next_cursor(self) -> str | None:
        if self.page.next_offset is None:
            return None
        return Cursor(self.asked.manifest.version, self.asked.query.shape_hash, self.page.next_offset).text()


async def ask(shop: Shop, right: Entitlement, product: str, pairs: Pairs, version: int | None = None) -> Asked:
    """Read a request against the version it means: the one given, the cursor's, else the newest."""
    if right.scope != rows_of(product):
        raise AssertionError("an entitlement is for the product it was asked for")
    options = dict(pairs)
    cursor = read_cursor(options["cursor"]) if "cursor" in options else None
    wanted = version or _version(options.get("version")) or (cursor.version if cursor else None)
    manifest = shop.shelf.manifest(product, wanted)
    known = shop.shelf.is_loaded(manifest)
    loaded = shop.shelf.load(manifest) if known else await asyncio.to_thread(shop.shelf.load, manifest)
    query = parse_query(product, pairs, loaded.table.schema, manifest.grain)
    offset = check_cursor(cursor, manifest.version, query.shape_hash) if cursor and version is None else 0
    rows = await _beside(loaded.table.num_rows > _FILTERED_IN_THE_LOOP, lambda: slice_rows(loaded, query))
    return Asked(manifest, loaded, query, rows, offset)


async def answer(shop: Shop, right: Entitlement, asked: Asked, form: Format, key: str | None, pairs: Pairs) -> Answer:
    """The paid answer. Problem when the balance does not cover it or the key is taken: then nothing was charged."""
    page, body = await _page(asked, form)
    claim = Claim(key, fingerprint(asked.query, pairs)) if key is not None else None
    bought = await buy(shop.db, right, asked.piece(), claim, shop.now())
    shop.meters.bought(bought)
    shop.failpoints.reach(AFTER_CHARGE)
    if bought.purchase.version != asked.manifest.version:  # a replay of a purchase made before a newer version came
        asked = await ask(shop, right, asked.query.product, pairs, bought.purchase.version)
        page, body = await _page(asked, form)
    return Answer(asked, page, body, bought)


async def price(shop: Shop, right: Entitlement, asked: Asked) -> Quote:
    """What `answer` would charge now."""
    return await quote(shop.db, right, asked.piece(), shop.now())


def fingerprint(query: Query, pairs: Pairs) -> bytes:
    """What must be the same when an Idempotency-Key comes again: the question and its page, not the format."""
    options = dict(pairs)
    parts = (query.product, query.shape_hash, query.limit, options.get("version"), options.get("cursor"))
    return hashlib.sha256(repr(parts).encode()).digest()


async def _page(asked: Asked, form: Format) -> tuple[Page, bytes]:
    def make() -> tuple[Page, bytes]:
        page = page_of(asked.loaded, asked.query, asked.rows, asked.offset)
        return page, form.write(page.table)

    return await _beside(len(asked.rows) > _WRITTEN_IN_THE_LOOP, make)


async def _beside(is_long: bool, work: Callable[[], T]) -> T:
    """Do long work in a thread, so that other requests go on; short work at once."""
    return await asyncio.to_thread(work) if is_long else work()


def _version(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text[:12]) < 1:
        raise Problem("bad_value", "'version' is a number from GET …/versions.", details={"parameter": "version"})
    return int(text[:12])
