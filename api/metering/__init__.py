"""What was bought and what it cost: quotes, charges and signed receipts.

An `Entitlement` and a slice of a version enter; a `Purchase`, committed with its charge, leaves.
Read `purchases.py` first; the rule itself is in `migrations/0003_metering.sql`.
"""
