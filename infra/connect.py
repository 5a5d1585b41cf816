"""Kafka Connect, standalone, with the Debezium connector on its class path. The connector itself is posted by ingestion."""

from __future__ import annotations

import json
import urllib.request

from infra.java import java, kafka_jars, write_log_settings, write_properties
from infra.part import Part
from infra.place import HOST, Place

LOGGERS = {
    "io.debezium": "INFO",
    "org.apache.kafka.connect": "INFO",
    "org.apache.kafka.connect.runtime.rest": "WARN",  # else a line for each request
    "org.apache.kafka.connect.runtime.isolation": "WARN",  # else a line for each plugin
    "org.apache.kafka.connect.runtime.WorkerInfo": "WARN",  # else the whole class path
}


def _prepare(place: Place) -> None:
    home = place.folder("connect")
    write_log_settings(home, LOGGERS)
    write_properties(home / "worker.properties", _settings(place))


def _settings(place: Place) -> dict[str, object]:
    return {
        "bootstrap.servers": f"{HOST}:{place.ports['kafka']}",
        "listeners": f"http://{HOST}:{place.ports['connect']}",
        "offset.storage.file.filename": place.run / "connect" / "offsets",
        **worker_settings(),
    }


def worker_settings() -> dict[str, object]:
    """What every worker is told, standalone here and distributed elsewhere."""
    converter = "org.apache.kafka.connect.json.JsonConverter"
    return {
        "offset.flush.interval.ms": 1000,
        "plugin.discovery": "service_load",
        "key.converter": converter,
        "key.converter.schemas.enable": "false",
        "value.converter": converter,
        "value.converter.schemas.enable": "false",
        "topic.creation.enable": "false",
        "producer.linger.ms": 5,
        "producer.batch.size": 131072,
        "producer.max.request.size": 10485760,
        "task.shutdown.graceful.timeout.ms": 8000,
    }


def _command(place: Place) -> list[str]:
    home = place.run / "connect"
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    heap = place.settings.connect_heap_mb
    return java(heap, home / "log4j2.xml", kafka_jars(place), main, str(home / "worker.properties"))


def _ready(place: Place) -> bool:
    return connectors(place) is not None


def connectors(place: Place) -> list[str] | None:
    """The names of the connectors that are posted; None while Connect does not answer."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{place.ports['connect']}/connectors", timeout=2) as answer:
            return list(map(str, json.load(answer)))
    except (OSError, ValueError):  # URLError is an OSError
        return None


CONNECT = Part(
    name="connect",
    ports=("connect",),
    needs=("kafka",),
    prepare=_prepare,
    command=_command,
    ready=_ready,
)
