"""What uploads takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Purpose = Literal["avatar", "portfolio", "attachment", "resume"]
Size = Literal["full", "small"]
Kind = Literal["image", "document"]
FULL: Size = "full"
SMALL: Size = "small"

MEDIA_TYPES = {
    "image/webp": "webp",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/plain": "txt",
}
"""Every type of a kept file, and how its name ends."""
PDF, DOCX, TEXT = tuple(MEDIA_TYPES)[1:]
WEBP = next(iter(MEDIA_TYPES))


@dataclass(frozen=True, slots=True)
class Rendering:
    """One size of a file, ready to be kept."""

    size: Size
    data: bytes
    width: int | None = None  # pixels, of images
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was checked, in every size that is kept. What a person sent is not in it."""

    kind: Kind
    media_type: str
    renderings: tuple[Rendering, ...]
    text: str = ""  # what a document says

    @property
    def bytes(self) -> int:
        """The bytes of the largest size."""
        return len(self.renderings[0].data)


@dataclass(frozen=True, slots=True)
class File:
    """A kept file. `used_at` is null until something shows it."""

    id: UUID
    owner_id: UUID
    purpose: Purpose
    kind: Kind
    media_type: str
    name: str
    bytes: int
    width: int | None
    height: int | None
    created_at: datetime
    used_at: datetime | None

    @property
    def is_image(self) -> bool:
        return self.kind == "image"

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/files/{self.id}"

    @property
    def small_path(self) -> str:
        """Where its small size is served; the file itself where it has none."""
        return f"{self.path}/small" if self.is_image else self.path


@dataclass(frozen=True, slots=True)
class Variant:
    """One size of a kept file as it is served."""

    file: File
    sha256: str
