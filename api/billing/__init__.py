"""Money in and out through Stripe: top-ups by Checkout, the webhook inbox, refunds, and the comparison of the books.

Amounts, Stripe's answers and signed events enter; ledger transactions leave. Read `inbox.py` first; `stripe_door.py`
is the only module that speaks to Stripe.
"""
