-- Each month's tags, and under which name they are shown: their own when enough people used them, else "other".
{% set product = product('problem_trends_monthly') %}

with tallied as (
    {{ tally(ref('int_trend_problems'), 'period, tag', 'problems', ['author_id']) }}
)

select
    period,
    tag,
    -- A tag that is itself called "other" is never shown alone: it would be taken for the rest.
    case when {{ is_safe('problems', product) }} and tag <> 'other' then tag else 'other' end as shown_tag
from tallied
