"""A published version's manifest, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Described(BaseModel):
    """A column as the manifest describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    type: str
    about: str
    unit: str | None = None


class File(BaseModel):
    """A Parquet file of the version, below its folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    bytes: int
    sha256: str
    rows: int


class Price(BaseModel):
    """What a row costs, in micro-units of the currency."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    currency: str
    micro_per_row: int = Field(ge=0)


class Manifest(BaseModel):
    """manifest.json of one version. Never changes once it is on the shelf."""

    model_config = ConfigDict(frozen=True, extra="allow")

    product: str
    version: int = Field(ge=1)
    created_at: str
    columns: tuple[Described, ...]
    grain: tuple[str, ...] = Field(min_length=1)
    rows: int = Field(ge=0)
    periods: dict[str, Any]
    files: tuple[File, ...]
    quality: dict[str, Any]
    privacy: dict[str, Any]
    price: Price
    content_sha256: str
    code_version: str | None = None
    method_version: str | None = None

    @property
    def measures(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.name not in self.grain)


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a version's folder."""
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())
