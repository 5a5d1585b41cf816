"""The shelf: folders `<product>/v0001` written by publishing, read here. A version never changes, so it is kept in memory.

Every file's SHA-256 is compared with the manifest when it is first opened; a file that differs is never served.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from api.catalogue.manifest import File, Manifest, read_manifest
from api.problems import Problem
from lake.contracts.products import PRODUCT_BY_NAME, PRODUCTS, Product
from lake.kit.log import get_log

_FOLDER = re.compile(r"v(\d{4,9})")
_SETTLED = 2_000_000_000  # nanoseconds
_KEPT = 24  # versions in memory, least recently used dropped


@dataclass(frozen=True)
class Loaded:
    """A version and its rows, sorted by grain: a row's number is its place in this table."""

    manifest: Manifest
    table: Any  # pyarrow.Table, columns as in the manifest


class Shelf:
    """Reads published versions below a folder; safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._manifests: dict[Path, Manifest] = {}
        self._newest: dict[str, tuple[int, list[int]]] = {}
        self._loaded: OrderedDict[Path, Loaded] = OrderedDict()
        self._lock = Lock()

    def versions(self, product: str) -> list[int]:
        """The published version numbers of a product, newest first; the folder is listed again once it has changed."""
        folder = self._root / self.product(product).name
        try:
            changed = folder.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        known = self._newest.get(product)
        if known is not None and known[0] == changed:
            return known[1]
        numbers = sorted((int(m[1]) for path in folder.iterdir() if (m := _FOLDER.fullmatch(path.name))), reverse=True)
        if time.time_ns() - changed > _SETTLED:  # a folder changed just now may change again within the clock's tick
            self._newest[product] = (changed, numbers)
        return numbers

    def product(self, name: str) -> Product:
        """The declared product; Problem `not_found` when there is none."""
        if name not in PRODUCT_BY_NAME:
            raise Problem("not_found", "See GET /v1/products for what there is.", details={"what": "product"})
        return PRODUCT_BY_NAME[name]

    def manifest(self, product: str, version: int | None = None) -> Manifest:
        """A version's manifest, the newest by default; Problem `not_found` when it is not published."""
        numbers = self.versions(product)
        number = version if version is not None else (numbers[0] if numbers else 0)
        if number not in numbers:
            raise Problem("not_found", "No such version is published yet.", details={"what": "version"})
        folder = self._folder(product, number)
        if folder not in self._manifests:
            self._manifests[folder] = self._checked_manifest(folder, product, number)
        return self._manifests[folder]

    def current(self) -> list[tuple[Product, Manifest | None]]:
        """Every declared product with its newest version, or None before the first."""
        return [(product, self.manifest(product.name) if self.versions(product.name) else None) for product in PRODUCTS]

    def load(self, manifest: Manifest) -> Loaded:
        """The rows of a version, checked and sorted by grain; Problem `product_damaged` when a file differs."""
        folder = self._folder(manifest.product, manifest.version)
        with self._lock:
            if folder not in self._loaded:
                self._loaded[folder] = Loaded(manifest, _read(folder, manifest))
            self._loaded.move_to_end(folder)
            while len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
            return self._loaded[folder]

    def is_loaded(self, manifest: Manifest) -> bool:
        """Whether `load` would answer from memory."""
        return self._folder(manifest.product, manifest.version) in self._loaded

    def _folder(self, product: str, version: int) -> Path:
        return self._root / product / f"v{version:04d}"

    def _checked_manifest(self, folder: Path, product: str, version: int) -> Manifest:
        try:
            manifest = read_manifest(folder)
        except (OSError, ValidationError) as error:
            raise _damaged(folder, "manifest_unreadable") from error
        if (manifest.product, manifest.version) != (product, version):
            raise _damaged(folder, "manifest_of_another_version")
        return manifest


def _read(folder: Path, manifest: Manifest) -> Any:
    names = [column.name for column in manifest.columns]
    try:
        parts = [pq.read_table(_checked_file(folder, file), columns=names) for file in manifest.files]
    except (OSError, pa.ArrowException) as error:
        raise _damaged(folder, "file_unreadable") from error
    if not parts:
        raise _damaged(folder, "no_files")
    table = pa.concat_tables(parts).select(names)
    if table.num_rows != manifest.rows:
        raise _damaged(folder, "row_count_differs")
    return table.sort_by([(name, "ascending") for name in manifest.grain]).combine_chunks()


def _checked_file(folder: Path, file: File) -> Any:
    path = (folder / file.path).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise _damaged(folder, "file_outside_the_version")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise _damaged(folder, "file_digest_differs")
    return pa.BufferReader(content)  # what was hashed is what is read


def _damaged(folder: Path, fault: str) -> Problem:
    get_log().error("product_damaged", product=folder.parent.name, version=folder.name, fault=fault)
    return Problem(
        "product_damaged", "This version's files fail their check; the operator has been told. Try another version."
    )
