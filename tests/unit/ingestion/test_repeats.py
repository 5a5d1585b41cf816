from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingestion.messages import Row
from ingestion.repeats import Identity, Repeats, identity


def row(lsn: int, key: str = "k", table: str = "tags") -> Row:
    return Row(table, "c", key, None, "{}", lsn, 1, 0, None)


class Bronze:
    """What has landed, and how often somebody looked."""

    def __init__(self) -> None:
        self.landed: set[Identity] = set()
        self.looks = 0

    def look_up(self, lsns: set[int]) -> set[Identity]:
        self.looks += 1
        return {each for each in self.landed if each[0] in lsns}

    def land(self, repeats: Repeats, *rows: Row) -> list[Row]:
        known = repeats.landed_already(rows)
        new = [each for each in rows if identity(each) not in known]
        for each in new:
            self.landed.add(identity(each))
            repeats.remember(identity(each))
        return new


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab")), max_size=8, unique=True), max_size=20),
    st.integers(1, 10),
)
def test_each_change_lands_once_however_often_and_late_it_is_sent(
    batches: list[list[tuple[int, str]]], remembered: int
) -> None:
    bronze = Bronze()
    repeats = Repeats(bronze.look_up, remembered)
    landed = [each for batch in batches for each in bronze.land(repeats, *(row(lsn, key) for lsn, key in batch))]
    assert len(landed) == len({identity(each) for each in landed})
    assert {identity(each) for each in landed} == {(lsn, "tags", key) for batch in batches for lsn, key in batch}


def test_rows_of_one_statement_share_an_lsn_and_are_no_repeats() -> None:
    bronze = Bronze()
    repeats = Repeats(bronze.look_up)
    assert len(bronze.land(repeats, row(5, "a"))) == 1
    assert len(bronze.land(repeats, row(5, "b"), row(5, "a", table="posts"))) == 2


def test_bronze_is_asked_only_about_what_may_be_a_repeat() -> None:
    bronze = Bronze()
    repeats = Repeats(bronze.look_up)
    bronze.land(repeats, row(10), row(20))
    bronze.land(repeats, row(15), row(30))  # interleaved: the LSN goes back, and nobody has sent it before
    assert bronze.looks == 0
    assert bronze.land(repeats, row(20)) == []
    assert bronze.looks == 1


def test_a_new_stream_forgets_what_another_database_sent() -> None:
    bronze = Bronze()
    repeats = Repeats(bronze.look_up)
    bronze.land(repeats, row(10))
    repeats.forget()
    bronze.landed.clear()
    assert len(bronze.land(repeats, row(10))) == 1
