"""Suggestions with their reasons: candidates from the factors and from the pairs, weighed, without what is known already.

A score is at most 1: half of it is how well the vectors fit, the rest what can be said in words. The reason is the
heaviest of the parts that can be; `people_like_you` is said when none of them is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lake.contracts.suggestions import MOST
from lake.features.scoring import fitting
from lake.features.touches import keep, keep_all

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FRESH = 30  # newest open problems of a tag that are looked at for whoever knows the tag
OWN_TAGS = 8  # a person's strongest tags

TASTES = f"""
    with answered as (
        select a.account, g.tag, 'answered_tag' as reason, count(*) as times
        from answers a join post_tags g on g.post = a.post where a.account <> g.author group by a.account, g.tag
    ),
    either as (
        select account, tag, reason, 2 * times as weight from answered
        union all select f.account_id, f.tag, 'followed_tag', 3 from tag_follows f join takes_part t on t.account = f.account_id
    ),
    summed as (
        select account, tag, max_by(reason, weight * 2 + if(reason = 'answered_tag', 1, 0)) as reason, sum(weight) as weight
        from either group by account, tag
    )
    select account, tag, reason, weight / cast(max(weight) over (partition by account) as double) as taste from (
        select *, row_number() over (partition by account order by weight desc, tag) as place from summed
    ) where place <= {OWN_TAGS}
"""

PARTS = {
    "person": """
        select account, item, fit * 0.5 as weight, 'people_like_you' as reason, null as because from fitting
            where kind = 'person' and fit > 0
        union all select account, other, score * 0.3, 'same_problems', null from similar_people
        union all select asker, answerer, 0.2 * problems / (problems + 1.0D), 'answered_you', null from answer_pairs
    """,
    "post": f"""
        with fresh as (
            select post, tag from (
                select g.post, g.tag, row_number() over (partition by g.tag order by p.at desc, g.post) as place
                from post_tags g join problems p on p.post = g.post where p.open
            ) where place <= {FRESH}
        ),
        tasted as (
            select t.account, f.post, t.tag, t.reason, t.taste,
                row_number() over (partition by t.account, f.post order by t.taste desc, t.tag) as place
            from tastes t join fresh f on f.tag = t.tag
        )
        select account, item, fit * 0.5 as weight, 'people_like_you' as reason, null as because from fitting
            where kind = 'post' and fit > 0
        union all
        select t.account, s.other, 0.3 * max(s.score), 'same_problems', null
            from touches t join similar_posts s on s.post = t.post group by t.account, s.other
        union all select account, post, 0.2 * taste, reason, tag from tasted where place = 1
    """,
    "tag": """
        with near as (
            select t.account, p.other, t.tag, 0.5 * t.taste * p.jaccard as weight,
                row_number() over (partition by t.account, p.other order by t.taste * p.jaccard desc, t.tag) as place
            from tastes t join tag_pairs p on p.tag = t.tag
        )
        select account, item, fit * 0.5 as weight, 'people_like_you' as reason, null as because from fitting
            where kind = 'tag' and fit > 0
        union all select account, other, weight, 'used_together', tag from near where place = 1
    """,
}
ALLOWED = {
    "person": "select account as item from takes_part",
    "post": "select post as item from problems where open",
    "tag": "select name as item from tags where synonym_of is null",
}
KNOWN = {
    "person": "select follower_id as account, followee_id as item from follows union select account, account from takes_part",
    "post": "select account, post as item from seen",
    "tag": "select account_id as account, tag as item from tag_follows",
}


def suggestions(session: SparkSession) -> DataFrame:
    """account, kind, item, score, reason, because; the best of each kind for each person who takes part."""
    keep(session.sql(TASTES), "tastes")
    keep(fitting(session), "fitting")
    keep_all(session, {f"parts_{kind}": query for kind, query in PARTS.items()})
    return session.sql(" union all ".join(f"({_chosen(kind)})" for kind in PARTS))


def _chosen(kind: str) -> str:
    """SQL: the parts added up for each item, known ones taken out, the best ones kept."""
    return f"""
        with added as (
            select account, item, round(least(sum(weight), 1.0), 4) as score,
                max_by(struct(reason, because), struct(reason <> 'people_like_you', weight, reason)) as why
            from parts_{kind} group by account, item
        ),
        new as (
            select a.* from added a join takes_part t on t.account = a.account join ({ALLOWED[kind]}) w on w.item = a.item
            left anti join ({KNOWN[kind]}) k on k.account = a.account and k.item = a.item
        ),
        placed as (select *, row_number() over (partition by account order by score desc, item) as place from new)
        select account, '{kind}' as kind, item, score, why.reason as reason, why.because as because
        from placed where place <= {MOST[kind]} and score > 0
    """
