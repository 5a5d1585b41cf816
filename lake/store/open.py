"""Which engine writes the lake, by `LAKE_ENGINE`."""

from __future__ import annotations

from lake.settings import LakeSettings
from lake.store.interface import Store
from lake.store.local import LocalStore


def open_store(settings: LakeSettings) -> Store:
    """The store of the engine that the settings name."""
    return LocalStore(settings.root)
