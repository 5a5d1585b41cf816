"""Alternating least squares on implicit feedback: each person, post and tag becomes a short vector.

People, posts and tags are items of one factorisation, so that a follow of a person or a tag also says something about
posts. The same input gives the same output: numbers are given in the order of names, rows come to the factorisation in
one order from one partition, and the number of blocks does not depend on the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.features.tables import ACCOUNT_FACTORS, ITEM_FACTORS
from lake.features.touches import at_once, keep, keep_all

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RANK = 16
ITERATIONS = 10
REGULARISATION = 0.1
CONFIDENCE = 4.0  # how much more one weight is believed than silence
SEED = 7
BLOCKS = 2  # with more, partial sums of floats would be added as they arrive

RATINGS = """
    with weights as (
        select account, 'post' as kind, post as item, weight * 2 as weight from touches
        union all select account, 'person', author, weight from touches
        union all select t.account, 'tag', g.tag, t.weight from touches t join post_tags g on g.post = t.post
        union all select author, 'tag', tag, 2 from post_tags
        union all select f.follower_id, 'person', f.followee_id, 8 from follows f
            join takes_part a on a.account = f.follower_id join takes_part b on b.account = f.followee_id
        union all select f.account_id, 'tag', f.tag, 8 from tag_follows f join takes_part a on a.account = f.account_id
    )
    select account, kind, item, cast(least(sum(weight), 64) as bigint) as weight from weights
    where not (kind = 'person' and account = item) group by account, kind, item
"""
NUMBERED = """
    select r.account_number, r.item_number, cast(r.weight as float) as weight from (
        select a.number as account_number, i.number as item_number, r.weight
        from ratings r join account_numbers a on a.account = r.account
        join item_numbers i on i.kind = r.kind and i.item = r.item
    ) r
"""


def factors(session: SparkSession) -> dict[str, DataFrame]:
    """The two tables of factors by name, also as views; both are empty when nobody has done anything yet."""
    keep(session.sql(RATINGS), "ratings")
    numbered = (
        "select *, cast(row_number() over (order by {0}) as int) as number from (select distinct {0} from ratings)"
    )
    numbers = {"account_numbers": "account", "item_numbers": "kind, item"}
    keep_all(session, {view: numbered.format(columns) for view, columns in numbers.items()})
    if session.table("account_numbers").isEmpty():
        people = session.createDataFrame([], "account string, factors array<float>")
        items = session.createDataFrame([], "kind string, item string, factors array<float>")
    else:
        people, items = _factorise(session)
    made = {ACCOUNT_FACTORS.name: people, ITEM_FACTORS.name: items}
    return dict(zip(made, at_once(lambda one: keep(one[1], one[0]), made.items()), strict=True))


def _factorise(session: SparkSession) -> tuple[DataFrame, DataFrame]:
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415 - Spark is there: a session is open

    ordered = session.sql(NUMBERED).coalesce(1).sortWithinPartitions("account_number", "item_number")
    model = ALS(
        rank=RANK, maxIter=ITERATIONS, regParam=REGULARISATION, alpha=CONFIDENCE, implicitPrefs=True, seed=SEED,
        numUserBlocks=BLOCKS, numItemBlocks=BLOCKS, userCol="account_number", itemCol="item_number", ratingCol="weight",
    ).fit(ordered)  # fmt: skip
    model.userFactors.createOrReplaceTempView("user_vectors")
    model.itemFactors.createOrReplaceTempView("item_vectors")
    return (
        session.sql(
            "select n.account, v.features as factors from user_vectors v join account_numbers n on n.number = v.id"
        ),
        session.sql(
            "select n.kind, n.item, v.features as factors from item_vectors v join item_numbers n on n.number = v.id"
        ),
    )
