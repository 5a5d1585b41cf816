"""Where bytes lie: a folder in which each file is named by the SHA-256 of its content. An object store would fit here too.

The same content is one file, whoever brought it. A file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


class Store:
    """Files by their content, below one folder of mode 0700; nobody but the app reads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep the bytes; returns their name. Keeping them again renews the file's time."""
        name = hashlib.sha256(data).hexdigest()
        path = self.path(name)
        if path.exists():
            os.utime(path)
            return name
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        draft, drafted = tempfile.mkstemp(dir=path.parent, prefix=".")
        with suppress(FileNotFoundError), os.fdopen(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(drafted).rename(path)
        return name

    def path(self, name: str) -> Path:
        """Where the file of this name lies, if it is there."""
        return self._folder / name[:2] / name

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError when they are gone."""
        return self.path(name).read_bytes()

    def remove(self, name: str) -> bool:
        """Remove a file; whether it was there."""
        try:
            self.path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def older_than(self, moment: float) -> Iterator[list[str]]:
        """The names of files last kept before a moment (seconds since 1970), a folder at a time; drafts among them."""
        for folder in sorted(self._folder.glob("??")):
            names = []
            for path in folder.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < moment:
                        names.append(path.name)
            if names:
                yield sorted(names)
