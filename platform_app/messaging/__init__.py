"""Telling people what others did: notifications on the site, at once while it is open, and by mail where they want it.

In: business events (`notify.py`, a subscriber of the outbox) and what a person reads or prefers (`service.py`). Out: rows of
`messaging.notifications`, a signal to every process of the site (`LISTEN notifications`), and mail (`post.py`), which the
worker sends. Read `notify.py` first.
"""
