{{ config(materialized='view') }}

-- Which quarters each rolling year is made of: the named one and the three before it.
select distinct
    cast(quarter.period + make_interval(months => 3 * step) as date) as year_period,
    quarter.period as quarter
from (select distinct period from {{ ref('int_link_pairs') }}) as quarter
cross join generate_series(0, 3) as step
