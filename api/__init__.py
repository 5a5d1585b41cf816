"""The shop: procurers buy rows of published products with an API key and a prepaid balance.

Published versions on the shelf, procurers' requests and Stripe's webhooks enter; rows, signed receipts and ledger
entries leave. Read `access/` first (the only maker of an `Entitlement`), then `datasets/service.py` (how a paid answer
is made) and `migrations/0003_metering.sql` (how it is charged, in one transaction).
"""
