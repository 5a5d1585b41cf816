"""The hosted payment page: a card number and a Pay button. A plain POST pays as well."""

from __future__ import annotations

from html import escape

from infra.stripe.store import Json

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pay {amount}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; background: #f2f4f8; color: #14202e; margin: 0; }}
main {{ max-width: 26rem; margin: 10vh auto; background: #fff; border-radius: 12px; padding: 2rem; box-shadow: 0 2px 16px #0002; }}
h1 {{ font-size: 1.9rem; margin: 0; }} label {{ display: block; margin: 1.2rem 0 .3rem; font-weight: 600; }}
input {{ width: 100%; box-sizing: border-box; font: inherit; padding: .6rem; border: 1px solid #8795a8; border-radius: 6px; }}
button {{ width: 100%; margin-top: 1rem; font: inherit; font-weight: 600; padding: .7rem; border: 0; border-radius: 6px;
 background: #3b4ccc; color: #fff; cursor: pointer; }} .note {{ color: #4d5b6c; font-size: .9rem; }}
.error {{ color: #a3121f; font-weight: 600; }}
</style></head><body><main>
<p class="note">Stand-in for Stripe Checkout: no money moves.</p>
<h1>{amount}</h1><p>{description}</p>{message}{form}</main></body></html>"""

_FORM = """<form method="post"><label for="card">Card number</label>
<input id="card" name="card" inputmode="numeric" autocomplete="off" value="4242424242424242" aria-describedby="cards">
<p class="note" id="cards">4242… is paid, 4000 0000 0000 0002 is declined, 4000 0000 0000 0077 is confirmed later.</p>
<button type="submit">Pay {amount}</button></form><p><a href="{cancel}">Cancel</a></p>"""


def payment_page(session: Json, error: str = "") -> str:
    """The HTML of a session's page, with the reason why a payment failed."""
    amount = f"{session['amount_total'] // 100}.{session['amount_total'] % 100:02d} {session['currency'].upper()}"
    if session["status"] == "complete":
        form = f'<p>Paid. <a href="{escape(session["success_url"])}">Back to the shop</a></p>'
    else:
        form = _FORM.format(amount=amount, cancel=escape(session.get("cancel_url") or session["success_url"]))
    message = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return _PAGE.format(amount=amount, description=escape(session["description"]), message=message, form=form)
