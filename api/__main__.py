"""`python -m api <verb>`: serve, migrate, reconcile, openapi, verify."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import psycopg
import uvicorn
from pydantic import ValidationError

from api.app import build_shop, create_app
from api.billing.reconcile import Books, reconcile, repair
from api.billing.stripe_door import StripeDoor
from api.db import Database
from api.metering.receipts import signature_holds
from api.migrations.runner import migrate
from api.money import to_text
from api.settings import RUN, Settings
from lake.jobs import hearing, record
from lake.kit.errors import Stop, run_command
from lake.kit.log import configure
from lake.metrics import served


def _settings() -> Settings:
    try:
        return Settings()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        missing = ", ".join(f"API_{str(fault['loc'][0]).upper()}" for fault in error.errors())
        raise Stop(f"Settings are missing or wrong: {missing}. Run `make up`, which writes them.") from None


def serve(_: argparse.Namespace) -> int:
    """Answer requests until stopped; `migrate` comes first."""
    settings = _settings()
    shop = build_shop(settings)
    with served(shop.meters.meters, settings.metrics_host, settings.metrics_port):
        uvicorn.run(
            create_app(shop),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
        )
    return 0


def migrate_now(_: argparse.Namespace) -> int:
    """Run the migrations that the database has not seen."""
    settings = _settings()
    if settings.migration_url is None:
        raise Stop("Set API_MIGRATION_URL (role shop_owner), then run this again.")
    done = migrate(settings.migration_url.get_secret_value())
    print(f"Migrations run: {', '.join(done) or 'none; the schema is up to date'}.")
    return 0


def compare(words: argparse.Namespace) -> int:
    """Print where ledger, purchases and Stripe differ; exit 65 when they do. A line in the diary says how it ended."""
    summary: dict[str, int | float] = {}
    said: list[str] = []
    code = run_command(lambda: hearing(said, lambda: _compared(words, summary)))
    record(RUN, "api reconcile", code, summary, " ".join(said))
    return code


def _compared(words: argparse.Namespace, summary: dict[str, int | float]) -> int:
    settings, started = _settings(), time.perf_counter()
    fresh, books = asyncio.run(_compare(settings, words.repair))
    summary |= {
        "in": books.transactions, "out": books.purchases, "refused": len(books.differences),
        "seconds": round(time.perf_counter() - started, 3), "sessions": books.sessions, "repaired": fresh,
    }  # fmt: skip
    if words.json:
        found = [{"what": d.what, "ours": to_text(d.ours), "theirs": to_text(d.theirs)} for d in books.differences]
        print(json.dumps({**summary, "differences": found}))
    else:
        _print_books(books, fresh)
    if books.differences:
        raise Stop(f"The books differ in {len(books.differences)} places: try `python -m api reconcile --repair`.")
    return 0


async def _compare(settings: Settings, wants_repair: bool) -> tuple[int, Books]:
    stripe = StripeDoor(settings.stripe_base, settings.stripe_secret_key.get_secret_value(), "")
    db = Database(settings.database_url.get_secret_value(), size=2)
    await db.open()
    try:
        fresh = await repair(db, stripe) if wants_repair else 0
        return fresh, await reconcile(db, stripe)
    except psycopg.errors.UndefinedTable as error:
        raise Stop("The shop's database has no tables yet: run `python -m api migrate`, then this again.") from error
    finally:
        await db.close()


def _print_books(books: Books, fresh: int) -> None:
    if fresh:
        print(f"Taken from Stripe's list of events: {fresh} that had not arrived.")
    for difference in books.differences:
        print(f"{difference.what}: ours {to_text(difference.ours)}, theirs {to_text(difference.theirs)}")
    print(
        f"{books.transactions} ledger transactions, {books.purchases} purchases, {books.sessions} Checkout sessions: "
        f"{'they agree' if not books.differences else f'{len(books.differences)} differences'}."
    )


def openapi_document() -> str:
    """The OpenAPI document of the JSON API, as it is committed."""
    return json.dumps(create_app(None).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def openapi(words: argparse.Namespace) -> int:
    """Write the OpenAPI document; with --check, fail when the file differs."""
    document, path = openapi_document(), Path(words.file)
    if not words.check:
        path.write_text(document, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != document:
        raise Stop(f"{path} is not what the code says: run `python -m api openapi` and commit it.")
    return 0


def verify(words: argparse.Namespace) -> int:
    """Check a receipt (a JSON file, or - for stdin) against the shop's public key; needs no network."""
    text = sys.stdin.read() if words.receipt == "-" else Path(words.receipt).read_text(encoding="utf-8")
    try:
        document = json.loads(text)
    except ValueError:
        raise Stop("The receipt is not JSON: save what GET /v1/receipts/{id} answers.") from None
    if not signature_holds(document, words.public_key):
        raise Stop("The signature does not hold: the receipt was changed, or the key is another shop's.")
    print("The signature holds.")
    return 0


def main() -> int:
    """Read the command line and run its verb."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="verb")
    verbs.add_parser("serve", help="answer requests").set_defaults(run=serve)
    verbs.add_parser("migrate", help="bring the database up to date").set_defaults(run=migrate_now)
    books = verbs.add_parser("reconcile", help="compare ledger, purchases and Stripe")
    books.add_argument("--repair", action="store_true", help="first take what webhooks missed from Stripe's list")
    books.add_argument("--json", action="store_true", help="print one JSON line")
    books.set_defaults(run=compare)
    document = verbs.add_parser("openapi", help="write the OpenAPI document")
    document.add_argument("--file", default="docs/openapi-shop.json")
    document.add_argument("--check", action="store_true", help="fail when the file differs")
    document.set_defaults(run=openapi)
    receipt = verbs.add_parser("verify", help="check a receipt's signature")
    receipt.add_argument("receipt", help="a file with the JSON of a receipt, or -")
    receipt.add_argument("--public-key", required=True, help="from GET /v1/receipt-key, base64")
    receipt.set_defaults(run=verify)
    words = parser.parse_args()
    configure("api")
    return run_command(lambda: words.run(words))


if __name__ == "__main__":
    sys.exit(main())
