"""What fits a person's vector best, of each kind: dot products with the candidates, in the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lake.features.tables import ACCOUNT_FACTORS, ITEM_FACTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

CANDIDATES = {"person": 20_000, "post": 20_000, "tag": 2_000}  # of each kind, the newest or the most used
BEST = 60  # fitting items of each kind for a person, of which some will turn out to be known to them

CANDIDATE_ITEMS = {
    "person": """
        select v.item, v.factors from {factors} v join (select author, max(at) as at from problems group by author
            union all select account, max(at) from answers group by account) p on p.author = v.item
        where v.kind = 'person' group by v.item, v.factors order by max(p.at) desc, v.item limit {most}
    """,
    "post": """
        select v.item, v.factors from {factors} v join problems p on p.post = v.item
        where v.kind = 'post' and p.open order by p.at desc, v.item limit {most}
    """,
    "tag": """
        select v.item, v.factors from {factors} v join tags_used u on u.tag = v.item
        where v.kind = 'tag' order by u.posts desc, v.item limit {most}
    """,
}


def fitting(session: SparkSession) -> DataFrame:
    """account, kind, item, fit (about 0 to 1): the best candidates of each kind for each person who has a vector."""
    session.sql("select tag, count(*) as posts from post_tags group by tag").createOrReplaceTempView("tags_used")
    candidates: dict[str, tuple[list[str], list[list[float]]]] = {}
    for kind, query in CANDIDATE_ITEMS.items():
        rows = session.sql(query.format(factors=ITEM_FACTORS.name, most=CANDIDATES[kind])).collect()
        if rows:
            candidates[kind] = ([row["item"] for row in rows], [list(row["factors"]) for row in rows])
    best = best_of(session.sparkContext.broadcast(candidates), BEST)
    schema = "account string, kind string, item string, fit double"
    return session.table(ACCOUNT_FACTORS.name).mapInArrow(best, schema)


def best_of(candidates: Any, most: int) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `mapInArrow`. It is made here so that it travels whole: workers need not find this package."""

    def best(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np  # noqa: PLC0415 - in the worker
        import pyarrow as pa  # noqa: PLC0415

        for batch in batches:
            accounts = batch.column("account").to_pylist()
            if not accounts:
                continue
            people = np.array(batch.column("factors").to_pylist(), dtype=np.float64)
            for kind, (items, vectors) in candidates.value.items():
                scores = np.round(people @ np.array(vectors, dtype=np.float64).T, 4)
                order = np.argsort(-scores, axis=1, kind="stable")[:, :most]
                names = np.array(items, dtype=object)
                yield pa.RecordBatch.from_pydict(
                    {
                        "account": np.repeat(np.array(accounts, dtype=object), order.shape[1]),
                        "kind": [kind] * order.size,
                        "item": names[order].ravel(),
                        "fit": np.take_along_axis(scores, order, axis=1).ravel(),
                    }
                )

    return best
