"""The demo as a stranger meets it: a broken folder, an interruption, then the whole walk, and once more. In this order."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import httpx
import psutil
import pytest

from infra import process
from infra.settings import CHECKOUT
from infra.walk import STOPS
from tests.lib.dumps import small_dump, write_xml
from tests.lib.stack import Stack

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Stack]) -> Stack:
    return new_stack()


def demo(stack: Stack, folder: Path) -> subprocess.CompletedProcess[str]:
    return stack.command("infra", "demo", "--data", folder, expect=None, seconds=600)


def test_a_truncated_file_is_one_clear_line(stack: Stack, tmp_path: Path) -> None:
    folder = write_xml(tmp_path / "cut", small_dump())
    whole = (folder / "Posts.xml").read_text()
    (folder / "Posts.xml").write_text(whole[: len(whole) // 2])
    failed = demo(stack, folder)
    assert failed.returncode == 65, failed.stderr
    assert len(failed.stderr.strip().splitlines()) == 1
    assert "Posts.xml" in failed.stderr


def test_ctrl_c_is_one_clear_line_and_leaves_no_command_behind(stack: Stack, tmp_path: Path) -> None:
    folder = write_xml(tmp_path / "small", small_dump())
    running = subprocess.Popen(
        [sys.executable, "-m", "infra", "demo", "--data", str(folder)],
        cwd=CHECKOUT, env=stack.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith("app:"):
            break
    commands = psutil.Process(running.pid)
    running.send_signal(signal.SIGINT)
    family = commands.children(recursive=True)
    _, errors = running.communicate(timeout=120)
    assert (running.returncode, len(errors.strip().splitlines())) == (130, 1)
    parts = {one.pid for one in process.strays(stack.place)}
    assert [one.pid for one in family if one.is_running() and one.pid not in parts] == []


def test_the_next_run_recovers_walks_every_stop_and_says_why_little_is_for_sale(stack: Stack, tmp_path: Path) -> None:
    done = demo(stack, write_xml(tmp_path / "small", small_dump()))
    assert done.returncode == 0, done.stderr
    report = json.loads((stack.run / "demo.json").read_text())
    assert list(report["stops"]) == list(STOPS)
    assert (report["data"], report["engine"]) == ("small", "local")
    assert report["stops"]["silver"]["out"] > 0
    assert report["cells"]["published"] == 0
    assert "nothing to buy" in done.stdout
    doors = dict(line.split("=", 1) for line in (stack.run / "demo.env").read_text().splitlines())
    assert httpx.get(doors["APP_URL"]).is_success
    account = httpx.get(f"{doors['SHOP_URL']}/v1/account", headers={"Authorization": f"Bearer {doors['API_KEY']}"})
    assert Decimal(account.json()["balance"]) == 0


def test_another_run_adds_nothing_and_what_is_up_stays_up(stack: Stack, tmp_path: Path) -> None:
    up = {name: stack.pid(name) for name in ("postgres", "kafka", "connect", "app", "shop", "stripe")}
    done = demo(stack, write_xml(tmp_path / "small", small_dump()))
    assert done.returncode == 0, done.stderr
    stops = json.loads((stack.run / "demo.json").read_text())["stops"]
    assert {name: stops[name]["out"] for name in ("app", "bronze", "silver", "warehouse")} == dict.fromkeys(
        ("app", "bronze", "silver", "warehouse"), 0
    )
    assert {name: stack.pid(name) for name in up} == up
    assert stack.pid("land") is not None
    assert stack.pid("release") is not None


def test_down_leaves_no_process(stack: Stack) -> None:
    stack.command("infra", "down")
    assert list(process.strays(stack.place)) == []
