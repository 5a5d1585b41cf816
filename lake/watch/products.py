"""The shelf: each product's versions, from the manifests beside them, each read once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lake.contracts.names import product_path
from lake.contracts.products import PRODUCTS

MANIFEST = "manifest.json"  # as `lake.publish` names it, which is not imported: its checks take 100 MB
SHOWN = 20  # versions of a product, the newest ones


@dataclass(frozen=True)
class Version:
    """A published version: its number, rows, cut, when it was published (seconds since 1970), and its checks."""

    version: int
    rows: int
    cut: int
    published_at: float
    last_period: str
    checks: int
    failed: tuple[str, ...]
    withheld: int


class Products:
    """Looks at the names of the shelf's folders; opens a manifest when a new one is there."""

    def __init__(self, root: Path) -> None:
        self._folders = {product.name: root / product_path(product.name) for product in PRODUCTS}
        self._known: dict[Path, Version] = {}
        self.versions: dict[str, list[Version]] = {}

    def look(self) -> None:
        """Take in versions that are new, and let go of those that are gone."""
        for product, folder in self._folders.items():
            found = sorted(folder.glob("v[0-9]*"))
            self.versions[product] = [one for path in found[-SHOWN:] if (one := self._open(path))]

    def _open(self, path: Path) -> Version | None:
        if path not in self._known:
            try:
                said = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
                self._known[path] = _version(said)
            except (OSError, ValueError, KeyError, TypeError):
                return None
        return self._known[path]

    def as_json(self) -> list[dict[str, Any]]:
        """Each product with its versions, the newest first; a product without any has none yet."""
        return [
            {"product": product, "versions": [asdict(one) for one in reversed(versions)]}
            for product, versions in self.versions.items()
        ]


def _version(said: dict[str, Any]) -> Version:
    quality = said.get("quality") or {}
    checks = quality.get("checks", [])
    return Version(
        version=int(said["version"]),
        rows=int(said["rows"]),
        cut=int(said["cut"]["offset"]),
        published_at=datetime.fromisoformat(said["created_at"]).timestamp(),
        last_period=str(said["periods"]["last"]),
        checks=len(checks),
        failed=tuple(str(check["check"]) for check in checks if not check["passed"]),
        withheld=int(said["privacy"]["measures_withheld"]),
    )
