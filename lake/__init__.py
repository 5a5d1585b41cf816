"""The lake: what a table is, where it lives, and whether it may pass.

Bronze rows enter from `ingestion`, silver rows from `anonymizer`; numbered products leave for `api`.
Read `lake/contracts/model.py` first, then `lake/store/__init__.py`.
"""

from lake import lean

lean.install()
