"""The four verbs of the store, append · changes · compact · erase, and read; which engine does them is known only here.

Arrow tables enter with the position they were read up to, and leave by position. Read `interface.py`, then `local.py`,
then `spark.py`; `open_store` chooses the engine.
"""

from lake.store.interface import SecondWriter, Span, Store, Work
from lake.store.lease import Busy, lease
from lake.store.local import LocalStore
from lake.store.open import open_store
from lake.store.position import START, Position

__all__ = [
    "START",
    "Busy",
    "LocalStore",
    "Position",
    "SecondWriter",
    "Span",
    "Store",
    "Work",
    "lease",
    "open_store",
]
