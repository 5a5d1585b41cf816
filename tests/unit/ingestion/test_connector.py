from __future__ import annotations

from pydantic import SecretStr

from ingestion.connector import configuration
from ingestion.settings import Settings
from lake.contracts.tables import PRIVATE, TABLES

URL = "postgresql://app_capture:hush@127.0.0.1:5433/app"


def test_exactly_the_published_tables_and_the_signals_are_captured() -> None:
    told = configuration(TABLES, URL, "p")["table.include.list"].split(",")
    assert sorted(told) == sorted([*(table.full_name for table in TABLES), "capture.signals"])
    assert set(told) & PRIVATE.keys() == {"capture.signals"}


def test_the_database_comes_from_the_url() -> None:
    told = configuration(TABLES, URL, "p")
    assert [told[f"database.{name}"] for name in ("hostname", "port", "user", "password", "dbname")] == [
        "127.0.0.1", "5433", "app_capture", "hush", "app",
    ]  # fmt: skip


def test_the_placeholder_belongs_to_the_installation_and_tells_no_secret() -> None:
    one, other = (
        Settings(source_url=SecretStr(f"postgresql://u:{word}@h/app")).placeholder for word in ("hush", "quiet")
    )
    assert one != other
    assert "hush" not in one
