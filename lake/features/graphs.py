"""Pairs that go together: who answers whom, tags on the same problems, similar people, similar posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.features.tables import ANSWER_PAIRS, SIMILAR_PEOPLE, SIMILAR_POSTS, TAG_PAIRS
from lake.features.touches import keep_all

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NEIGHBOURS = 30  # kept for each person and each post
LEAST_IN_COMMON = 2  # one post in common is chance, and says too much about a single act


def _similar(thing: str, by: str, to: str, most: int) -> str:
    """SQL for the cosine between things over what they share; the sums are of whole numbers, so their order is no matter."""
    return f"""
        with size as (select {thing}, sum(weight * weight) as squares from touches group by {thing}),
        pairs as (
            select a.{thing}, b.{thing} as other, sum(a.weight * b.weight) as product, count(*) as common
            from touches a join touches b on a.{by} = b.{by} and a.{thing} <> b.{thing}
            group by a.{thing}, b.{thing} having count(*) >= {LEAST_IN_COMMON}
        ),
        scored as (
            select p.{thing}, p.other, p.common,
                round(p.product / sqrt(cast(s.squares * o.squares as double)), 6) as score
            from pairs p join size s on s.{thing} = p.{thing} join size o on o.{thing} = p.other
        )
        select {thing} as {to}, other, score, cast(common as int) as in_common from (
            select *, row_number() over (partition by {thing} order by score desc, common desc, other) as place from scored
        ) where place <= {most}
    """


GRAPHS = {
    ANSWER_PAIRS.name: """
        select p.author as asker, a.account as answerer, cast(count(distinct a.post) as int) as problems,
            cast(count(if(p.accepted = a.approach, 1, null)) as int) as accepted
        from answers a join problems p on p.post = a.post where a.account <> p.author group by p.author, a.account
    """,
    TAG_PAIRS.name: """
        with used as (select tag, count(*) as posts from post_tags group by tag),
        pairs as (
            select a.tag, b.tag as other, count(*) as posts, count(distinct a.author) as authors
            from post_tags a join post_tags b on a.post = b.post and a.tag <> b.tag group by a.tag, b.tag
        )
        select p.tag, p.other, cast(p.posts as int) as posts, cast(p.authors as int) as authors,
            round(p.posts / cast(u.posts + o.posts - p.posts as double), 6) as jaccard
        from pairs p join used u on u.tag = p.tag join used o on o.tag = p.other
    """,
    SIMILAR_PEOPLE.name: _similar("account", "post", "account", NEIGHBOURS),
    SIMILAR_POSTS.name: _similar("post", "account", "post", NEIGHBOURS),
}


def graphs(session: SparkSession) -> dict[str, DataFrame]:
    """Each table of pairs by its name, also as a view of that name; needs the views of `touches.py`."""
    return keep_all(session, GRAPHS)
