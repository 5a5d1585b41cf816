"""Published products for tests: a small Delta table and its manifest, in a folder as publishing leaves it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import deltalake
import pyarrow as pa
import pyarrow.parquet

from lake.contracts.model import Type
from lake.contracts.products import CURRENCY, PRODUCT_BY_NAME, Product

TAGS = ("budget", "clay", "garden", "kiln", "other")
ARROW = {Type.DATE: pa.date32(), Type.TEXT: pa.string(), Type.INT: pa.int32(), Type.BIGINT: pa.int64()}


def trend_rows(months: int = 6, tags: Sequence[str] = TAGS, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of problem_trends_monthly from January 2025 on, one for each month and tag."""
    draw = random.Random(seed)
    return [
        {
            "period": date(2025 + month // 12, month % 12 + 1, 1),
            "tag": tag,
            "problems": draw.randrange(10, 500, 5),
            "authors": draw.randrange(10, 200, 5),
            "approaches": draw.randrange(10, 900, 5),
            "unanswered_share": draw.randrange(0, 100),
            "accepted_share": draw.choice([None, *range(0, 100)]),
            "median_hours_to_first_approach": draw.choice([1, 4, 24, 72]),
            "votes": draw.randrange(10, 2000, 5),
        }
        for month in range(months)
        for tag in tags
    ]


def publish_version(
    shelf: Path, rows: Sequence[dict[str, Any]], product: str = "problem_trends_monthly", version: int = 1
) -> Path:
    """Put a version on the shelf: built beside it, renamed into place at the end. Returns its folder."""
    declared = PRODUCT_BY_NAME[product]
    folder = shelf / product
    building = folder / f".building-{uuid4().hex}"
    building.mkdir(parents=True)
    schema = pa.schema([pa.field(column.name, ARROW[column.type]) for column in declared.columns])
    half = len(rows) // 2
    for part in (list(rows[:half]), list(rows[half:])):  # two files, rows in no special order
        table = pa.Table.from_pylist(part[::-1], schema=schema)
        deltalake.write_deltalake(building, table, mode="append")
    (building / "manifest.json").write_text(json.dumps(_manifest(building, declared, version, rows)))
    target = folder / f"v{version:04d}"
    building.rename(target)
    return target


def _manifest(building: Path, declared: Product, version: int, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    files = []
    for path in sorted(building.glob("*.parquet")):
        content = path.read_bytes()
        count = pa.parquet.read_metadata(path).num_rows
        digest = hashlib.sha256(content).hexdigest()
        files.append({"path": path.name, "bytes": len(content), "sha256": digest, "rows": count})
    periods = sorted({row["period"] for row in rows})
    contents = hashlib.sha256(json.dumps([declared.name, list(rows)], default=str, sort_keys=True).encode()).hexdigest()
    return {
        "product": declared.name,
        "version": version,
        "created_at": "2026-01-31T00:00:00+00:00",
        "cut": {"epoch": 0, "offset": 1000 * version},
        "code_version": "test",
        "method_version": declared.method,
        "columns": [
            {"name": c.name, "type": c.type.value, "about": c.about, "unit": getattr(c, "unit", None)}
            for c in declared.columns
        ],
        "grain": [grain.name for grain in declared.grain],
        "rows": len(rows),
        "periods": {
            "first": str(periods[0]) if periods else None,
            "last": str(periods[-1]) if periods else None,
            "count": len(periods),
        },
        "files": files,
        "quality": {"checks": 12, "passed": 12},
        "privacy": {
            "k": declared.k,
            "dominance_percent": declared.dominance_percent,
            "per_person": declared.per_person,
            "cells_per_person": declared.cells_per_person,
            "rounding": declared.rounding,
            "delay_days": declared.delay_days,
            "cells_published": len(rows),
            "cells_suppressed": 5,
            "name_recall": 0.9,
        },
        "price": {"currency": CURRENCY, "micro_per_row": declared.micro_per_row},
        "content_sha256": contents,
    }


def weekly_rows(weeks: int = 60, seed: int = 2) -> list[dict[str, Any]]:
    """Rows of problem_activity_weekly from 2024-01-01 on, one for each week."""
    draw = random.Random(seed)
    measures = [measure.name for measure in PRODUCT_BY_NAME["problem_activity_weekly"].measures]
    return [
        {"period": date(2024, 1, 1) + timedelta(weeks=week)} | {name: draw.randrange(10, 900, 5) for name in measures}
        for week in range(weeks)
    ]
