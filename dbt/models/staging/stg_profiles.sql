select
    account_id,
    headline_chars,
    bio_chars,
    location_country,
    updated_week,
    updated_month
from {{ source('silver', 'profiles') }}
