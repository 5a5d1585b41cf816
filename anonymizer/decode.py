"""Bronze's JSON images → Arrow columns typed as the contract says. A row that does not fit is named, never quoted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import orjson
import pyarrow as pa

from lake.contracts.model import Column, Table, Type
from lake.kit.clock import parse_moment
from lake.schema import ARROW

PLACEHOLDER = "__debezium_unavailable_value"


def _typed(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError
        return value

    return check


def _text(value: Any) -> str:
    if type(value) is not str or value == PLACEHOLDER:
        raise TypeError
    return value


READ: dict[Type, Callable[[Any], Any]] = {
    Type.UUID: _text,
    Type.TEXT: _text,
    Type.INT: _typed(int),
    Type.BIGINT: _typed(int),
    Type.BOOL: _typed(bool),
    Type.TIMESTAMP: parse_moment,
    Type.DATE: date.fromisoformat,
}
RANGE = {Type.INT: 1 << 31, Type.BIGINT: 1 << 63}


def decode(
    table: Table, images: Sequence[str | None], columns: Sequence[Column] | None = None
) -> tuple[pa.Table, list[str | None]]:
    """The images' columns (all of the contract, or the named ones), and for each row what is wrong with it, or None.

    A row that is wrong is null in every column. A column that the image lacks (the contract is newer) is null.
    """
    wanted = table.columns if columns is None else tuple(columns)
    known = {column.name for column in table.columns}
    values: dict[str, list[Any]] = {column.name: [] for column in wanted}
    reasons: list[str | None] = []
    for image in images:
        row, reason = _row(image, wanted, known)
        reasons.append(reason)
        for column in wanted:
            values[column.name].append(row.get(column.name))
    arrays = {column.name: pa.array(values[column.name], ARROW[column.type]) for column in wanted}
    return pa.table(arrays), reasons


def _row(image: str | None, wanted: Sequence[Column], known: set[str]) -> tuple[dict[str, Any], str | None]:
    try:
        raw = orjson.loads(image) if image is not None else None
    except orjson.JSONDecodeError:
        return {}, "the row is not JSON"
    if not isinstance(raw, dict):
        return {}, "the row has no image"
    if raw.keys() - known:
        return {}, "the row has a column that the contract does not declare"
    row = {}
    for column in wanted:
        value = raw.get(column.name)
        try:
            row[column.name] = None if value is None else READ[column.type](value)
            if (limit := RANGE.get(column.type)) and value is not None and not -limit <= value < limit:
                raise ValueError
        except (TypeError, ValueError):
            return {}, f"{column.name} is not of type {column.type.value}"
    return row, None
