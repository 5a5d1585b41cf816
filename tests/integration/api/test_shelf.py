"""Files on the shelf that are not what the manifest says are never served."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.catalogue import shelf as shelf_module
from api.catalogue.shelf import Shelf
from api.problems import Problem
from tests.lib.shelf import publish_version, trend_rows


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A version in which one byte of one file was changed after publishing, such that it still reads."""
    folder = publish_version(tmp_path, trend_rows())
    file = next(folder.glob("*.parquet"))
    file.write_bytes(file.read_bytes().replace(b"clay", b"clax"))
    return tmp_path


def test_a_changed_file_is_refused_and_logged(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shelf = Shelf(damaged)
    with pytest.raises(Problem) as refused:
        shelf.load(shelf.manifest("problem_trends_monthly"))
    assert (refused.value.code, refused.value.status) == ("product_damaged", 503)
    out = "".join(capsys.readouterr())
    assert "file_digest_differs" in out
    assert "clax" not in out


def test_without_the_digest_the_changed_value_would_be_sold(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "_checked_file", lambda folder, file: folder / file.path)
    shelf = Shelf(damaged)
    table = shelf.load(shelf.manifest("problem_trends_monthly")).table
    assert "clax" in table.column("tag").to_pylist()


def test_a_missing_file_and_a_broken_manifest_are_refused(tmp_path: Path) -> None:
    folder = publish_version(tmp_path, trend_rows())
    next(folder.glob("*.parquet")).unlink()
    (publish_version(tmp_path, trend_rows(), version=2) / "manifest.json").write_text("{")
    shelf = Shelf(tmp_path)
    for version in (1, 2):
        with pytest.raises(Problem) as refused:
            shelf.load(shelf.manifest("problem_trends_monthly", version))
        assert refused.value.code == "product_damaged"


def test_a_new_version_is_seen_and_a_half_built_one_is_not(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.versions("problem_trends_monthly") == []
    publish_version(tmp_path, trend_rows())
    assert shelf.versions("problem_trends_monthly") == [1]
    publish_version(tmp_path, trend_rows(), version=2)
    (tmp_path / "problem_trends_monthly" / ".building-x").mkdir()
    assert shelf.versions("problem_trends_monthly") == [2, 1]
    assert shelf.manifest("problem_trends_monthly").version == 2


def test_rows_are_numbered_by_grain_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    rows = trend_rows()
    publish_version(tmp_path, rows)
    publish_version(tmp_path, rows[::-1], version=2)
    shelf = Shelf(tmp_path)
    first, second = (shelf.load(shelf.manifest("problem_trends_monthly", version)).table for version in (1, 2))
    assert first.equals(second)
