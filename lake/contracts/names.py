"""Every name that is derived from a declaration: topic, folder, relation, silver column."""

from __future__ import annotations

from lake.contracts.model import Column, Pii, Table

TOPIC_PREFIX = "app"
TOPIC = "app.changes"
EVENTS_TOPIC = "app.events"
PUBLICATION = "headwater"
SLOT = "headwater"
CONNECTOR = "headwater-app"
SIGNALS = "capture.signals"
HEARTBEATS = "capture.heartbeats"

BRONZE = "restricted/bronze/changes"
QUARANTINE = "restricted/quarantine/rows"
PEOPLE = "restricted/people"
INTERNAL = "gold_internal"  # what is computed about pseudonyms; a folder of mode 0700, never on the shelf


def digest_path(table: Table) -> str:
    """Where the hashes of a table's landed rows live that bronze holds no more, below the lake's root."""
    return f"restricted/digest/{table.name}"


def silver_path(table: Table) -> str:
    """Where the anonymised versions of a table live, below the lake's root."""
    return f"silver/{table.name}"


def product_path(product: str) -> str:
    """Where the numbered versions of a product live, below the lake's root."""
    return f"gold/{product}"


def internal_path(name: str) -> str:
    """Where a table of features lives, below the lake's root."""
    return f"{INTERNAL}/{name}"


def silver_names(column: Column) -> tuple[str, ...]:
    """The columns that a source column becomes in silver; none when it is dropped.

    `created_at` → `created_week`, `created_month`; `location` → `location_country`; free text keeps its name and
    gains `<name>_chars` and `<name>_masked` (how many spans were masked).
    """
    if column.pii is Pii.DIRECT:
        return ()
    if column.pii is Pii.FREE_TEXT:
        return (column.name, f"{column.name}_chars", f"{column.name}_masked")
    if column.to is not None:
        stem = column.name.removesuffix("_at").removesuffix("_on").removeprefix("hours_to_")
        return tuple(f"{stem}_{suffix}" for suffix in column.to.value)
    return (column.name,)
