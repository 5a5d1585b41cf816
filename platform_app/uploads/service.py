"""Rules of kept files. Every function takes an open transaction (`db.Database.write`) and never commits.

A file is prepared first, outside of any transaction: that takes processor time. `keep` writes its bytes before its row,
so that a row never names what is not there; bytes whose row was rolled back are found and removed by `cleaning.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from uuid import UUID

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Conflict, NotAllowed, NotFound
from platform_app.rules import one_line
from platform_app.uploads import documents, images, repository
from platform_app.uploads.schemas import (
    FULL,
    MEDIA_TYPES,
    PDF,
    TEXT,
    WEBP,
    File,
    Kind,
    Prepared,
    Purpose,
    Size,
    Variant,
)  # fmt: skip
from platform_app.uploads.sniff import EITHER_AS_WHAT
from platform_app.uploads.store import Store

MOST_FILES, MOST_BYTES = 500, 300_000_000  # of one person
LARGEST = {"avatar": images.MOST_BYTES, "portfolio": images.MOST_BYTES, "attachment": images.MOST_BYTES,
           "resume": documents.MOST_BYTES}  # fmt: skip
"""Bytes of the largest file for each purpose."""
ODD = re.compile(r"[^\w .()+-]+")


def prepare(data: bytes, purpose: Purpose) -> Prepared:
    """Check and, for images, draw anew what was brought for a purpose. Invalid, with what to do, when it is refused."""
    if purpose == "avatar":
        return images.prepare(data, images.FACE)
    if purpose == "portfolio":
        return images.prepare(data)
    if purpose == "resume":
        return documents.prepare(data)
    is_document = data.startswith(b"%PDF-") or _is_text(data)
    if is_document:
        return documents.prepare(data, types=(PDF, TEXT), advice=EITHER_AS_WHAT)
    return images.prepare(data, advice=EITHER_AS_WHAT)


def keep(
    conn: Conn, store: Store, owner_id: UUID, prepared: Prepared, *, purpose: Purpose, name: str, now: datetime
) -> File:
    """Keep a prepared file of a person. It is removed after a day unless something uses it (`use`).

    Conflict when the person keeps as much as one may.
    """
    files, held = repository.count(conn, owner_id, None, None)
    if files >= MOST_FILES or held + prepared.bytes > MOST_BYTES:
        raise Conflict("You keep as many files as one may: remove some first.", code="too_many_files", field="file")
    repository.share_lock(conn)
    variants = [(one.size, store.put(one.data)) for one in prepared.renderings]
    full = prepared.renderings[0]
    file = File(
        id=new_id(), owner_id=owner_id, purpose=purpose, kind=prepared.kind, media_type=prepared.media_type,
        name=safe_name(name, prepared.media_type), bytes=prepared.bytes, width=full.width, height=full.height,
        created_at=now, used_at=None,
    )  # fmt: skip
    repository.insert(conn, file, variants)
    return file


def find(conn: Conn, file_id: UUID) -> File:
    """A kept file; NotFound when there is none."""
    file = repository.find(conn, file_id)
    if file is None:
        raise NotFound("There is no such file.")
    return file


def variant_of(conn: Conn, file_id: UUID, size: Size) -> Variant:
    """A size of a file as it is served; the full one where there is no smaller. NotFound when there is no such file."""
    file, sha256 = find(conn, file_id), repository.sha256_of(conn, file_id, size)
    if sha256 is None:
        raise NotFound("There is no such file.")
    return Variant(file, sha256)


def own(conn: Conn, owner_id: UUID, file_ids: Sequence[UUID], purpose: Purpose) -> list[File]:
    """These files, which must be the person's and brought for this purpose; NotFound or NotAllowed otherwise."""
    found = [find(conn, file_id) for file_id in file_ids]
    if any(file.owner_id != owner_id or file.purpose != purpose for file in found):
        raise NotAllowed(
            "Only whoever brought a file may use it, and only for what it was brought for.", code="not_yours"
        )
    return found


def use(conn: Conn, file_ids: Sequence[UUID], now: datetime) -> None:
    """Say that something shows these files, so that they stay."""
    repository.use(conn, file_ids, now)


def drop(conn: Conn, file_ids: Sequence[UUID]) -> None:
    """Forget files; their content leaves the disk soon after the commit, unless another file has the same."""
    if file_ids:
        repository.remove(conn, file_ids)


def discard(conn: Conn, owner_id: UUID, file_id: UUID) -> None:
    """Forget a file that its owner brought and has not used. NotFound, NotAllowed or Conflict otherwise."""
    file = find(conn, file_id)
    if file.owner_id != owner_id:
        raise NotAllowed("Only whoever brought a file may remove it.", code="not_yours")
    if file.used_at is not None:
        raise Conflict("The file is shown somewhere: take it away there.", code="in_use")
    drop(conn, [file_id])


def count_of(conn: Conn, owner_id: UUID, kind: Kind | None = None, since: datetime | None = None) -> int:
    """How many files (of a kind) a person has brought (since a moment), for limits on new accounts."""
    return repository.count(conn, owner_id, kind, since)[0]


def files_of(conn: Conn, owner_id: UUID) -> list[File]:
    """Every file of a person, oldest first."""
    return repository.files_of(conn, owner_id)


def places_of(conn: Conn, store: Store, owner_id: UUID) -> Iterator[tuple[str, Path]]:
    """Each file of a person at its full size: a name of its own for an archive, and where it lies."""
    for file in repository.files_of(conn, owner_id):
        sha256 = repository.sha256_of(conn, file.id, FULL)
        if sha256 is not None:
            yield f"files/{file.purpose}/{file.id}/{file.name}", store.path(sha256)


def forget(conn: Conn, account_id: UUID) -> None:
    """Forget every file of a person; whatever shows them was removed before."""
    drop(conn, repository.ids_of(conn, account_id))


def safe_name(name: str, media_type: str) -> str:
    """The name that a file is saved under: what the person called it without path, oddities and foreign endings."""
    stem = ODD.sub("", one_line(PurePath(name.replace("\\", "/")).stem)).strip(" .")[:80]
    return f"{stem or ('image' if media_type == WEBP else 'document')}.{MEDIA_TYPES[media_type]}"


def _is_text(data: bytes) -> bool:
    return b"\x00" not in data[:4096] and not data.startswith((b"GIF8", b"\xff\xd8", b"\x89PNG", b"RIFF", b"PK"))
