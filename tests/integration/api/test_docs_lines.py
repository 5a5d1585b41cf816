"""The lines of docs/shop.md work as they stand."""

from __future__ import annotations

import re
import subprocess

from tests.lib.shops import CHECKOUT, TestShop


def test_every_line_of_the_shops_document_works(shop: TestShop) -> None:
    buyer = shop.buyer(balance=2_000_000)
    (shop.run / "demo.env").write_text(f"SHOP_URL={shop.url}\nAPI_KEY={buyer.key}\n")
    text = (CHECKOUT / "docs" / "shop.md").read_text()
    script = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    script = script.replace(".run/demo.env", str(shop.run / "demo.env")).replace("curl -s", "curl -sS --fail-with-body")
    script = re.sub(r"\.run/(rows\.parquet|receipt\.json)", rf"{shop.run}/\1", script)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The signature holds." in done.stdout
    assert (shop.run / "rows.parquet").read_bytes()[:4] == b"PAR1"
    assert '"title":' not in done.stdout.split("The signature holds.")[1], "no problem document among the answers"
