select
    id as consent_id,
    account_id,
    purpose,
    granted as is_granted,
    decided_week,
    decided_month
from {{ source('silver', 'consents') }}
