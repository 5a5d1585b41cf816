"""Every metric of every process, declared once: what is exported, docs/metrics.md and the checks are derived from it.

A label holds a name from a closed list (a table, a lane, a route's template), never a person, an id or a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a metric does: a counter only grows, a gauge goes both ways, a histogram counts by size."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


UNITS = {"seconds": "s", "timestamp_seconds": "s since 1970", "bytes": "bytes", "micros": "10⁻⁶ of the currency"}
"""The unit that a name's last words say; every other metric counts what its name says."""

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Buckets of an answer, in seconds."""
SLOW = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Buckets of a stage's work and of the way from a commit to a table, in seconds."""


@dataclass(frozen=True)
class Metric:
    """One metric: its name as Prometheus knows it, its kind, what it says, and the names of its labels."""

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.startswith("headwater_"):
            raise ValueError(f"{self.name} must begin with headwater_")
        if (self.kind is Kind.COUNTER) != self.name.endswith("_total"):
            raise ValueError(f"{self.name}: a counter ends in _total, and nothing else does")
        if (self.kind is Kind.HISTOGRAM) != bool(self.buckets):
            raise ValueError(f"{self.name}: a histogram has buckets, and nothing else does")

    @property
    def unit(self) -> str:
        """What one of it is."""
        stem = self.name.removesuffix("_total")
        return next((UNITS[ending] for ending in sorted(UNITS, key=len, reverse=True) if stem.endswith(ending)), "1")


@dataclass(frozen=True)
class Exporter:
    """One process that answers `/metrics`: its name (Prometheus' job), the setting of its port, and what it exports."""

    name: str
    port_setting: str
    about: str
    metrics: tuple[Metric, ...]


def _counter(name: str, about: str, *labels: str) -> Metric:
    return Metric(name, Kind.COUNTER, about, labels)


def _gauge(name: str, about: str, *labels: str) -> Metric:
    return Metric(name, Kind.GAUGE, about, labels)


def _histogram(name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name, Kind.HISTOGRAM, about, labels, buckets)


LAND = (
    _counter("headwater_land_messages_total", "Messages of the topic that landed: rows, transactions' edges, heartbeats."),
    _counter("headwater_land_rows_total", "Changes that were appended to bronze."),
    _counter("headwater_land_refused_total", "Messages that could not be read and went to quarantine."),
    _counter("headwater_land_repeats_total", "Changes that had landed before and were dropped."),
    _counter("headwater_land_suspects_total", "Transactions of which changes seem to be missing; their tables are audited."),
    _histogram("headwater_land_commit_seconds", "How long one commit to bronze takes; its count is the number of commits.", SLOW),
    _histogram("headwater_land_delay_seconds", "From the commit in PostgreSQL to bronze: of the newest row of each commit to bronze.", SLOW),
    _gauge("headwater_land_offset", "The offset behind the last message landed."),
    _gauge("headwater_land_behind_messages", "Messages in Kafka that have not landed yet."),
    _gauge("headwater_land_newest_commit_timestamp_seconds", "When the newest row in bronze was committed in PostgreSQL."),
)  # fmt: skip

RELEASE = (
    _counter("headwater_release_changes_total", "Changes that were read from bronze.", "lane"),
    _counter("headwater_release_rows_total", "Versions, tombstones and barriers that were appended to silver.", "lane"),
    _counter("headwater_release_refused_total", "Rows that could not be treated and went to quarantine.", "lane"),
    _counter("headwater_release_withheld_total", "Rows that did not pass because not all their people consent.", "lane"),
    _counter("headwater_release_erased_total", "Rows of people who withdrew that were erased from silver.", "lane"),
    _counter("headwater_release_texts_total", "Free texts that were looked through for names and identifiers.", "lane"),
    _counter("headwater_release_model_seconds_total", "Time that the recogniser of names and identifiers worked.", "lane"),
    _histogram("headwater_release_batch_seconds", "How long one batch takes from bronze to silver.", SLOW, "lane"),
    _histogram("headwater_release_delay_seconds", "From the commit in PostgreSQL to silver: of the newest row, each time a lane has caught up.", SLOW, "lane"),
    _gauge("headwater_release_offset", "The offset behind the last message of which silver holds all that may pass.", "lane"),
    _gauge("headwater_release_newest_commit_timestamp_seconds", "When the newest row that the lane has released was committed in PostgreSQL.", "lane"),
)  # fmt: skip

HTTP = (
    _counter("headwater_http_requests_total", "Requests answered, by the route's template, never by the path; status is the class: 2xx, 3xx, 4xx, 5xx.", "method", "route", "status"),
    _histogram("headwater_http_request_duration_seconds", "How long an answer takes until its last byte is handed over.", FAST, "route"),
    _gauge("headwater_http_requests_in_flight", "Requests that are being answered."),
    _gauge("headwater_pool_connections", "Connections to PostgreSQL, by state: idle or used.", "state"),
    _gauge("headwater_pool_connections_max", "How many connections to PostgreSQL the pool may open."),
    _gauge("headwater_pool_waiting", "Requests that wait for a connection to PostgreSQL."),
)  # fmt: skip

WORKER = (
    _counter("headwater_outbox_deliveries_total", "Events handed to a subscriber, by outcome: handled or failed (it is tried again).", "subscriber", "outcome"),
    _gauge("headwater_outbox_waiting", "Events that wait for a subscriber, those it gave up among them.", "subscriber"),
    _gauge("headwater_outbox_given_up", "Events that a subscriber could not take after its last attempt: somebody has to look.", "subscriber"),
)  # fmt: skip

SHOP = (
    _counter("headwater_shop_purchases_total", "Slices answered for money, by outcome: bought, repeated (paid before) or replayed (the same key). Bought is the number of receipts.", "product", "outcome"),
    _counter("headwater_shop_charged_micros_total", "What was charged, in micro-units of the currency.", "product"),
    _counter("headwater_shop_charged_rows_total", "Rows that were charged for.", "product"),
    _counter("headwater_shop_refusals_total", "Requests refused, by the problem's code (docs/shop.md) and its HTTP status.", "code", "status"),
    _gauge("headwater_shop_stripe_events_waiting", "Events from Stripe that were received and are not handled yet."),
    _gauge("headwater_shop_stripe_oldest_waiting_timestamp_seconds", "When the oldest event that is not handled yet was received; 0 when none waits."),
)  # fmt: skip

WATCH = (
    _gauge("headwater_pipeline_health", "The verdict of the administrator's page: 0 good, 1 needs attention, 2 somebody has to act."),
    _gauge("headwater_pipeline_reason", "1 for each reason of that verdict, by its code (docs/metrics.md).", "code", "level"),
    _gauge("headwater_source_up", "Whether what is watched answers: kafka, connect, source, warehouse, lake.", "source"),
    _gauge("headwater_stage_offset", "The offset behind the last message that a stage has: kafka, bronze, silver, warehouse.", "stage"),
    _gauge("headwater_stage_behind_messages", "Messages that a stage has not got of the stage before it: bronze, silver, warehouse.", "stage"),
    _gauge("headwater_stage_freshness_seconds", "The age of the newest moment from which a stage has everything; 0 when nothing waits for it: bronze, silver, warehouse.", "stage"),
    _gauge("headwater_slot_lag_bytes", "Bytes of the write-ahead log that capture has not confirmed."),
    _gauge("headwater_slot_active", "Whether capture reads the replication slot."),
    _gauge("headwater_connector_running", "Whether the connector and its task run."),
    _gauge("headwater_quarantine_rows", "Rows in quarantine that wait for a fix, by the stage that refused them: land or release.", "stage", "table"),
    _gauge("headwater_suspect_tables", "Tables that may miss changes and are not audited yet."),
    _gauge("headwater_job_last_run_timestamp_seconds", "When a job last ended.", "job"),
    _gauge("headwater_job_last_success_timestamp_seconds", "When a job last ended well.", "job"),
    _gauge("headwater_job_last_exit_code", "How a job last ended: 0 done, 65 somebody has to act, 75 try again, 70 a fault.", "job"),
    _gauge("headwater_job_last_duration_seconds", "How long a job's last run took.", "job"),
    _gauge("headwater_product_version", "The newest version of a product.", "product"),
    _gauge("headwater_product_rows", "Rows of the newest version of a product.", "product"),
    _gauge("headwater_product_published_timestamp_seconds", "When the newest version of a product was published.", "product"),
    _gauge("headwater_table_bytes", "Bytes of the files that make up a table now.", "table"),
    _gauge("headwater_table_files", "Files that make up a table now.", "table"),
    _gauge("headwater_disk_free_bytes", "Free space where the lake lies."),
    _gauge("headwater_disk_size_bytes", "Size of the disk where the lake lies."),
    _gauge("headwater_ledger_differences", "Differences that the last `python -m api reconcile` found."),
    _gauge("headwater_ledger_reconciled_timestamp_seconds", "When the books were last compared."),
    _histogram("headwater_watch_look_seconds", "How long one look at everything takes.", SLOW),
)  # fmt: skip

EXPORTERS = (
    Exporter("land", "INGESTION_METRICS_PORT", "`python -m ingestion land --follow`", LAND),
    Exporter("release", "ANONYMIZER_METRICS_PORT", "`python -m anonymizer release --follow`: the lane without free text", RELEASE),
    Exporter("release-text", "ANONYMIZER_TEXT_METRICS_PORT", "the lane of free text, which is a process of its own", RELEASE),
    Exporter("app", "APP_METRICS_PORT", "`python -m platform_app serve`", HTTP),
    Exporter("worker", "APP_WORKER_METRICS_PORT", "`python -m platform_app work`", WORKER),
    Exporter("shop", "API_METRICS_PORT", "`python -m api serve`", HTTP + SHOP),
    Exporter("watch", "WATCH_PORT", "`python -m lake watch`", WATCH),
)  # fmt: skip
"""Every process that exports metrics. Each adds `process_…` (memory, CPU, open files, start time) of its own."""

BY_NAME = {exporter.name: exporter for exporter in EXPORTERS}
