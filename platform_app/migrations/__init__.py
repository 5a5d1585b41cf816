"""Forward-only SQL migrations, their runner, and the check that they keep what the contracts promise.

In: numbered `.sql` files beside this one and an empty or older database. Out: the newest schema, the publication
and the rights of each role. Read `runner.py` first, then `verify.py`.
"""
