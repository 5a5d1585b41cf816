"""Marts enter; numbered, immutable versions of the products leave, each with its quality and privacy report.

Read `release.py` first: which periods go into the next version. `shelf.py` puts it in place with one rename.
"""

from lake.publish.release import Published, publish

__all__ = ["Published", "publish"]
