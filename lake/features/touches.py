"""Current silver at a cut as views of a Spark session, and from them who touched what.

Every weight is a whole number: sums of whole numbers are the same in whatever order a cluster adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pyarrow.compute as pc

from lake.contracts.names import silver_path
from lake.contracts.suggestions import PURPOSE
from lake.contracts.tables import BY_NAME
from lake.schema import current_sql, silver_schema
from lake.store import Position, Store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")
R = TypeVar("R")

READ = (
    "accounts",
    "consents",
    "posts",
    "approaches",
    "comments",
    "votes",
    "follows",
    "tag_follows",
    "taggings",
    "tags",
)
MOST_OF_A_PERSON = 300  # a person's newest touches, so that nobody's pairs outgrow everybody else's
MOST_OF_A_POST = 300  # the strongest touches of a post, for the same reason

VIEWS = {
    # The people this is for and about: active, and agreeing to suggestions now (silver holds nobody else than those
    # who agree to `lake`).
    "takes_part": f"""
        select distinct a.id as account from accounts a join consents c on c.account_id = a.id
        where a.status = 'active' and c.purpose = '{PURPOSE}' and c.granted
    """,
    "problems": """
        select p.id as post, p.author_id as author, p.status = 'open' and p.duplicate_of is null as open,
            p.accepted_approach_id as accepted, p._position as at
        from posts p join takes_part t on t.account = p.author_id
        where p.status <> 'deleted' and p.kind = 'problem'
    """,
    "answers": """
        select a.id as approach, a.post_id as post, a.author_id as account, a._position as at
        from approaches a join takes_part t on t.account = a.author_id
        where a.status = 'published' and a.post_id is not null
    """,
    "post_tags": """
        select distinct g.post_id as post, g.tag, p.author from taggings g join problems p on p.post = g.post_id
    """,
    # Everything somebody did about a post, an opinion against it too: none of it is suggested to them again.
    "seen": """
        select account, post from answers
        union select author, post from problems
        union select author_id, post_id from comments where post_id is not null
        union select account_id, post_id from votes where post_id is not null
    """,
    # What somebody did about somebody else's problem, and how much it says: an answer 4, a comment 2, a vote 1.
    "acts": """
        select account, post, 4 as weight, at from answers
        union all
        select c.author_id, coalesce(c.post_id, a.post), 2, c._position
        from comments c left join answers a on a.approach = c.approach_id where c.status = 'published'
        union all
        select v.account_id, coalesce(v.post_id, a.post), 1, v._position
        from votes v left join answers a on a.approach = v.approach_id where v.value > 0
    """,
    # Whoever follows the author was drawn to the post a little more.
    "touches": f"""
        with summed as (
            select a.account, a.post, p.author, sum(a.weight) as weight, max(a.at) as at
            from acts a join problems p on p.post = a.post join takes_part t on t.account = a.account
            where a.account <> p.author group by a.account, a.post, p.author
        ),
        raised as (
            select s.account, s.post, s.author, s.at,
                cast(least(s.weight, 8) + if(f.follower_id is null, 0, 1) as bigint) as weight
            from summed s left join (select distinct follower_id, followee_id from follows) f
                on f.follower_id = s.account and f.followee_id = s.author
        )
        select account, post, author, weight, at from (
            select *, row_number() over (partition by account order by at desc, post) as of_person,
                row_number() over (partition by post order by weight desc, at desc, account) as of_post
            from raised
        ) where of_person <= {MOST_OF_A_PERSON} and of_post <= {MOST_OF_A_POST}
    """,
}
WAVES = (("takes_part", "follows", "tag_follows", "tags"), ("problems", "answers"), ("post_tags", "seen", "touches"))
"""What is read again and again is kept, each after what it is made of."""
AT_ONCE = 3  # queries that are planned and run beside each other: planning has one thread for each, small tasks wait


def make_views(session: SparkSession, store: Store, cut: Position) -> None:
    """Make the views of current silver up to a position, and `VIEWS` over them; those that are read often are kept."""
    for name in READ:
        table = BY_NAME[name]
        _stored(session, store, name).where(f"_position <= {int(cut)}").createOrReplaceTempView(f"{name}_versions")
        # As a subquery it would be a job of its own, each time the view is used.
        hidden = _newest_barrier(store, silver_path(table), cut)
        session.sql(current_sql(table, f"{name}_versions", hidden)).createOrReplaceTempView(name)
    for wave in WAVES:
        keep_all(session, {name: VIEWS.get(name, f"select * from {name}") for name in wave})
        if "answers" in wave:
            session.sql(VIEWS["acts"]).createOrReplaceTempView("acts")


def _stored(session: SparkSession, store: Store, name: str) -> DataFrame:
    """A table's versions by the files that its log names now. Spark's own reading of each log takes longer than the rest."""
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - Spark is there: a session is open

    path, schema = silver_path(BY_NAME[name]), from_arrow_schema(silver_schema(BY_NAME[name]))
    files = store.files(path) if store.exists(path) else []
    if not files:
        return session.createDataFrame([], schema)
    reader = session.read.schema(schema).option("basePath", f"file://{store.root / path}")
    return reader.parquet(*[f"file://{file}" for file in files])


def _newest_barrier(store: Store, path: str, cut: Position) -> int:
    """Where a table's newest barrier at the cut lies; -1 for none. The files' statistics leave little to read."""
    if not store.exists(path):
        return -1
    where = (pc.field("_op") == "barrier") & (pc.field("_position") <= int(cut))
    found = pc.max(store.read(path, columns=["_position"], where=where)["_position"]).as_py()
    return -1 if found is None else int(found)


def keep_all(session: SparkSession, queries: Mapping[str, str]) -> dict[str, DataFrame]:
    """Keep what independent queries give under their names, some of them at a time."""

    def work(query: tuple[str, str]) -> DataFrame:
        return keep(session.sql(query[1]), query[0])

    return dict(zip(queries, at_once(work, queries.items()), strict=True))


def at_once(work: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """The work done on each thing, a few at a time; the first failure is raised once the others are through."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, things))


def keep(rows: DataFrame, name: str) -> DataFrame:
    """Compute rows now and give them a view's name. What is built on them does not repeat how they were made: plans that
    are nested five deep take minutes to plan, however small the data."""
    kept = rows.localCheckpoint(eager=True)
    kept.createOrReplaceTempView(name)
    return kept
