from __future__ import annotations

from pathlib import Path

import pytest

from lake.contracts.model import Pii
from lake.contracts.tables import TABLES
from lake.gen import FILES, check, dbt_sources, tables_page, write
from lake.kit.errors import Stop


def test_the_committed_files_are_what_the_declarations_say() -> None:
    check()


def test_a_file_that_was_edited_by_hand_is_named_with_the_way_out(tmp_path: Path) -> None:
    assert sorted(write(tmp_path)) == sorted(FILES)
    (tmp_path / "docs/tables.md").write_text("edited")
    with pytest.raises(Stop, match=r"docs/tables.md .*python -m lake gen"):
        check(tmp_path)
    assert write(tmp_path) == ["docs/tables.md"]
    assert write(tmp_path) == []


def test_every_column_of_every_table_is_on_the_page() -> None:
    page = tables_page()
    assert [t.name for t in TABLES if f"## {t.full_name}" not in page] == []
    assert [c.name for t in TABLES for c in t.columns if f"| `{c.name}` |" not in page] == []


def test_dbt_knows_no_column_that_holds_text_or_names() -> None:
    sources = dbt_sources()
    above = {c.name for t in TABLES for c in t.columns if c.pii in (Pii.DIRECT, Pii.FREE_TEXT)}
    assert [name for name in above if f"- name: {name}\n" in sources] == []
