"""SQL of the schema `uploads`. Every function runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.uploads.schemas import File, Size

LOCK = 4_719_003  # shared by who brings content, alone by who removes it
COLUMNS = "id, owner_id, purpose, kind, media_type, name, bytes, width, height, created_at, used_at"


def share_lock(conn: Conn) -> None:
    """Until the transaction ends nobody removes content that it is about to name."""
    conn.execute("SELECT pg_advisory_xact_lock_shared(%s)", (LOCK,))


def lock(conn: Conn) -> None:
    """Until the transaction ends nobody brings content."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))


def insert(conn: Conn, file: File, variants: Sequence[tuple[Size, str]]) -> None:
    conn.execute(
        f"INSERT INTO uploads.files ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            file.id, file.owner_id, file.purpose, file.kind, file.media_type, file.name, file.bytes, file.width,
            file.height, file.created_at, file.used_at,
        ),
    )  # fmt: skip
    for size, sha256 in variants:
        conn.execute(
            "INSERT INTO uploads.variants (file_id, size, sha256) VALUES (%s, %s, %s)", (file.id, size, sha256)
        )


def find(conn: Conn, file_id: UUID) -> File | None:
    with conn.cursor(row_factory=class_row(File)) as cursor:
        return cursor.execute(f"SELECT {COLUMNS} FROM uploads.files WHERE id = %s", (file_id,)).fetchone()


def files_of(conn: Conn, owner_id: UUID) -> list[File]:
    with conn.cursor(row_factory=class_row(File)) as cursor:
        return cursor.execute(
            f"SELECT {COLUMNS} FROM uploads.files WHERE owner_id = %s ORDER BY created_at, id", (owner_id,)
        ).fetchall()


def sha256_of(conn: Conn, file_id: UUID, size: Size) -> str | None:
    row = conn.execute(
        "SELECT sha256 FROM uploads.variants WHERE file_id = %s AND size IN (%s, 'full') ORDER BY size = 'full' LIMIT 1",
        (file_id, size),
    ).fetchone()
    return str(row[0]) if row else None


def use(conn: Conn, file_ids: Sequence[UUID], now: datetime) -> None:
    conn.execute("UPDATE uploads.files SET used_at = %s WHERE id = ANY(%s)", (now, list(file_ids)))


def remove(conn: Conn, file_ids: Sequence[UUID]) -> None:
    conn.execute(
        "INSERT INTO uploads.loose (sha256) SELECT DISTINCT sha256 FROM uploads.variants WHERE file_id = ANY(%s) "
        "ON CONFLICT DO NOTHING",
        (list(file_ids),),
    )
    conn.execute("DELETE FROM uploads.files WHERE id = ANY(%s)", (list(file_ids),))


def ids_of(conn: Conn, owner_id: UUID) -> list[UUID]:
    return [row[0] for row in conn.execute("SELECT id FROM uploads.files WHERE owner_id = %s", (owner_id,)).fetchall()]


def unused_before(conn: Conn, moment: datetime, limit: int) -> list[UUID]:
    rows = conn.execute(
        "SELECT id FROM uploads.files WHERE used_at IS NULL AND created_at < %s ORDER BY created_at LIMIT %s "
        "FOR UPDATE SKIP LOCKED",
        (moment, limit),
    ).fetchall()
    return [row[0] for row in rows]


def loose(conn: Conn, limit: int) -> list[str]:
    return [row[0] for row in conn.execute("SELECT sha256 FROM uploads.loose LIMIT %s", (limit,)).fetchall()]


def settle(conn: Conn, names: Sequence[str]) -> None:
    conn.execute("DELETE FROM uploads.loose WHERE sha256 = ANY(%s)", (list(names),))


def named(conn: Conn, names: Sequence[str]) -> set[str]:
    """Which of the names a row still has."""
    rows = conn.execute(
        "SELECT DISTINCT sha256 FROM uploads.variants WHERE sha256 = ANY(%s)", (list(names),)
    ).fetchall()
    return {row[0] for row in rows}


def count(conn: Conn, owner_id: UUID, kind: str | None, since: datetime | None) -> tuple[int, int]:
    row = conn.execute(
        "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM uploads.files WHERE owner_id = %(owner)s "
        "AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)",
        {"owner": owner_id, "kind": kind, "since": since},
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)
