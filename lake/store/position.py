"""A place in the stream of changes: the epoch of the topic and the Kafka offset in it, as one sortable number."""

from __future__ import annotations

from typing import NewType

Position = NewType("Position", int)

OFFSET_BITS = 40  # 10^12 changes for each epoch
START = Position(-1)  # before the first change


def position(epoch: int, offset: int) -> Position:
    """The position of an offset; a higher epoch comes after every offset of a lower one.

    Raises ValueError when either number is out of range.
    """
    if not 0 <= offset < 1 << OFFSET_BITS or not 0 <= epoch < 1 << (62 - OFFSET_BITS):
        raise ValueError(f"There is no position at epoch {epoch}, offset {offset}.")
    return Position(epoch << OFFSET_BITS | offset)


def epoch_of(place: Position) -> int:
    """The epoch a position lies in."""
    return place >> OFFSET_BITS


def offset_of(place: Position) -> int:
    """The Kafka offset of a position within its epoch; -1 for START."""
    return -1 if place < 0 else place & ((1 << OFFSET_BITS) - 1)
