"""A shop for tests: a database of its own, a shelf with a product, the stand-in for Stripe, and buyers with keys."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from psycopg.rows import dict_row

from api.migrations.runner import migrate
from infra.ports import any_free
from tests.lib.stack import Stack

CHECKOUT = Path(__file__).parents[2]
SECRET_KEY, WEBHOOK_SECRET = "sk_test_shop", "whsec_shop"
PASSWORD = "correct horse battery"
ROWS = "/v1/products/problem_trends_monthly/rows"
QUOTE = "/v1/products/problem_trends_monthly/quote"


def wait_for(holds: Callable[[], Any], what: str, seconds: float = 90) -> Any:
    """What `holds` answers once it is true; fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


@dataclass
class Buyer:
    """A procurer with one key."""

    procurer_id: str
    email: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass
class TestShop:
    """The shop's and the stand-in's processes over one database and one folder."""

    __test__ = False

    stack: Stack
    run: Path
    shop_port: int = field(default_factory=lambda: any_free(set()))
    stripe_port: int = field(default_factory=lambda: any_free(set()))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def shelf(self) -> Path:
        return self.run / "gold"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.shop_port}"

    @property
    def stripe_url(self) -> str:
        return f"http://127.0.0.1:{self.stripe_port}"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **{name: text for name, text in os.environ.items() if not name.startswith(("API_", "STRIPE_"))},
            "HEADWATER_RUN": str(self.run),
            "API_DATABASE_URL": self.stack.url("shop"),
            "API_MIGRATION_URL": self.stack.url("shop_owner"),
            "API_PORT": str(self.shop_port),
            "API_PUBLIC_URL": self.url,
            "API_SHELF": str(self.shelf),
            "API_STRIPE_BASE": self.stripe_url,
            "API_STRIPE_SECRET_KEY": SECRET_KEY,
            "API_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "API_SIGNING_KEY_FILE": str(self.run / "secrets" / "receipt.key"),
            "API_ATTEMPTS_PER_MINUTE": "100000",
            "API_REQUESTS_PER_MINUTE": "1000000",
            "API_ANONYMOUS_PER_MINUTE": "1000000",
            "STRIPE_STANDIN_PORT": str(self.stripe_port),
            "STRIPE_STANDIN_SECRET_KEY": SECRET_KEY,
            "STRIPE_STANDIN_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_STANDIN_WEBHOOK_URL": f"{self.url}/stripe/webhook",
            "STRIPE_STANDIN_STATE": str(self.run / "stripe.sqlite"),
            "STRIPE_STANDIN_RETRY_SECONDS": "0.1",
            **more,
        }

    def log(self, name: str) -> Path:
        return self.run / f"{name}.log"

    def start(self, name: str, **more: str) -> None:
        """Start `shop` or `stripe`, and wait until it answers."""
        words, address = {
            "shop": (["api", "serve"], f"{self.url}/healthz"),
            "stripe": (["infra.stripe"], f"{self.stripe_url}/pay/none"),
        }[name]
        with self.log(name).open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=CHECKOUT, env=self.environment(**more), stdout=log, stderr=log
            )
        self.processes[name] = started
        wait_for(lambda: self._answers(started, address), f"{name} answers; see {self.log(name)}")

    def _answers(self, started: subprocess.Popen[bytes], address: str) -> bool:
        assert started.poll() is None, f"ended with {started.returncode}"
        with suppress(httpx.HTTPError):
            return httpx.get(address, trust_env=False).status_code in (200, 404)
        return False

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        process = self.processes.pop(name, None)
        if process is not None:
            process.send_signal(number)
            process.wait(60)

    def command(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m api <words>`."""
        return subprocess.run(
            [sys.executable, "-m", "api", *words],
            cwd=CHECKOUT, env=self.environment(**more), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def sql(self, statement: str, values: tuple[Any, ...] = (), role: str = "shop_owner") -> list[dict[str, Any]]:
        """Run a statement in the shop's database."""
        with psycopg.connect(self.stack.url(role, "shop"), autocommit=True, row_factory=dict_row) as conn:
            cursor = conn.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def rewritten(self, function: str, old: str, new: str) -> Iterator[None]:
        """A function of the database with part of its text replaced: how a test takes a guard out. Put back at the end."""
        text = str(self.sql("SELECT pg_get_functiondef(%s::regproc) AS text", (function,))[0]["text"])
        assert old in text, f"{function} does not say {old!r}"
        self.sql(text.replace(old, new))
        try:
            yield
        finally:
            self.sql(text)

    def buyer(self, balance: int = 0, scopes: tuple[str, ...] = ("catalogue", "billing", "rows:*")) -> Buyer:
        """A new procurer, made through the API, with a key and a balance in micro-units (posted to the ledger)."""
        email = f"{uuid4().hex}@buyer.example"
        with self.client() as client:
            order = {"email": email, "password": PASSWORD, "organisation": "Buyer"}
            procurer = client.post("/v1/procurers", json=order).raise_for_status().json()["procurer_id"]
            made = client.post("/v1/keys", json={"scopes": list(scopes)}, auth=(email, PASSWORD)).raise_for_status()
        if balance:
            self.fund(procurer, balance)
        return Buyer(procurer, email, made.json()["key"])

    def fund(self, procurer: str, amount: int) -> None:
        """Put an amount on a prepaid account as a top-up does, without Stripe: the ledger's own function."""
        self.sql(
            "SELECT ledger.post(gen_random_uuid(), 'topup', gen_random_uuid()::text, "
            "ARRAY[ledger.account_of('stripe_clearing', '')], "
            "ARRAY[(SELECT account_id FROM ledger.accounts WHERE kind = 'prepaid' AND owner = %s)], ARRAY[%s::bigint], now())",
            (procurer, amount),
        )

    def balance(self, procurer: str) -> int:
        row = self.sql("SELECT balance FROM ledger.accounts WHERE kind = 'prepaid' AND owner = %s", (procurer,))[0]
        return int(row["balance"])

    def client(self, buyer: Buyer | None = None, **more: Any) -> httpx.Client:
        headers = buyer.headers if buyer else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False, **more)

    def top_up(self, buyer: Buyer, amount: str, card: str = "4242424242424242") -> dict[str, Any]:
        """Pay for a top-up on the stand-in's page; the webhook may still be on its way."""
        with self.client(buyer) as client:
            topup: dict[str, Any] = client.post("/v1/topups", json={"amount": amount}).raise_for_status().json()
            httpx.post(topup["checkout_url"], data={"card": card}, trust_env=False)
        return topup

    def credited(self, buyer: Buyer, topup: dict[str, Any]) -> bool:
        with self.client(buyer) as client:
            return client.get(f"/v1/topups/{topup['topup_id']}").json()["credited_at"] is not None


@contextmanager
def open_shop(stack: Stack, run: Path) -> Iterator[TestShop]:
    """An empty, migrated database `shop`, and the two processes over it."""
    stack.recreate("shop")
    migrate(stack.url("shop_owner"))
    shop = TestShop(stack, run)
    shop.start("stripe")
    shop.start("shop")
    try:
        yield shop
    finally:
        for name in list(shop.processes):
            shop.stop(name)


def at_once(shop: TestShop, buyer: Buyer, paths: list[str]) -> list[httpx.Response]:
    """Send all requests at the same moment; answers in the order of the paths."""

    async def send() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=len(paths))
        async with httpx.AsyncClient(
            base_url=shop.url, headers=buyer.headers, timeout=60, limits=limits, trust_env=False
        ) as client:
            return await asyncio.gather(*(client.get(path) for path in paths))

    return asyncio.run(send())
