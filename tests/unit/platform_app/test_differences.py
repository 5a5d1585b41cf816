"""What changed between two texts is told completely, and briefly."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from platform_app.web.differences import CONTEXT, Mark, blocks, differences

LINES = st.lists(st.sampled_from(["a b c\n", "a x c\n", "\n", "one two three four\n", "* item\n", "last"]), max_size=12)


def joined(old: str, new: str, *marks: Mark) -> str:
    return "".join(piece.text for block in blocks(old, new) for piece in block.pieces if piece.mark in marks)


@settings(deadline=None)
@given(LINES.map("".join) | st.text(max_size=80), LINES.map("".join) | st.text(max_size=80))
def test_both_texts_can_be_read_out_of_what_changed(old: str, new: str) -> None:
    assert joined(old, new, "same", "gone") == old
    assert joined(old, new, "same", "new") == new


def test_a_changed_word_is_marked_alone() -> None:
    marked = [
        (piece.mark, piece.text)
        for block in differences("The pump is slow.", "The pump is loud.")
        for piece in block.pieces
    ]
    assert marked == [("same", "The pump is "), ("gone", "slow"), ("new", "loud"), ("same", ".")]


def test_sentences_that_share_nothing_are_shown_apart() -> None:
    marked = [
        piece.mark
        for block in differences("Alpha beta gamma delta.", "Quite other words here!")
        for piece in block.pieces
    ]
    assert marked == ["gone", "new"]


def test_what_stayed_far_from_a_change_is_left_out() -> None:
    lines = [f"line {number}\n" for number in range(100)]
    found = differences("".join(lines), "".join([*lines[:50], "new\n", *lines[50:]]))
    assert [block.skipped for block in found if block.skipped] == [50 - CONTEXT, 50 - CONTEXT]
    shown = "".join(piece.text for block in found for piece in block.pieces)
    assert shown == "line 48\nline 49\nnew\nline 50\nline 51\n"


def test_texts_that_are_the_same_have_nothing_to_show() -> None:
    assert [block for block in differences("a\nb\n", "a\nb\n") if block.changed] == []
