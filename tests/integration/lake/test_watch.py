"""Watch and the metrics beside real parts: what is true of the stream is what they say, and no row's text is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.ports import any_free
from infra.settings import CHECKOUT
from lake.jobs import record
from tests.lib.stack import Stack
from tests.lib.stream import Stream, wait_until

CANARY = "zelda-quillfeather"
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)


class Watched:
    """Watch over one lake."""

    def __init__(self, stream: Stream, port: int) -> None:
        self.stream, self.url = stream, f"http://127.0.0.1:{port}"

    def state(self) -> dict[str, Any]:
        try:
            answer = httpx.get(f"{self.url}/state", trust_env=False)
        except httpx.HTTPError:
            return {}
        return answer.json() if answer.status_code == 200 else {}

    def stage(self, name: str) -> dict[str, Any]:
        return next((one for one in self.state().get("stages", ()) if one["name"] == name), {})

    def codes(self) -> set[str]:
        return {reason["code"] for reason in self.state().get("health", {}).get("reasons", ())}


def samples(url: str) -> dict[str, float]:
    """Every sample of an exporter without labels' names: `name{value,…}` → number."""
    text = httpx.get(f"{url}/metrics", trust_env=False).text
    return {
        f"{one.name}{{{','.join(one.labels.values())}}}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@pytest.fixture(scope="module")
def watched(connect: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    stream = Stream(connect, tmp_path_factory.mktemp("watched") / "lake").reset()
    stream.streaming()
    port = any_free(set())
    environment = {
        **connect.environment,
        "LAKE_ROOT": str(stream.lake),
        "WATCH_PORT": str(port),
        "WATCH_INTERVAL": "0.3",
    }
    process = subprocess.Popen([sys.executable, "-m", "lake", "watch"], cwd=CHECKOUT, env=environment)
    seen = Watched(stream, port)
    wait_until(seen.state)
    yield seen
    process.terminate()
    assert process.wait(20) == 0


def test_a_follower_that_lands_rows_moves_its_counters_and_the_lag(watched: Watched) -> None:
    port = any_free(set())
    url = f"http://127.0.0.1:{port}"
    watched.stream.sql("INSERT INTO community.tags (name, created_at) VALUES ('watched', now())")
    wait_until(lambda: (watched.stage("bronze").get("behind") or 0) > 0)
    with watched.stream.follower(INGESTION_METRICS_PORT=str(port)):
        wait_until(lambda: watched.state() and watched.stage("bronze")["behind"] == 0)
        counted = samples(url)
    assert counted["headwater_land_rows_total{}"] >= 1
    assert counted["headwater_land_messages_total{}"] >= counted["headwater_land_rows_total{}"]
    assert counted["headwater_land_commit_seconds_count{}"] >= 1
    assert counted["headwater_land_newest_commit_timestamp_seconds{}"] > 0
    assert counted["headwater_land_offset{}"] <= watched.stage("kafka")["offset"]


def test_a_poisoned_message_is_told_by_its_reason_and_never_by_its_text(watched: Watched) -> None:
    watched.stream.produce(json.dumps({"op": CANARY, "canary": CANARY}).encode()[:-1])
    watched.stream.land()
    wait_until(lambda: watched.state().get("quarantine"))
    (waiting,) = watched.state()["quarantine"]
    assert (waiting["stage"], waiting["rows"], waiting["reason"]) == ("land", 1, "is not JSON")
    assert waiting["command"] == "python -m ingestion replay"
    assert "quarantine" in watched.codes()
    counted = samples(watched.url)
    assert counted["headwater_quarantine_rows{land,unknown}"] == 1
    assert counted["headwater_source_up{kafka}"] == 1
    said = (
        httpx.get(f"{watched.url}/state", trust_env=False).text
        + httpx.get(f"{watched.url}/metrics", trust_env=False).text
    )
    assert CANARY not in said


def failed(watched: Watched) -> list[dict[str, Any]]:
    """Why the last `lake model` failed; other modules leave jobs of their own in the diary of the stack."""
    reasons = watched.state().get("health", {}).get("reasons", ())
    return [one for one in reasons if one["code"] == "job_failed" and "“lake model”" in one["what"]]


def test_a_failed_job_is_told_in_its_own_words(watched: Watched) -> None:
    record(watched.stream.stack.run, "lake model", 65, said="Give the mart its test, then run this again.")
    wait_until(lambda: failed(watched))
    (reason,) = failed(watched)
    assert (reason["level"], reason["do"]) == ("act", "Give the mart its test, then run this again.")
    assert samples(watched.url)["headwater_job_last_exit_code{lake model}"] == 65
    record(watched.stream.stack.run, "lake model", 0)
    wait_until(lambda: watched.state() and not failed(watched))


def test_a_new_version_is_seen(watched: Watched) -> None:
    folder = watched.stream.lake / "gold" / "problem_trends_monthly" / "v0001"
    folder.mkdir(parents=True)
    manifest = {
        "version": 1, "rows": 42, "cut": {"offset": 7}, "created_at": "2026-01-01T00:00:00+00:00",
        "periods": {"last": "2025-11-01"}, "privacy": {"measures_withheld": 3},
        "quality": {"checks": [{"check": "is late", "passed": True}]},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    wait_until(lambda: samples(watched.url).get("headwater_product_version{problem_trends_monthly}") == 1)
    product = next(one for one in watched.state()["products"] if one["product"] == "problem_trends_monthly")
    assert (product["versions"][0]["rows"], product["versions"][0]["checks"], product["versions"][0]["failed"]) == (
        42,
        1,
        [],
    )


def test_a_source_that_is_away_is_said_and_the_service_goes_on(watched: Watched) -> None:
    """The last test of the module: it stops Connect."""
    watched.stream.stack.kill("connect")
    try:
        wait_until(lambda: "connect_away" in watched.codes(), 60)
        assert watched.state()["sources"]["kafka"]["up"]
        assert samples(watched.url)["headwater_source_up{connect}"] == 0
    finally:
        watched.stream.stack.restart("connect")
