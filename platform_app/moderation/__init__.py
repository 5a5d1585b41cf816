"""Keeping the place safe: reports and what moderators decide, blocks and mutes, suspensions, trust and limits.

In: what people report, block or write, and what moderators do about it. Out: rows of the schema `moderation`, which never
leave PostgreSQL; what others ask before they write (`guard.py`) or read (`blocks.py`, `hidden.py`); business events that tell
the people concerned. It imports no other context but `identity`, the outbox and what `messaging` takes for
a mention, so that every context may ask it.
Read `guard.py` first, then `reports.py`.
"""
