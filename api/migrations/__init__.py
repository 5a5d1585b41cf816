"""Numbered SQL files, forward only; each runs once, in a transaction of its own, as role shop_owner.

SQL files enter, a database at the newest schema leaves. Read `0002_ledger.sql` first, then `runner.py`.
"""
