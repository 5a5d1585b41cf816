"""The app under load: people who browse and write at once, on a PostgreSQL and an app of the benchmark's own.

    python -m tests.bench.bench_app [--people 200] [--seconds 60] [--seed 1]

Everybody reads a page, thinks for two to eight seconds, and goes on: to lists, posts, people and tags, to the feed of what
they follow; some vote, comment, answer and post, through the forms that a browser would send. Prints for each kind of step
how often it was taken with p50, p95 and p99, what went wrong, how busy the machine was, and how much of it the app took. The
clients run in this process, on the same cores. Fails when anything went wrong or the 95th percentile is above the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

import httpx
import psutil
import psycopg

from lake.kit.clock import utc_now
from platform_app.identity.sessions import open_session
from tests.lib.stack import Stack, make_stack, remove_stack

LIMIT = 300.0  # milliseconds that 95 of 100 pages take at most
WARM_UP = 5.0  # seconds that are not counted
THINKS = (2.0, 8.0)  # seconds between two steps of one person
POSTS = re.compile(r'href="(/posts/[0-9a-f-]{36})"')
PEOPLE = re.compile(r'href="(/people/[^"/]+)"')
TAGS = re.compile(r'href="(/tags/[^"/]+)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

READS = {"home": 25, "feed": 12, "post": 30, "tag": 8, "person": 8, "tags": 3, "notifications": 4}
WRITES = {"vote": 4, "comment": 3, "answer": 1, "write a post": 2}


@dataclass
class Tally:
    """What was measured: milliseconds of each kind of step, and faults in words."""

    began: float
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)

    def note(self, step: str, seconds: float, fault: str | None) -> None:
        if fault:
            self.faults.append(f"{step}: {fault}")
        elif time.perf_counter() - self.began >= WARM_UP:
            self.took[step].append(seconds * 1000)


class Somebody:
    """One person with a browser: remembers the links of the pages they have seen."""

    def __init__(self, client: httpx.AsyncClient, draw: random.Random, tally: Tally) -> None:
        self._client, self._draw, self._tally = client, draw, tally
        self._posts: list[str] = []
        self._people: list[str] = []
        self._tags: list[str] = []

    async def stay(self, until: float) -> None:
        """Take steps until the time is over; the first ones come at different moments."""
        await asyncio.sleep(self._draw.uniform(0, THINKS[1]))
        await self._look("home", "/")
        weights = READS | WRITES
        while time.perf_counter() < until:
            await asyncio.sleep(self._draw.uniform(*THINKS))
            await self._step(self._draw.choices(list(weights), list(weights.values()))[0])

    async def _step(self, step: str) -> None:
        fixed = {"home": "/", "feed": "/?feed=followed", "tags": "/tags", "notifications": "/notifications"}
        drawn = {"post": self._posts, "tag": self._tags, "person": self._people}
        if step in WRITES:
            await self._write(step)
        elif step in fixed:
            await self._look(step, fixed[step])
        elif drawn[step]:
            await self._look(step, self._draw.choice(drawn[step]))

    async def _look(self, step: str, path: str) -> str:
        answer = await self._timed(step, "GET", path)
        page = answer.text if answer is not None and answer.status_code == 200 else ""
        self._posts = POSTS.findall(page) or self._posts
        self._people = PEOPLE.findall(page) or self._people
        self._tags = TAGS.findall(page) or self._tags
        return page

    async def _write(self, step: str) -> None:
        """Open the page with the form, then send it; a post of one's own takes no vote, and that is no fault."""
        path = "/posts/new" if step == "write a post" or not self._posts else self._draw.choice(self._posts)
        found = TOKEN.search(await self._look("form" if path == "/posts/new" else "post", path))
        if found is None:
            return
        words = " ".join(self._draw.choices(("pump", "valve", "water", "hums", "stops", "again", "why"), k=30))
        form = {"csrf_token": found.group(1), "body": words, "title": words[:60], "value": "1", "back": path}
        action = {"vote": f"{path}/vote", "comment": f"{path}/comments", "answer": f"{path}/approaches"}.get(step, path)
        await self._timed(step, "POST", path if path == "/posts/new" else action, form)

    async def _timed(
        self, step: str, method: str, path: str, form: dict[str, str] | None = None
    ) -> httpx.Response | None:
        start = time.perf_counter()
        try:
            answer = await self._client.request(method, path, data=form)
        except httpx.HTTPError as error:
            self._tally.note(step, 0, type(error).__name__)
            return None
        refused = answer.status_code >= 400 and not (step == "vote" and answer.status_code in (403, 409))
        self._tally.note(step, time.perf_counter() - start, f"HTTP {answer.status_code}" if refused else None)
        return answer


def log_in(stack: Stack, people: int) -> list[str]:
    """Session tokens of so many people of the generated community; each browser has one."""
    with psycopg.connect(stack.url("app")) as conn:
        ids = conn.execute(
            "SELECT id FROM identity.accounts WHERE status = 'active' ORDER BY id LIMIT %s", (people,)
        ).fetchall()
        return [open_session(conn, row[0], utc_now()).token for row in ids]


async def drive(url: str, tokens: list[str], seconds: float, seed: int) -> Tally:
    """Let everybody stay for so long; a connection each, as browsers have."""
    tally = Tally(time.perf_counter())
    until = tally.began + WARM_UP + seconds
    clients = [
        httpx.AsyncClient(base_url=url, cookies={"headwater_session": token}, trust_env=False, timeout=30)
        for token in tokens
    ]
    everybody = [Somebody(client, random.Random(f"{seed} {at}"), tally) for at, client in enumerate(clients)]
    await asyncio.gather(*(one.stay(until) for one in everybody))
    for client in clients:
        await client.aclose()
    return tally


def report(tally: Tally, seconds: float) -> bool:
    """Print the table; whether everything is as it should be."""
    every: list[float] = []
    for step, took in sorted(tally.took.items()):
        every += took
        print(_line(step, took))
    print(_line(f"all, {len(every) / seconds:.0f} a second", every))
    for fault in sorted(set(tally.faults)):
        print(f"  went wrong {tally.faults.count(fault)} times: {fault}")
    p95 = _percentile(every, 95)
    print(f"p95 of all pages {p95:.0f} ms, limit {LIMIT:.0f} ms; {len(tally.faults)} faults")
    return p95 <= LIMIT and not tally.faults


def _line(step: str, took: list[float]) -> str:
    cuts = "   ".join(f"p{part} {_percentile(took, part):7.1f} ms" for part in (50, 95, 99))
    return f"{step:24} {len(took):6} times   {cuts}"


def _percentile(took: list[float], part: int) -> float:
    return statistics.quantiles(took, n=100)[part - 1] if len(took) > 1 else (took or [0.0])[0]


def run(stack: Stack, options: argparse.Namespace) -> bool:
    """Fill the database, start the app, let people come, and say how it went."""
    stack.up("postgres")
    stack.command("platform_app", "migrate")
    stack.command("platform_app", "generate", "--people", options.community, "--seed", options.seed, seconds=1800)
    with psycopg.connect(stack.url("postgres", "app"), autocommit=True) as conn:
        conn.execute("ANALYZE")  # as PostgreSQL does by itself a minute later
    stack.up("app")
    tokens = log_in(stack, options.people)
    app = psutil.Process(stack.pid("app"))
    before, start = app.cpu_times(), time.perf_counter()
    print(
        f"{len(tokens)} people for {options.seconds:.0f} s; load of the machine before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    tally = asyncio.run(drive(stack.http("app"), tokens, options.seconds, options.seed))
    after, whole = app.cpu_times(), time.perf_counter() - start
    used = after.user + after.system - before.user - before.system
    mine = time.process_time()
    print(f"load after {os.getloadavg()[0]:.1f}; the app took {used / whole:.2f} cores, the clients {mine / whole:.2f}")
    return report(tally, options.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200, help="how many are here at once")
    parser.add_argument("--community", type=int, default=2_000, help="how many people the community has")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    stack = make_stack()
    try:
        good = run(stack, options)
    finally:
        remove_stack(stack)
    sys.exit(not good)


if __name__ == "__main__":
    main()
