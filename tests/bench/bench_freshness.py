"""How old a row is when an analyst first sees it: commit in PostgreSQL → visible in `silver` through DuckDB.

    python -m tests.bench.bench_freshness [--rates 100 1000] [--seconds 300] [--table votes|comments]

Runs against the local stack with its followers (`make up`, filled by `make demo`). Writes rows in small transactions,
remembers when each commit returned, and asks DuckDB again and again for what is new. Prints p50, p99 and maximum for
each rate, the rate that was really reached, and how many rows never came. The rows it wrote are deleted at the end.
The curve against the spacing: start the followers with LAKE_COMMIT_INTERVAL=0.1 … 2 and run it again.
"""

from __future__ import annotations

import argparse
import threading
import time
from uuid import UUID

import duckdb
import psycopg

from anonymizer.settings import AnonymizerSettings
from anonymizer.vault import open_vault
from infra import stack
from infra.settings import Settings
from lake.contracts.tables import BY_NAME
from lake.kit.ids import new_id
from lake.settings import LakeSettings
from lake.store import LocalStore

TICKS = 20  # transactions a second
ROW = {
    "comments": (
        "insert into community.comments (id, author_id, post_id, body, status, created_at) "
        "select row_id, %(person)s, %(post)s, 'I met the same problem in Lyon, and Maria Keller wrote to me about it.', "
        "'published', now() from unnest(%(ids)s::uuid[]) row_id"
    ),
    "votes": (
        "insert into community.votes (id, account_id, post_id, value, cast_at) "
        "select row_id, account_id, post_id, 1, now() from unnest(%(ids)s::uuid[], %(voters)s::uuid[], %(posts)s::uuid[]) "
        "v(row_id, account_id, post_id)"
    ),
}


class Writer(threading.Thread):
    """Writes `rate` rows a second for `seconds`, and remembers when each row's commit returned."""

    def __init__(self, url: str, table: str, rate: int, seconds: float) -> None:
        super().__init__()
        self.url, self.table, self.rate, self.seconds = url, table, rate, seconds
        self.committed: dict[UUID, float] = {}

    def run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            pairs = self._free_pairs(connection)
            people = connection.execute(
                "select p.author_id, p.id from community.posts p join identity.consents c "
                "on c.account_id = p.author_id and c.purpose = 'lake' and c.granted limit 1"
            ).fetchone()
            assert people, "Fill the app first: make demo"
            started = time.monotonic()
            for tick in range(int(self.seconds * TICKS)):
                ids = [new_id() for _ in range(self.rate // TICKS)]
                voters, posts = zip(*[next(pairs) for _ in ids], strict=True) if self.table == "votes" else ((), ())
                parameters = {
                    "ids": ids,
                    "person": people[0],
                    "post": people[1],
                    "voters": list(voters),
                    "posts": list(posts),
                }
                connection.execute(ROW[self.table], parameters)
                now = time.monotonic()
                self.committed |= dict.fromkeys(ids, now)
                time.sleep(max(0.0, started + (tick + 1) / TICKS - now))
            self.took = time.monotonic() - started

    @staticmethod
    def _free_pairs(connection: psycopg.Connection[tuple[object, ...]]):  # type: ignore[no-untyped-def]
        """Pairs of a consenting person and a post they neither wrote nor voted on, endlessly enough."""
        with (
            psycopg.connect(connection.info.dsn, password=connection.info.password) as reader,
            reader.cursor("pairs") as found,
        ):
            found.execute(
                "select a.account_id, p.id from identity.consents a cross join community.posts p "
                "where a.purpose = 'lake' and a.granted and p.author_id <> a.account_id and not exists "
                "(select 1 from community.votes v where v.account_id = a.account_id and v.post_id = p.id)"
            )
            yield from found


def watch(table: str, after: int, seen: dict[str, float], stop: threading.Event) -> None:
    """Ask DuckDB for rows beyond the last position seen, and remember when each came into sight."""
    store = LocalStore(LakeSettings().root)
    with duckdb.connect() as connection:
        while not stop.is_set():
            files = store.files(f"silver/{table}")
            rows = connection.execute(
                f"select id, _position from read_parquet({files!r}, hive_partitioning => true, union_by_name => true) "
                f"where _position > {after}"
            ).fetchall()
            now = time.monotonic()
            for name, position in rows:
                seen.setdefault(name, now)
                after = max(after, position)
            time.sleep(0.02)


def measure(table: str, rate: int, seconds: float) -> str:
    store = LocalStore(LakeSettings().root)
    place = stack.open_place(Settings())
    vault = open_vault(AnonymizerSettings().key_file)
    domain = str(BY_NAME[table].column("id").domain)
    positions = store.read(f"silver/{table}", columns=["_position"])["_position"].to_pylist()
    seen: dict[str, float] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(table, max(positions, default=-1), seen, stop))
    writer = Writer(place.url("app"), table, rate, seconds)
    watcher.start()
    writer.start()
    writer.join()
    names = {vault.pseudonym(domain, str(row)): at for row, at in writer.committed.items()}
    deadline = time.monotonic() + 60
    while names.keys() - seen.keys() and time.monotonic() < deadline:
        time.sleep(0.2)
    stop.set()
    watcher.join()
    ages = sorted(seen[name] - at for name, at in names.items() if name in seen)
    with psycopg.connect(place.url("app"), autocommit=True) as connection:
        connection.execute(f"delete from community.{table} where id = any(%s)", [list(writer.committed)])
    p50, p99 = ages[len(ages) // 2], ages[int(len(ages) * 0.99)]
    return (
        f"{table:12} {rate:6}/s asked {len(names) / writer.took:8.0f}/s reached  p50 {p50:5.2f} s  p99 {p99:5.2f} s  "
        f"max {ages[-1]:5.2f} s  lost {len(names) - len(ages)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--table", choices=("votes", "comments"), default="votes")
    options = parser.parse_args()
    for rate in options.rates:
        print(measure(options.table, rate, options.seconds), flush=True)


if __name__ == "__main__":
    main()
