"""Who may do what: procurers, passwords, sessions, API keys, and the only maker of an `Entitlement`.

Headers and cookies enter; a `Caller` (who it is) and, for a right that was checked, an `Entitlement` leave.
Read `entitlement.py` first.
"""
