"""The shop under load: paid look-ups, charges and exports, on a PostgreSQL and a shop of the benchmark's own.

    python -m tests.bench.bench_shop [--seconds 5] [--at-once 8]

Prints requests a second with p50 and p99 for: a new charge for each request (one account, then twenty), a paid
look-up that is repeated (the charge is found, not made), a quote, and an Arrow export; and charges a second straight
into `metering.buy`. The load generator runs on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.lib.shelf import publish_version, trend_rows
from tests.lib.shops import ROWS, Buyer, TestShop, open_shop
from tests.lib.stack import make_stack, remove_stack

MONTHS, TAGS = 60, 400
Work = Iterator[tuple[Buyer, str]]


@asynccontextmanager
async def line_to(shop: TestShop) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that is kept open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.shop_port, limit=2**26)
    try:
        yield reader, writer
    finally:
        writer.close()


async def fetch(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, buyer: Buyer, path: str, accept: str
) -> int:
    """One GET; answers how many bytes the body has. Fails when the answer is not 200."""
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: shop\r\nAccept: {accept}\r\nAuthorization: Bearer {buyer.key}\r\n\r\n".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    size = int(head.split("content-length: ")[1].split("\r\n")[0])
    body = await reader.readexactly(size)
    if not head.startswith("http/1.1 200"):
        raise SystemExit(f"the shop answered {body[:500].decode()}")
    return size


async def load(shop: TestShop, work: Work, seconds: float, at_once: int, accept: str) -> tuple[list[float], int, float]:
    """Send requests until the time is over; answers each request's seconds, the bytes, and the time it took."""
    took: list[float] = []
    size = 0
    end = time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal size
        async with line_to(shop) as (reader, writer):
            while time.perf_counter() < end:
                buyer, path = next(work)
                start = time.perf_counter()
                got = await fetch(reader, writer, buyer, path, accept)
                size += got
                took.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    return took, size, time.perf_counter() - start


def measure(
    shop: TestShop, name: str, work: Work, options: argparse.Namespace, accept: str = "application/json"
) -> None:
    """Warm up shortly, measure, print one line."""
    asyncio.run(load(shop, work, 0.5, options.at_once, accept))
    took, size, seconds = asyncio.run(load(shop, work, options.seconds, options.at_once, accept))
    cuts = statistics.quantiles(took, n=100)
    print(
        f"{name:44} {len(took) / seconds:8.0f}/s   p50 {cuts[49] * 1000:6.1f} ms   p99 {cuts[98] * 1000:6.1f} ms"
        f"   {size / seconds / 1e6:7.1f} MB/s",
        flush=True,
    )


def cells() -> Iterator[str]:
    """A different row of the product each time."""
    rows = trend_rows(MONTHS, [f"tag{number:03d}" for number in range(TAGS)])
    return (f"{ROWS}?period={row['period']}&tag={row['tag']}" for row in rows)


def new_charges(buyers: list[Buyer]) -> Work:
    for path in cells():
        yield from ((buyer, path) for buyer in buyers)
    raise SystemExit("every row is sold: give fewer seconds")


def straight(shop: TestShop, buyer: Buyer, seconds: float) -> None:
    """Charges a second of one connection into the SQL function, without HTTP."""
    done, start = 0, time.perf_counter()
    with psycopg.connect(shop.stack.url("shop"), autocommit=True) as conn:
        for number in itertools.count():
            if time.perf_counter() - start > seconds:
                break
            row = conn.execute(
                "SELECT outcome FROM metering.buy(%s, %s, 'bench', 1, 'c', '[]', %s, %s::int4multirange, 1, NULL, NULL, now())",
                (uuid4(), buyer.procurer_id, str(number).encode(), f"{{[{number},{number + 1})}}"),
            ).fetchone()
            assert row == ("bought",)
            done += 1
    print(f"{'metering.buy, one connection, one account':44} {done / (time.perf_counter() - start):8.0f}/s", flush=True)


def run(shop: TestShop, options: argparse.Namespace) -> None:
    """Every measurement, one after another."""
    one, many = shop.buyer(10**12), [shop.buyer(10**12) for _ in range(20)]
    rich = shop.buyer(10**12)
    straight(shop, rich, options.seconds)
    measure(shop, "new charge and answer, one account", new_charges([one]), options)
    measure(shop, "new charge and answer, twenty accounts", new_charges(many), options)
    repeated = list(itertools.islice(cells(), 50))
    measure(shop, "paid look-up, repeated", ((rich, path) for path in itertools.cycle(repeated)), options)
    quotes = [path.replace("/rows?", "/quote?") for path in repeated]
    measure(shop, "quote", ((rich, path) for path in itertools.cycle(quotes)), options)
    whole = itertools.repeat((rich, f"{ROWS}?limit=100000"))
    measure(shop, f"export of {MONTHS * TAGS} rows, Arrow", whole, options, "application/vnd.apache.arrow.stream")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--at-once", type=int, default=8)
    options = parser.parse_args()
    stack = make_stack()
    try:
        stack.up("postgres")
        with tempfile.TemporaryDirectory() as folder:
            publish_version(Path(folder) / "gold", trend_rows(MONTHS, [f"tag{number:03d}" for number in range(TAGS)]))
            with open_shop(stack, Path(folder)) as shop:
                run(shop, options)
    finally:
        remove_stack(stack)


if __name__ == "__main__":
    main()
