"""What landing lets through of people who were erased: the place of their rows, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson

from ingestion.messages import Row, read
from ingestion.withhold import Withholding
from lake.erased import ErasedList, digest
from lake.store import LocalStore
from tests.lib.changes import person, row, thing
from tests.lib.envelopes import change

GONE, OTHER = person(1), person(2)


def withholding(tmp_path: Path) -> Withholding:
    return Withholding(replace(ErasedList(LocalStore(tmp_path)), digests=frozenset({digest(GONE)})))


def landed(tmp_path: Path, table: str, op: str, **images: dict[str, object] | None) -> Row:
    message = read(change(table, op, lsn=7, tx=3, **images))  # type: ignore[arg-type]
    assert isinstance(message, Row)
    return withholding(tmp_path)(message)


def test_a_row_of_theirs_leaves_its_place_and_nothing_else(tmp_path: Path) -> None:
    for table, column in (("posts", "author_id"), ("accounts", "id"), ("follows", "followee_id")):
        image = row(table, **{column: GONE})
        for op, images in (("c", {"after": image}), ("u", {"before": image, "after": image}), ("d", {"before": image})):
            kept = landed(tmp_path, table, op, **images)
            assert (kept.op, kept.key, kept.before, kept.after) == ("x", "", None, None), (table, op)
            assert (kept.table, kept.lsn, kept.tx_id) == (table, 7, 3)


def test_a_snapshot_row_of_theirs_belongs_to_no_transaction(tmp_path: Path) -> None:
    kept = landed(tmp_path, "votes", "r", after=row("votes", account_id=GONE))
    assert (kept.op, kept.tx_id) == ("x", None)


def test_a_row_that_went_to_somebody_else_keeps_what_is_theirs_alone(tmp_path: Path) -> None:
    before, after = row("posts", id=thing(5), author_id=GONE), row("posts", id=thing(5), author_id=OTHER)
    kept = landed(tmp_path, "posts", "u", before=before, after=after)
    assert kept.before is None
    assert orjson.loads(kept.after or "")["author_id"] == OTHER


def test_rows_of_others_and_truncations_are_as_they_came(tmp_path: Path) -> None:
    kept = landed(tmp_path, "posts", "c", after=row("posts", author_id=OTHER))
    assert kept.op == "c"
    assert OTHER in (kept.after or "")
    assert landed(tmp_path, "posts", "t").op == "t"


def test_a_message_that_cannot_be_read_is_known_by_the_ids_in_it(tmp_path: Path) -> None:
    withheld = withholding(tmp_path)
    assert withheld.speaks_of_them(f'{{"after": {{"author_id": "{GONE.upper()}", "bod'.encode())
    assert not withheld.speaks_of_them(f'{{"after": {{"author_id": "{OTHER}", "bod'.encode())
    assert not Withholding(ErasedList(LocalStore(tmp_path))).speaks_of_them(GONE.encode())
