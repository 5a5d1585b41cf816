"""A stand-in for Stripe: the part of its HTTP API that the shop uses, a payment page, and signed webhooks.

Form-encoded requests with a secret key enter; Stripe's JSON objects, and events to the webhook's address, leave.
No money moves. Read `app.py` first; the state is one SQLite file (`store.py`).
"""
