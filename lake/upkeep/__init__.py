"""Upkeep: a lake that has grown enters; the same lake leaves, small and fast, in bounded steps beside whatever runs.

Read `maintain.py` first (what is done, in which order, and what bounds it), then `kept.py` (which versions stay).
"""

from lake.upkeep.kept import Ages, kept

__all__ = ["Ages", "kept"]
