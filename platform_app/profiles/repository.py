"""SQL of the schema `profiles`. Every function runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from lake.contracts.tables import BY_NAME
from platform_app.db import Conn, insert_rows
from platform_app.profiles.schemas import BadgeAward, Profile

PERSONAL = (
    "badge_awards", "account_skills", "working_lives", "portfolio_skills", "portfolio_items", "faces", "resumes", "reputation", "github",
    "featured", "profiles",
)  # fmt: skip


def profile_of(conn: Conn, account_id: UUID) -> Profile | None:
    with conn.cursor(row_factory=class_row(Profile)) as cursor:
        return cursor.execute(
            "SELECT account_id, headline, bio, website_url, location, updated_at "
            "FROM profiles.profiles WHERE account_id = %s",
            (account_id,),
        ).fetchone()


def lock_person(conn: Conn, account_id: UUID) -> None:
    conn.execute("SELECT FROM identity.accounts WHERE id = %s FOR NO KEY UPDATE", (account_id,))


def save_profile(conn: Conn, profile: Profile) -> None:
    conn.execute(
        "INSERT INTO profiles.profiles (account_id, headline, bio, website_url, location, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (account_id) DO UPDATE SET headline = excluded.headline, "
        "bio = excluded.bio, website_url = excluded.website_url, location = excluded.location, "
        "updated_at = excluded.updated_at",
        (
            profile.account_id,
            profile.headline,
            profile.bio,
            profile.website_url,
            profile.location,
            profile.updated_at,
        ),
    )


def insert_profiles(conn: Conn, rows: Sequence[Profile]) -> int:
    return insert_rows(conn, BY_NAME["profiles"], rows)


def insert_awards(conn: Conn, rows: Sequence[BadgeAward]) -> int:
    return insert_rows(conn, BY_NAME["badge_awards"], rows)


def remove_person(conn: Conn, account_id: UUID) -> None:
    conn.execute("UPDATE profiles.featured SET featured_by = NULL WHERE featured_by = %s", (account_id,))
    for table in PERSONAL:
        conn.execute(f"DELETE FROM profiles.{table} WHERE account_id = %s".encode(), (account_id,))


def badges_of(conn: Conn, account_id: UUID) -> list[BadgeAward]:
    with conn.cursor(row_factory=class_row(BadgeAward)) as cursor:
        return cursor.execute(
            "SELECT id, account_id, badge, tier, awarded_at FROM profiles.badge_awards "
            "WHERE account_id = %s ORDER BY awarded_at DESC, id DESC",
            (account_id,),
        ).fetchall()
