"""What PostgreSQL does to answer a query: `plan_of` runs it under EXPLAIN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from platform_app.db import Conn


@dataclass(frozen=True)
class Plan:
    """The tables that are read whole, the indexes that are used, and the milliseconds that it took."""

    scanned: frozenset[str]
    indexes: frozenset[str]
    milliseconds: float


def plan_of(conn: Conn, query: str, values: dict[str, Any]) -> Plan:
    """Run a query and look at how PostgreSQL answered it."""
    row = conn.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}".encode(), values).fetchone()
    assert row is not None
    (plan,) = row[0]
    nodes = list(_nodes(plan["Plan"]))
    return Plan(
        frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
        frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        plan["Planning Time"] + plan["Execution Time"],
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
