"""Which engine writes the lake, by `LAKE_ENGINE` and the lake's own mark."""

from __future__ import annotations

from lake.settings import LakeSettings
from lake.store.engine import chosen
from lake.store.interface import Store
from lake.store.local import LocalStore


def open_store(settings: LakeSettings) -> Store:
    """The store of the lake's engine. Raises Stop when the settings name another one than the lake does."""
    if chosen(settings.root, settings.engine) == "local":
        return LocalStore(settings.root)
    from lake.store.spark import SparkStore  # noqa: PLC0415 - the embedded engine does without Spark

    return SparkStore(settings)
