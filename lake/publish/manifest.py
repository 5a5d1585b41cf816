"""What a version says about itself: where it comes from, what is in it, and how people are protected in it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.contracts.products import CURRENCY, Measure, Product
from lake.quality.report import Report
from lake.store import Position
from lake.store.position import epoch_of, offset_of
from lake.store.shelf import parquet_files

CHECKOUT = Path(__file__).parents[2]
MEASURED = CHECKOUT / "anonymizer" / "measured.json"


@dataclass(frozen=True)
class Origin:
    """What a version was made from and when."""

    cut: Position
    created_at: datetime
    closed_through: date


def manifest(
    product: Product, number: int, built: Path, rows: pa.Table, origin: Origin, report: Report, suppressed: int
) -> dict[str, Any]:
    """The manifest of a version whose table lies in `built`. It holds counts and names, never a withheld number."""
    periods = sorted(set(rows["period"].to_pylist()))
    return {
        "product": product.name,
        "version": number,
        "created_at": origin.created_at.isoformat(),
        "cut": {"position": origin.cut, "epoch": epoch_of(origin.cut), "offset": offset_of(origin.cut)},
        "code_version": code_version(),
        "method_version": product.method,
        "columns": [_described(column) for column in product.columns],
        "grain": [grain.name for grain in product.grain],
        "rows": rows.num_rows,
        "periods": {
            "first": periods[0].isoformat(),
            "last": periods[-1].isoformat(),
            "count": len(periods),
            "closed_through": origin.closed_through.isoformat(),
        },
        "files": [_file(built, path) for path in parquet_files(built)],
        "quality": report.as_json(),
        "privacy": privacy(product, rows, suppressed),
        "price": {"currency": CURRENCY, "micro_per_row": product.micro_per_row},
        "content_sha256": digest(product, rows),
    }


def privacy(product: Product, rows: pa.Table, suppressed: int) -> dict[str, Any]:
    """The privacy report. The number of suppressed cells is rounded like every count about what is not shown."""
    withheld = sum(rows[measure.name].null_count for measure in product.measures)
    return {
        "k": product.k,
        "dominance_percent": product.dominance_percent,
        "per_person": product.per_person,
        "cells_per_person": product.cells_per_person,
        "rounding": product.rounding,
        "delay_days": product.delay_days,
        "cells_published": rows.num_rows,
        "cells_suppressed": suppressed,
        "measures_withheld": withheld,
    } | name_recall()


def digest(product: Product, rows: pa.Table) -> str:
    """SHA-256 over the rows as JSON lines, sorted by grain: the same rows give the same digest in any file layout."""
    ordered = rows.select([c.name for c in product.columns]).sort_by([(g.name, "ascending") for g in product.grain])
    sha = hashlib.sha256()
    for row in zip(*(ordered[name].to_pylist() for name in ordered.column_names), strict=True):
        sha.update(json.dumps(row, default=date.isoformat).encode() + b"\n")
    return sha.hexdigest()


def name_recall(path: Path = MEASURED) -> dict[str, Any]:
    """What the anonymizer measured of its recogniser of unknown names, as it wrote it down; null where it has not."""
    measured = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {
        "name_recall": measured.get("recall_names"),
        "name_recogniser": {key: measured.get(key) for key in ("model", "names", "measured_on")},
    }


def code_version(checkout: Path = CHECKOUT) -> str:
    """`git describe` of the checkout, or the package's version where there is no git."""
    words = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--tags"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        done = None
    if done is not None and done.returncode == 0:
        return done.stdout.strip()
    version: str = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


def looks_like_a_pseudonym(rows: pa.Table) -> list[str]:
    """The text columns in which some value has the shape of a pseudonym; there must be none."""
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    return [n for n in texts if pc.any(pc.match_substring_regex(rows[n], "[0-9a-f]{32}")).as_py()]


def _described(column: Any) -> dict[str, Any]:
    described = {"name": column.name, "type": column.type.value, "about": column.about}
    return described | ({"unit": column.unit} if isinstance(column, Measure) else {})


def _file(built: Path, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "path": path.relative_to(built).as_posix(),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": pq.read_metadata(path).num_rows,
    }
