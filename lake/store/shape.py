"""What every table has, whichever engine made it."""

from __future__ import annotations

import pyarrow as pa

from lake.kit.errors import Stop

CONFIGURATION = {
    # Statistics of other columns would keep real values in the log for as long as the log lives.
    "delta.dataSkippingStatsColumns": "_position",
    "delta.checkpointInterval": "100",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}


def gained(path: str, have: pa.Schema, wanted: pa.Schema) -> list[pa.Field]:
    """The columns that a table lacks. Raises Stop where it holds one as another type."""
    types = {field.name: field.type for field in have}
    for field in wanted:
        if types.get(field.name, field.type) != field.type:
            raise Stop(
                f"Table {path} holds {field.name!r} as {types[field.name]}, the contract says {field.type}. "
                "Published columns are never retyped: add a column with a new name."
            )
    return [field for field in wanted if field.name not in types]
