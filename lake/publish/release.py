"""Publish what the marts hold: closed periods that were not published before, beside all that were.

A published period is frozen: the next version takes over the very files that hold it and adds files for new periods.
A period that closed without a row is frozen too, unless so many people are behind it now that most of them are new.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lake.contracts.names import product_path
from lake.contracts.products import PRODUCTS, Product
from lake.failpoint import reach
from lake.kit.clock import utc_now
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.load.copy import WAREHOUSE
from lake.load.warehouse import Connection, connect
from lake.publish.manifest import Origin, looks_like_a_pseudonym, manifest
from lake.publish.periods import closed_through, is_closed
from lake.publish.shelf import MANIFEST, Version, building, current, put_on_shelf
from lake.quality.suite import validate
from lake.schema import ARROW
from lake.settings import LakeSettings
from lake.store import START, Position, lease
from lake.store.shelf import append_rows

LATE = "may_be_late"  # the mart's one column that is not published


@dataclass
class Published:
    """What a run did: rows of closed periods seen, rows on the shelf, and which versions are new."""

    seen: int = 0
    on_shelf: int = 0
    new: dict[str, int] = field(default_factory=dict)
    published: int = 0
    suppressed: int = 0
    held_back: int = 0
    cut: int = START
    seconds: float = 0.0

    def summary(self) -> dict[str, object]:
        return {
            "in": self.seen, "out": self.on_shelf, "refused": self.held_back, "seconds": round(self.seconds, 3),
            "cells_published": self.published, "cells_suppressed": self.suppressed, "new_versions": self.new,
            "cut": int(self.cut),
        }  # fmt: skip


@dataclass(frozen=True)
class Mart:
    """A product's mart at one cut: its rows of closed periods, and how many cells of each period are not shown."""

    product: Product
    rows: pa.Table
    hidden: dict[date, int]


def publish(settings: LakeSettings, now: datetime) -> Published:
    """Make a new version of each product that has new closed periods; the same input twice makes none.

    A product that fails its quality gate is not published; the others are, and Stop names it at the end.
    """
    started, outcome, failed = time.monotonic(), Published(), []
    with lease(settings.root, WAREHOUSE):
        marts, cut, modelled_at = _read_marts(settings, now)
        outcome.cut = cut
        for mart in marts:
            folder = settings.root / product_path(mart.product.name)
            origin = Origin(cut, utc_now(), closed_through(mart.product, min(now, modelled_at)))
            failed += _publish_one(mart, folder, origin, settings.failpoint, outcome)
    outcome.seconds = time.monotonic() - started
    get_log().info("published", rows=outcome.on_shelf, versions=len(outcome.new), refused=len(failed))
    if failed:
        raise Stop(
            f"{'; '.join(failed)}. The versions before it stay. Mend the mart, then run `python -m lake model` "
            "and `python -m lake publish` again."
        )
    return outcome


def _read_marts(settings: LakeSettings, now: datetime) -> tuple[list[Mart], Position, datetime]:
    """All marts as one transaction sees them, with the cut and the clock of the run that made them."""
    with connect(settings.warehouse_publish_url.get_secret_value(), "warehouse_publish") as connection:
        connection.execute("set transaction isolation level repeatable read read only")
        if not _exists(connection, "gold.coverage"):
            raise Stop("There are no marts yet. Run `python -m lake model` first.")
        run = connection.execute("select cut, now, passed from gold.runs order by id desc limit 1").fetchone()
        if run is None or not run[2]:
            raise Stop("The last run of the models did not pass. Run `python -m lake model` and mend what it names.")
        return [_read_mart(connection, product, now) for product in PRODUCTS], Position(run[0]), run[1]


def _exists(connection: Connection, relation: str) -> bool:
    row = connection.execute("select to_regclass(%s)", [relation]).fetchone()
    return row is not None and row[0] is not None


def _read_mart(connection: Connection, product: Product, now: datetime) -> Mart:
    names = [column.name for column in product.columns]
    schema = pa.schema([*((c.name, ARROW[c.type]) for c in product.columns), (LATE, pa.bool_())])
    grain = ", ".join(g.name for g in product.grain)
    query = f"select {', '.join([*names, LATE])} from gold.{product.name} order by {grain}"
    found = [dict(zip(schema.names, row, strict=True)) for row in connection.execute(query.encode())]
    rows = pa.Table.from_pylist([row for row in found if is_closed(product, row["period"], now)], schema)
    coverage = connection.execute("select period, cells - shown from gold.coverage where product = %s", [product.name])
    return Mart(product, rows, {period: int(hidden) for period, hidden in coverage})


def _publish_one(mart: Mart, folder: Path, origin: Origin, failpoint: str, outcome: Published) -> list[str]:
    """Publish one product, or leave it as it is; returns a sentence when its quality gate refuses it."""
    before = current(folder)
    fresh = new_rows(mart.rows, before)
    outcome.seen += mart.rows.num_rows
    if before is not None:
        _refuse_other_columns(mart.product, before)
    frozen = before.periods if before else frozenset()
    outcome.held_back += sum(day.isoformat() not in frozen for day in mart.rows["period"].to_pylist()) - fresh.num_rows
    if fresh.num_rows:
        rows = pa.concat_tables([before.rows(fresh.column_names), fresh]) if before else fresh
        if faults := _build(mart, folder, before, rows, fresh, origin, failpoint):
            return [f"{mart.product.name} is not published: {', '.join(faults)}"]
        before = current(folder)
        outcome.new[mart.product.name] = before.number if before else 0
    if before is not None:
        outcome.on_shelf += before.manifest["rows"]
        outcome.published += before.manifest["privacy"]["cells_published"]
        outcome.suppressed += before.manifest["privacy"]["cells_suppressed"]
    return []


def new_rows(rows: pa.Table, before: Version | None) -> pa.Table:
    """The mart's rows that the next version adds, without the column that is not published."""
    if before is None:
        return rows.drop_columns([LATE])
    frozen, through = before.periods, date.fromisoformat(before.manifest["periods"]["closed_through"])
    keep = [
        day.isoformat() not in frozen and (day > through or bool(may_be_late))
        for day, may_be_late in zip(rows["period"].to_pylist(), rows[LATE].to_pylist(), strict=True)
    ]
    return rows.filter(pa.array(keep, pa.bool_())).drop_columns([LATE])


def _build(
    mart: Mart, folder: Path, before: Version | None, rows: pa.Table, fresh: pa.Table, origin: Origin, failpoint: str
) -> list[str]:
    """Build the next version and put it on the shelf; returns what its gate found wrong, and then nothing is put."""
    report = validate(mart.product, rows)
    faults = [*report.failures, *(f"{name} holds a pseudonym" for name in looks_like_a_pseudonym(rows))]
    if faults:
        return faults
    number = before.number + 1 if before else 1
    with building(folder) as made:
        if before is not None:
            shutil.copytree(before.folder, made, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))
            for path in made.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)
        append_rows(made, fresh)
        reach("publish.rows_written", failpoint)
        suppressed = _suppressed(mart, fresh, before, origin)
        described = manifest(mart.product, number, made, rows, origin, report, suppressed)
        (made / MANIFEST).write_text(json.dumps(described, indent=1, ensure_ascii=False), encoding="utf-8")
        reach("publish.manifest_written", failpoint)
        put_on_shelf(made, number)
    reach("publish.renamed", failpoint)
    return []


def _suppressed(mart: Mart, fresh: pa.Table, before: Version | None, origin: Origin) -> int:
    """Cells not shown, rounded: what the version before said, and those of the periods that are new since."""
    known = before.manifest["privacy"]["cells_suppressed"] if before else 0
    through = date.fromisoformat(before.manifest["periods"]["closed_through"]) if before else date.min
    new = set(pc.unique(fresh["period"]).to_pylist())
    hidden = sum(n for day, n in mart.hidden.items() if day in new or through < day <= origin.closed_through)
    return int(known) + round(hidden / mart.product.rounding) * mart.product.rounding


def _refuse_other_columns(product: Product, before: Version) -> None:
    held = [(column["name"], column["type"]) for column in before.manifest["columns"]]
    if held != [(column.name, column.type.value) for column in product.columns]:
        raise Stop(
            f"The columns of {product.name} are no longer those of its published versions. A product's columns never "
            "change: declare a new product beside it."
        )
