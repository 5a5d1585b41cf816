"""Anonymised versions enter from the lake's silver; the warehouse's schema `silver` leaves, current and at one cut.

Free text stays in the lake. Read `warehouse.py` first (which relations there are and who may do what), then `copy.py`.
"""

from lake.load.compare import compare
from lake.load.copy import load

__all__ = ["compare", "load"]
