select
    id as badge_award_id,
    account_id,
    badge,
    tier,
    awarded_week,
    awarded_month
from {{ source('silver', 'badge_awards') }}
