"""A backup's table of contents: every file with its size and SHA-256, and what was true when it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.place import write_private
from lake.kit.errors import Stop

CONTENTS = "contents.json"
FORM = 1  # grows when an older `restore` could not read a newer backup


@dataclass(frozen=True)
class Held:
    """One file: its size in bytes and the SHA-256 of what is in it, in hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """What a backup holds. `files` and `keys` by name; the names of files are relative to the backup's folder."""

    made_at: str  # ISO 8601
    postgres: str  # the server's version
    databases: tuple[str, ...]
    shelf_only: bool
    files: dict[str, Held]
    keys: dict[str, Held]
    facts: dict[str, Any] = field(default_factory=dict)  # where the stream stood; to be read by people

    def write(self, folder: Path) -> None:
        """The last file of a backup: a folder without it holds none."""
        write_private(folder / CONTENTS, json.dumps({"form": FORM, **asdict(self)}, indent=1))


def read(folder: Path) -> Contents:
    """The contents that a backup says it has. Raises Stop when the folder holds no whole backup."""
    try:
        said = json.loads((folder / CONTENTS).read_text())
        if said.pop("form") > FORM:
            raise Stop(f"{folder} was made by a newer version: restore it with that one.")
        for part in ("files", "keys"):
            said[part] = {name: Held(**held) for name, held in said[part].items()}
        return Contents(**said | {"databases": tuple(said["databases"])})
    except FileNotFoundError:
        raise Stop(f"{folder} holds no {CONTENTS}: it is no backup, or one that was interrupted.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Stop(f"{folder / CONTENTS} is damaged: take another copy of this backup.") from error


def weigh(path: Path) -> Held:
    """The size and the SHA-256 of a file."""
    with path.open("rb") as file:
        return Held(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def weigh_all(folder: Path, names: Iterable[str]) -> dict[str, Held]:
    """The same of the named files below a folder."""
    return {name: weigh(folder / name) for name in names}


def check(folder: Path, files: dict[str, Held]) -> None:
    """Raise Stop unless every file is there as it was written."""
    wrong = [name for name, held in files.items() if not (folder / name).is_file() or weigh(folder / name) != held]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise Stop(
            f"The backup in {folder} is damaged: {', '.join(wrong[:3])}{more} missing or not as written. "
            "Nothing was restored. Take another copy of it."
        )
