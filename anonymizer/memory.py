"""Memory that a batch has used goes back to the machine: allocators keep it otherwise, for good."""

from __future__ import annotations

import ctypes
import ctypes.util

import pyarrow as pa

_LIBC = ctypes.CDLL(ctypes.util.find_library("c"))


def give_back() -> None:
    """Return what Arrow and the C library hold without using it. Takes a few milliseconds."""
    pa.default_memory_pool().release_unused()
    if hasattr(_LIBC, "malloc_trim"):  # glibc
        _LIBC.malloc_trim(0)
