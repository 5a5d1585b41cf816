from __future__ import annotations

import pytest
from pydantic import SecretStr

from ingestion.connector import JAVAS_OWN, configuration
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


CA = "/etc/ssl/ours.pem"


@pytest.mark.parametrize(
    ("parameters", "elsewhere", "expected"),
    [
        ("", "", {}),
        ("?sslmode=require", "", {"sslmode": "require"}),
        (f"?sslmode=verify-full&sslrootcert={CA}", "", {"sslmode": "verify-full", "sslrootcert": CA}),
        (f"?sslmode=verify-full&sslrootcert={CA}", "/c.pem", {"sslmode": "verify-full", "sslrootcert": "/c.pem"}),
        ("?sslmode=verify-full&sslrootcert=system", "", {"sslmode": "verify-full", "sslfactory": JAVAS_OWN}),
        ("?sslmode=verify-ca&connect_timeout=3", CA, {"sslmode": "verify-ca", "sslrootcert": CA}),
    ],
    ids=[
        "none",
        "a mode",
        "an authority",
        "another place on Connect's machine",
        "the system's authorities",
        "no other word",
    ],
)
def test_the_way_to_the_database_is_secured_as_its_url_says(
    parameters: str, elsewhere: str, expected: dict[str, str]
) -> None:
    told = configuration(TABLES, URL + parameters, "p", elsewhere)
    plain = {"hostname", "port", "user", "password", "dbname"}
    said = {name.removeprefix("database."): value for name, value in told.items() if name.startswith("database.")}
    assert {name: value for name, value in said.items() if name not in plain} == expected


def test_the_placeholder_belongs_to_the_installation_and_tells_no_secret() -> None:
    one, other = (
        Settings(source_url=SecretStr(f"postgresql://u:{word}@h/app")).placeholder for word in ("hush", "quiet")
    )
    assert one != other
    assert "hush" not in one
