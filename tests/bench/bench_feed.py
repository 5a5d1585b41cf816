"""How long the database takes for the feed of somebody who follows a thousand people, with a hundred thousand posts.

    python -m tests.bench.bench_feed [--posts 100000] [--rounds 20]

A PostgreSQL of the benchmark's own is filled by SQL (tests/lib/crowd.py). Each query behind the start page and the explore
page is answered in rounds, by turns; the figures are milliseconds as PostgreSQL counts them (planning and execution),
median and the slowest, and for a whole ranking those of the clock with Python's share. Fails when a query's median is above 50.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict

import psycopg

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.explore import candidates, followed, interests, pages, rankings
from platform_app.migrations.runner import migrate
from tests.lib import crowd
from tests.lib.plans import plan_of
from tests.lib.stack import make_stack, remove_stack

LIMIT = 50.0  # milliseconds
QUERIES = {
    "feed: candidates": candidates.FEED, "explore: candidates": candidates.EXPLORE, "popular": candidates.POPULAR,
    "liked tags": interests._TAGS, "near": interests.NEAR, "followed, first page": followed.FOLLOWED,
}  # fmt: skip


def measure(conn: Conn, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each query, and of whole rankings, in rounds."""
    known = interests.interests_of(conn, crowd.ME, agreed=True, with_near=True)
    found = conn.execute("SELECT id FROM community.posts ORDER BY created_at DESC LIMIT 100").fetchall()
    values = {
        "me": crowd.ME, "agreed": True, "days": 60, "most": 60, "tags": list(known.tags), "near": list(known.near),
        "given": [row[0] for row in found], "now": utc_now(), "limit": 21, "before": None,
    }  # fmt: skip
    took: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, query in QUERIES.items():
            took[name].append(plan_of(conn, query, values).milliseconds)
        began = time.perf_counter()
        ranking = rankings.settle(conn, crowd.ME, "feed", utc_now())
        took["clock: a new feed"].append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        pages.page_of(conn, crowd.ME, ranking)
        took["clock: a page of it"].append((time.perf_counter() - began) * 1000)
    return took


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=crowd.POSTS)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    stack = make_stack()
    try:
        stack.up("postgres")
        migrate(stack.url("app_owner"))
        with psycopg.connect(stack.url("postgres", "app")) as conn:
            crowd.settle(conn, posts=asked.posts)
            took = measure(conn, asked.rounds)
    finally:
        remove_stack(stack)
    slow = []
    for name, times in took.items():
        print(f"{name:24} median {statistics.median(times):7.1f} ms   slowest {max(times):7.1f} ms")
        if not name.startswith("clock") and statistics.median(times) > LIMIT:
            slow.append(name)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
