"""Keeps pandas out of processes that do not ask for it: a second of processor time and 44 MB for every command.

pyarrow looks for pandas once, with the first array it makes, which it does while `pyarrow.dataset` loads. It is told
no, there and then; whoever wants pandas later gets it, `to_pandas` too.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder


class WithoutPandas(MetaPathFinder):
    """Finds no pandas while `pyarrow.dataset` loads, and leaves everything else to the others."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        spec = getattr(sys.modules.get("pyarrow.dataset"), "__spec__", None)
        if fullname == "pandas" and getattr(spec, "_initializing", False):
            raise ModuleNotFoundError("pyarrow.dataset loads without pandas", name=fullname)


def install() -> None:
    """Stand before the other finders, once."""
    if not any(isinstance(finder, WithoutPandas) for finder in sys.meta_path):
        sys.meta_path.insert(0, WithoutPandas())
