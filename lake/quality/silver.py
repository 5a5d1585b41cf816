"""What was appended to silver since the last time, table by table, against its suite; the reports are kept in the lake."""

from __future__ import annotations

import orjson
import pyarrow as pa

from lake.contracts.names import silver_path
from lake.contracts.tables import TABLES
from lake.cut import cut
from lake.kit.clock import utc_now
from lake.kit.log import get_log
from lake.quality.extras import upserts
from lake.quality.report import Report
from lake.quality.suite import validate
from lake.store import Store

REPORTS = "silver/_quality"
_SCHEMA = pa.schema(
    [
        pa.field("_position", pa.int64()),  # up to where rows were checked
        pa.field("table", pa.string()),
        pa.field("passed", pa.bool_()),
        pa.field("report", pa.string()),  # JSON of Report
        pa.field("_day", pa.string()),
    ]
)


def validate_silver(store: Store) -> list[Report]:
    """Check the rows that came into each silver table since its last report, up to the cut, and keep the reports.

    Tables without new rows are left out. A failure is reported, not raised: the rows are restricted and stay.
    """
    store.create(REPORTS, _SCHEMA)
    upto, reports = cut(store), []
    for table in TABLES:
        after = store.position(REPORTS, table.name)
        if upto <= after or not store.exists(silver_path(table)):
            continue
        rows = upserts(store.changes(silver_path(table), after=after, upto=upto))
        if rows.num_rows:
            report = validate(table, rows)
            kept = {"_position": int(upto), "table": table.name, "passed": report.passed}
            kept |= {"report": orjson.dumps(report.as_json()).decode(), "_day": utc_now().date().isoformat()}
            store.append(REPORTS, pa.Table.from_pylist([kept], _SCHEMA), app=table.name, upto=upto, after=after)
            get_log().info("validated", table=table.name, rows=report.rows, passed=report.passed)
            reports.append(report)
    return reports
