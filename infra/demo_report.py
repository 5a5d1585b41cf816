"""What the demo leaves behind: the table on the screen, `demo.json`, and `demo.env` for the README's curl lines."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.place import Place, write_private
from infra.walk import STOPS, Paid, Walked


def write(place: Place, walked: Walked, logins: dict[str, str]) -> None:
    """Write `demo.json` (amounts as decimal strings of the currency unit) and `demo.env` (mode 0600)."""
    paid = walked.paid
    report: dict[str, Any] = {
        "data": walked.data,
        "engine": "local",
        "stops": {stop: walked.stops[stop] for stop in STOPS},
        "paid": {
            "price": paid.price,
            "rows": paid.rows,
            "receipt": paid.receipt,
            "balance_before": paid.balance_before,
            "balance_after": paid.balance_after,
        },
        "cells": {"published": paid.cells_published, "suppressed": paid.cells_suppressed},
        "seconds": walked.seconds,
    }
    write_private(place.run / "demo.json", json.dumps(report, indent=1) + "\n")
    write_private(place.run / "demo.env", "".join(f"{name}={value}\n" for name, value in logins.items()))


def show(console: Console, walked: Walked) -> None:
    """Print a line for each stop, then the paid request."""
    table = Table("", "stop", "in", "out", "refused", "seconds", "what it did", box=None, pad_edge=False)
    for number, (stop, about) in enumerate(STOPS.items(), start=1):
        facts = walked.stops[stop]
        numbers = [f"{facts[key]:,}" for key in ("in", "out", "refused")]
        table.add_row(str(number), stop, *numbers, f"{facts['seconds']:.1f}", about)
    console.print()
    console.print(table)
    console.print()
    _show_paid(console, walked.paid)


def _show_paid(console: Console, paid: Paid) -> None:
    console.print(
        f"{paid.cells_published:,} cells are published, {paid.cells_suppressed:,} were suppressed.", highlight=False
    )
    for product in paid.products:
        console.print(f"  {product}", highlight=False)
    if not paid.product:
        console.print("No product has a version yet, so there was nothing to buy.")
        return
    table = Table(*paid.sample[0], box=None, pad_edge=False) if paid.sample else Table()
    for row in paid.sample:
        table.add_row(*(str(value) for value in row.values()))
    console.print(f"\nBought: all {paid.rows:,} rows of {paid.product}, version {paid.version}. The first of them:")
    console.print(table)
    again = ", because these rows were paid for before" if paid.repeat else ""
    console.print(
        f"Price {paid.price} {paid.currency}{again}. Balance {paid.balance_before} before, {paid.balance_after} after.\n"
        f"Receipt {paid.receipt['receipt']['receipt_id']}, signed with key {paid.receipt['key_id']}.",
        highlight=False,
    )


def show_doors(console: Console, logins: dict[str, str], stripe: str) -> None:
    """Print the addresses, the logins, and what to type next."""
    table = Table("open", "log in with", box=None, pad_edge=False)
    table.add_row(logins["APP_URL"], f"{logins['APP_EMAIL']}  {logins['APP_PASSWORD']}")
    table.add_row(logins["SHOP_URL"], f"{logins['SHOP_EMAIL']}  {logins['SHOP_PASSWORD']}")
    table.add_row(f"{logins['SHOP_URL']}/openapi.json", "the shop's API; the key is API_KEY in .run/demo.env")
    table.add_row(stripe, "the stand-in for Stripe")
    console.print()
    console.print(table)
    console.print(
        "\nType next:\n"
        "  source .run/demo.env\n"
        '  curl -H "Authorization: Bearer $API_KEY" "$SHOP_URL/v1/products"\n'
        '  make sql Q="select kind, count(*) from silver.posts group by 1"\n'
        "  make status        make logs        make down",
        markup=False,
        highlight=False,
    )
