"""A dump's files are read row by row, and a damaged one stops with one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.kit.errors import Stop
from platform_app.dump.files import Dump
from tests.lib.dumps import small_dump, write_csv, write_xml


def test_both_forms_give_the_same_rows(tmp_path: Path) -> None:
    xml = Dump(write_xml(tmp_path / "xml", small_dump()))
    table = Dump(write_csv(tmp_path / "csv", small_dump()))
    for name in small_dump():
        assert list(xml.rows(name)) == list(table.rows(name))


def test_a_file_that_is_not_needed_may_be_missing(tmp_path: Path) -> None:
    dump = Dump(write_xml(tmp_path / "dump", {"Users": [], "Posts": []}))
    assert list(dump.rows("Votes")) == []
    assert "Votes" in dump.missing


def test_a_folder_without_a_dump_stops_and_says_which_files_are_missing(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"no Users and no Posts file"):
        Dump(tmp_path)
    with pytest.raises(Stop, match="is no folder"):
        Dump(tmp_path / "nowhere")


@pytest.mark.parametrize("form", ["xml", "csv"])
def test_a_file_that_breaks_off_stops_after_its_last_whole_row(tmp_path: Path, form: str) -> None:
    write = write_xml if form == "xml" else write_csv
    rows = {**small_dump(), "Users": [{"Id": str(n), "DisplayName": f"name {n * 7919 % 1000}"} for n in range(2_000)]}
    folder = write(tmp_path / "dump", rows)
    path = next(folder.glob("Users*"))
    path.write_bytes(path.read_bytes()[:-200])
    read = Dump(folder).rows("Users")
    with pytest.raises(Stop, match="breaks off or is damaged after"):
        list(read)


def test_entities_are_refused(tmp_path: Path) -> None:
    folder = write_xml(tmp_path / "dump", small_dump())
    bomb = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><users><row Id="1" DisplayName="&b;" /></users>'
    (folder / "Users.xml").write_text(bomb)
    with pytest.raises(Stop, match="declares XML entities"):
        list(Dump(folder).rows("Users"))
