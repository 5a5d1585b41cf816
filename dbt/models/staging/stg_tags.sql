select
    name as tag,
    coalesce(synonym_of, name) as used_tag,
    created_week,
    created_month
from {{ source('silver', 'tags') }}
