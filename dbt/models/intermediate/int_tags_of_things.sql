{{ config(materialized='view') }}

-- Each tag of a post or an approach once, under the name that is used for it.
select distinct
    tagging.post_id,
    tagging.approach_id,
    coalesce(vocabulary.used_tag, tagging.tag) as tag
from {{ ref('stg_taggings') }} as tagging
left join {{ ref('stg_tags') }} as vocabulary using (tag)
