"""Identifiers of social and paid work that Presidio does not know, as Presidio recognisers.

Each pattern is bounded in every repetition; a pattern that still takes too long stops the text, see `engine.py`.
"""

from __future__ import annotations

import re
from typing import Any

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

_DOT = r"(?:\s?[\[({<]\s?(?:dot|\.)\s?[\])}>]\s?|\s{1,2}dot\s{1,2}|_dot_|\.)"
_SAID_DOT = r"(?:\s?[\[({<]\s?(?:dot|\.)\s?[\])}>]\s?|\s{1,2}dot\s{1,2}|_dot_)"
_AT = r"(?:\s?[\[({<]\s?(?:at|@)\s?[\])}>]\s?|_at_)"
_LOCAL = rf"\b[\w+-]{{1,40}}(?:{_DOT}[\w+-]{{1,40}}){{0,3}}"
_PROVIDER = r"(?:gmail|googlemail|hotmail|yahoo|outlook|proton(?:mail)?|icloud|gmx|aol|live|mail|me|yandex|zoho)"
_TLD = (
    r"(?:com|org|net|edu|gov|info|biz|name|pro|io|co|me|dev|app|ai|xyz|online|site|blog|page|link|club|shop|tech|cloud|"
    r"eu|uk|us|ca|de|fr|it|es|pt|nl|be|ch|at|se|no|dk|fi|pl|cz|ie|in|jp|cn|kr|br|mx|ar|au|nz|za|ng|ke|ru|ua|tr|il|ae|sg|hk|tv|gg|fm)"
)
_IBAN_LANDS = (
    r"(?:AD|AE|AL|AT|AZ|BA|BE|BG|BH|BR|BY|CH|CR|CY|CZ|DE|DK|DO|EE|EG|ES|FI|FO|FR|GB|GE|GI|GL|GR|GT|HR|HU|IE|IL|IQ|IS|"
    r"IT|JO|KW|KZ|LB|LC|LI|LT|LU|LV|LY|MC|MD|ME|MK|MR|MT|MU|NL|NO|PK|PL|PS|PT|QA|RO|RS|SA|SC|SE|SI|SK|SM|ST|SV|TL|TN|"
    r"TR|UA|VA|VG|XK)"
)
_STREET = r"(?:street|avenue|ave|road|rd|boulevard|blvd|lane|ln|terrace|highway|hwy|parkway|pkwy|crescent|st\b\.?)"
_STREET_CAPITAL = (
    r"(?-i:St|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Way|Close|Row|Alley|Circle|Cir|Trail|Trl|Walk|Mews|Gardens|Hill)"
)
_FLAT = r"(?:,?\s{1,3}(?:apt|apartment|suite|ste|unit|floor|flat|#)\.?\s{0,2}[\w-]{1,8})?"
_TOWN = (
    r"(?:,\s{0,3}(?-i:[A-Z])\w{1,30}(?:\s(?-i:[A-Z])\w{1,30}){0,2})?(?:,?\s{1,3}(?-i:[A-Z]{2})\s{1,3}\d{5}(?:-\d{4})?)?"
)
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"

PATTERNS: dict[str, dict[str, str]] = {
    "HANDLE": {
        "mention": r"(?<![\w/@.])@\w(?:[\w.-]{0,38}\w)?",
        "u/name": r"(?<![\w/])/?u/[\w-]{2,30}",
        "tag with number": r"\b[\w.]{2,32}#\d{4}\b",
        "labelled": (
            r"\b(?:insta(?:gram)?|ig|snap(?:chat)?|twitter|telegram|discord|skype|kik|tiktok|whatsapp|signal|wechat|keybase)"
            r"\s?(?:handle|id|name|user(?:name)?|account)?\s?(?:[:=]|\bis\b)\s?@?[\w.-]{3,40}"
        ),
    },
    "EMAIL": {
        "address": r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}\\?@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}(?<=\w)",
        "address with spaces": rf"[\w.+-]{{1,64}}\s{{0,2}}@\s{{0,2}}[\w-]{{1,63}}(?:\s?\.\s?[\w-]{{1,63}}){{0,4}}\.{_TLD}\b",
        "with a said at": rf"{_LOCAL}{_AT}[\w-]{{1,40}}(?:{_DOT}[\w-]{{1,40}}){{0,3}}",
        "with a said dot": rf"{_LOCAL}\s{{1,2}}at\s{{1,2}}[\w-]{{1,40}}{_SAID_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?",
        "at a provider": rf"{_LOCAL}\s{{1,2}}(?:at|@)\s{{1,2}}{_PROVIDER}{_DOT}{_TLD}\b",
    },
    "URL": {
        "with scheme": r"\b[a-z][a-z0-9+.-]{1,10}://[^\s<>()\[\]\"'`]{1,2000}",
        "www": r"\bwww\.[^\s<>()\[\]\"'`]{1,2000}",
        "mailto": r"\b(?:mailto|tel|skype|xmpp|sip):[^\s<>()\[\]\"'`]{1,200}",
        "bare domain": rf"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.){{1,4}}{_TLD}\b(?:/[^\s<>()\[\]\"'`]{{0,2000}})?",
    },
    "PHONE": {
        "international": r"(?<![\w.])(?:\+|\b00)\s?\d{1,3}[\s./()-]{0,3}(?:\d[\s./()-]{0,2}){5,12}\d\b",
        "area in brackets": r"\(\s?\d{2,5}\s?\)[\s.-]{0,2}\d{2,4}(?:[\s.-]?\d{2,4}){1,3}\b",
        "three groups": r"(?<![\d.-])\d{3}[-.\s]\d{3}[-.\s]\d{4}(?![\d-])",
        "national": r"(?<![\d.,-])0\d{2,4}[\s/-]?\d{3,4}[\s-]?\d{3,4}(?![\d-])",
        "local, seven digits": r"(?<![\d.,-])\d{3}-\d{4}(?![\d-])",
        "local, announced": r"\b(?:call|phone|tel|text|ring|mobile|cell|whatsapp|number|fax)\b\D{0,15}\d{3}[\s.-]?\d{3,4}(?:[\s.-]?\d{2,4})?\b",
    },
    "CARD": {"13 to 19 digits": r"(?<![\w.])\d(?:[ \u00a0-]?\d){12,18}(?!\w)"},
    "IBAN": {"any case": rf"\b{_IBAN_LANDS}\d{{2}}(?:[ -]?[a-z0-9]{{4}}){{2,7}}(?:[ -]?[a-z0-9]{{1,4}})?\b"},
    "ID": {"social security": r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"},
    "IP": {"version 4": r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"},
    "WALLET": {
        "cardano": r"\b(?:addr|stake|addr_test|stake_test|addr_vk|addr_xvk|stake_vk)1[0-9a-z]{20,130}\b",
        "byron": rf"\b(?-i:DdzFF|Ae2)(?-i:{_BASE58}){{40,130}}\b",
        "ethereum": r"\b0x[a-f0-9]{40}\b",
        "bitcoin": rf"\b(?:bc1[a-z0-9]{{20,90}}|(?-i:[13]{_BASE58}{{25,34}}))\b",
        "long base58": rf"\b(?-i:{_BASE58}){{43,110}}\b",
        "transaction or key": r"\b(?:0x)?(?:[a-f0-9]{64}|[a-f0-9]{56}|[a-f0-9]{128})\b",
    },
    "ADDRESS": {
        "number and street": rf"\b\d{{1,5}}[a-z]?(?:\s?[-/]\s?\d{{1,4}})?,?\s{{1,3}}(?:[\w'’.-]{{1,25}}\s{{1,3}}){{1,4}}{_STREET}\b\.?{_FLAT}{_TOWN}",
        "number and Place": rf"\b\d{{1,5}}[a-z]?,?\s{{1,3}}(?:(?-i:[A-Z0-9])[\w'’.-]{{0,25}}\s{{1,3}}){{1,4}}{_STREET_CAPITAL}\b\.?{_FLAT}{_TOWN}",
        "street and number": r"\b[\w-]{2,40}(?:straße|strasse|str\.|weg|gasse|platz|allee)\s{1,2}\d{1,4}\s?[a-z]?\b(?:,\s{0,2}\d{5}\s{1,2}\w{2,30})?",
        "romance": r"\b(?:\d{1,4}(?:\s?(?:bis|ter))?,?\s{1,2})(?:rue|avenue|boulevard|chemin|allée|quai)\s{1,2}(?:[\w'’-]{1,25}\s?){1,5}",
        "via": r"\b(?:calle|rua|via|piazza|plaza|avenida)\s{1,2}(?:[\w'’-]{1,25}\s{1,2}){1,4}(?:n[.º°]?\s?)?\d{1,4}\b",
        "state and zip": r"\b(?-i:[A-Z]{2})\s{1,2}\d{5}(?:-\d{4})?\b",
        "postcode": r"\b(?-i:[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})\b",
        "box": r"\bp\.?\s?o\.?\s{0,2}box\s{1,2}\d{1,7}\b",
    },
}  # fmt: skip
SEVEN_DIGITS = re.compile(r"\d(?:[^\w\n]{0,4}\d){6}")
SCORE = 0.9  # above every guess of the model


def recognisers() -> list[PatternRecognizer]:
    """A Presidio recogniser for each kind."""
    return [
        PatternRecognizer(
            supported_entity=kind,
            name=f"Headwater{kind.title()}",
            patterns=[Pattern(name, regex, SCORE) for name, regex in variants.items()],
        )
        for kind, variants in PATTERNS.items()
    ]


class QuickPhoneRecognizer(PhoneRecognizer):  # type: ignore[misc]
    """Presidio's, asked only about texts with digits enough for a number: it reads a text once for each of 8 regions."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> Any:
        """No results without seven digits close to each other."""
        return super().analyze(text, entities, nlp_artifacts) if SEVEN_DIGITS.search(text) else []
