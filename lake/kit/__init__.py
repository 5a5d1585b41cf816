"""Four small tools that every room may use: the clock, ids, errors and the log.

Nothing enters and nothing leaves; there is no fifth file. Read `errors.py` first.
"""
