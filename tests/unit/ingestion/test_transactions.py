from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingestion.transactions import Transactions


def follow(known: int = 0) -> Transactions:
    """Transactions of which bronze holds `known` changes each."""
    return Transactions(lambda tx_id: known)


def land(transactions: Transactions, tx_id: int, changes: int, table: str = "tags") -> None:
    for _ in range(changes):
        transactions.landed(tx_id, table)


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_transaction_is_whole_when_as_many_landed_as_its_end_says(landed: int, expected: int) -> None:
    transactions = follow()
    transactions.begin(1)
    land(transactions, 1, landed)
    suspects = transactions.end(1, {"tags": expected}, landed)
    assert (suspects == []) == (landed == expected)


def test_a_suspect_names_its_tables() -> None:
    transactions = follow()
    transactions.begin(1)
    land(transactions, 1, 1, "posts")
    (suspect,) = transactions.end(1, {"tags": 2, "posts": 1}, 1)
    assert (suspect.expected, suspect.landed, suspect.tables) == (3, 1, ("posts", "tags"))


def test_changes_that_were_sent_again_are_counted_in_bronze() -> None:
    transactions = follow(known=4)
    transactions.begin(1)
    transactions.repeated(1)
    land(transactions, 1, 2)
    assert transactions.end(1, {"tags": 6}, 2) == []


def test_a_second_end_that_counts_too_few_is_no_alarm_when_the_first_was_right() -> None:
    transactions = follow(known=6)
    transactions.begin(1)
    land(transactions, 1, 6)
    assert transactions.end(1, {"tags": 6}, 6) == []
    transactions.repeated(1)
    assert transactions.end(1, {"tags": 2}, 0) == []


def test_an_end_that_counts_too_few_is_an_alarm_when_there_was_no_other() -> None:
    transactions = follow(known=4)
    land(transactions, 1, 2)  # the beginning was landed by an earlier process
    assert len(transactions.end(1, {"tags": 3}, 2)) == 1


def test_a_refused_message_may_stand_for_a_missing_change() -> None:
    transactions = follow()
    transactions.begin(1)
    land(transactions, 1, 2)
    transactions.refused()
    assert transactions.end(1, {"tags": 3}, 2) == []


def test_a_transaction_that_was_left_without_an_end_is_suspected_when_the_stream_goes_on() -> None:
    transactions = follow()
    transactions.begin(1)
    land(transactions, 1, 2)
    transactions.begin(2)
    land(transactions, 2, 1)
    (suspect,) = transactions.end(2, {"tags": 1}, 1)
    assert (suspect.tx_id, suspect.tables) == (1, ("tags",))


def test_a_transaction_that_is_sent_again_whole_after_a_kill_is_no_suspect() -> None:
    transactions = follow(known=2)
    transactions.begin(1)
    land(transactions, 1, 2)
    transactions.begin(1)
    transactions.repeated(1)
    transactions.repeated(1)
    land(transactions, 1, 1)
    assert transactions.end(1, {"tags": 3}, 1) == []
    transactions.begin(2)
    land(transactions, 2, 1)
    assert transactions.end(2, {"tags": 1}, 1) == []


def test_empty_transactions_are_never_suspected() -> None:
    transactions = follow()
    for tx_id in range(3):
        transactions.begin(tx_id)
        assert transactions.end(tx_id, {}, 0) == []
