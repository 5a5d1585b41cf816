"""The dbt project as it is committed."""

from __future__ import annotations

from pathlib import Path

from lake.contracts.tables import TABLES
from lake.verify import verify


def test_the_project_keeps_the_declarations(tmp_path: Path) -> None:
    assert verify(tmp_path) > len(TABLES)
