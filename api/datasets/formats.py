"""The four formats of an answer, chosen by `Accept` (or `format=`), and how each writes an Arrow table."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from api.problems import Problem


@dataclass(frozen=True)
class Format:
    """A format: its short name, its media type, and the writer of rows. JSON's rows go into an envelope."""

    name: str
    media_type: str
    write: Callable[[Any], bytes]


def _json_rows(table: Any) -> bytes:
    return orjson.dumps(table.to_pylist())


def _csv(table: Any) -> bytes:
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink)
    return sink.getvalue()


def _arrow(table: Any) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _parquet(table: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


JSON = Format("json", "application/json", _json_rows)
CSV = Format("csv", "text/csv; charset=utf-8", _csv)
ARROW = Format("arrow", "application/vnd.apache.arrow.stream", _arrow)
PARQUET = Format("parquet", "application/vnd.apache.parquet", _parquet)
FORMATS = (JSON, CSV, ARROW, PARQUET)
_RANGES = {form.media_type.partition(";")[0]: form for form in FORMATS}


def choose_format(accept: str | None, name: str | None) -> Format:
    """The format asked for by name, else the best of `Accept`; JSON when there is neither. Problem `not_acceptable`."""
    if name is not None:
        chosen = next((form for form in FORMATS if form.name == name), None)
    elif not accept or not accept.strip():
        chosen = JSON
    else:
        chosen = _best(accept)
    if chosen is None:
        types = ", ".join(_RANGES)
        raise Problem("not_acceptable", f"The formats are {types}.", details={"media_types": list(_RANGES)})
    return chosen


def _best(accept: str) -> Format | None:
    wanted: list[tuple[float, int, Format]] = []
    for place, part in enumerate(accept.split(",")):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        for form in FORMATS:
            own = form.media_type.partition(";")[0]
            if weight > 0 and media in (own, f"{own.partition('/')[0]}/*", "*/*"):
                wanted.append((-weight, place, form))
                break
    return min(wanted, key=lambda each: each[:2])[2] if wanted else None


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
