"""Places as people write them → ISO 3166-1 alpha-2 codes, or nothing when it is not plain which country is meant.

"Lyon, France", "NYC", "Austin, TX", "🇩🇪 Berlin", "somewhere over the rainbow" → FR, US, US, DE, nothing.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import pycountry

SPOKEN = {
    "america": "US", "the states": "US", "united states of america": "US", "usa": "US", "u s a": "US", "us": "US",
    "u s": "US", "uk": "GB", "u k": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "uae": "AE", "holland": "NL", "the netherlands": "NL", "russia": "RU",
    "south korea": "KR", "korea": "KR", "north korea": "KP", "vietnam": "VN", "iran": "IR", "syria": "SY",
    "bolivia": "BO", "venezuela": "VE", "tanzania": "TZ", "taiwan": "TW", "moldova": "MD", "laos": "LA",
    "czech republic": "CZ", "czechia": "CZ", "turkey": "TR", "macedonia": "MK", "ivory coast": "CI", "cape verde": "CV",
    "brunei": "BN", "palestine": "PS", "vatican": "VA", "swaziland": "SZ", "burma": "MM", "kosovo": "XK",
    "deutschland": "DE", "espana": "ES", "italia": "IT", "brasil": "BR", "osterreich": "AT", "schweiz": "CH",
    "suisse": "CH", "polska": "PL", "nederland": "NL", "danmark": "DK", "sverige": "SE", "norge": "NO", "suomi": "FI",
    "eire": "IE", "mexico": "MX", "hellas": "GR", "turkiye": "TR", "bharat": "IN", "nippon": "JP", "belgie": "BE",
    "belgique": "BE", "ceska republika": "CZ", "magyarorszag": "HU", "romania": "RO", "hrvatska": "HR", "srbija": "RS",
}  # fmt: skip
CITIES = {
    "london": "GB", "manchester": "GB", "edinburgh": "GB", "glasgow": "GB", "bristol": "GB", "oxford": "GB",
    "paris": "FR", "lyon": "FR", "marseille": "FR", "toulouse": "FR", "berlin": "DE", "munich": "DE", "hamburg": "DE",
    "frankfurt": "DE", "cologne": "DE", "vienna": "AT", "zurich": "CH", "geneva": "CH", "rome": "IT", "milan": "IT",
    "madrid": "ES", "barcelona": "ES", "lisbon": "PT", "porto": "PT", "amsterdam": "NL", "rotterdam": "NL",
    "brussels": "BE", "copenhagen": "DK", "stockholm": "SE", "oslo": "NO", "helsinki": "FI", "dublin": "IE",
    "prague": "CZ", "warsaw": "PL", "krakow": "PL", "budapest": "HU", "bucharest": "RO", "sofia": "BG", "athens": "GR",
    "istanbul": "TR", "ankara": "TR", "moscow": "RU", "kyiv": "UA", "kiev": "UA", "tel aviv": "IL", "cairo": "EG",
    "lagos": "NG", "nairobi": "KE", "johannesburg": "ZA", "cape town": "ZA", "dubai": "AE", "mumbai": "IN",
    "delhi": "IN", "new delhi": "IN", "bangalore": "IN", "bengaluru": "IN", "hyderabad": "IN", "chennai": "IN",
    "pune": "IN", "kolkata": "IN", "karachi": "PK", "lahore": "PK", "dhaka": "BD", "colombo": "LK", "bangkok": "TH",
    "hanoi": "VN", "ho chi minh city": "VN", "jakarta": "ID", "kuala lumpur": "MY", "manila": "PH", "tokyo": "JP",
    "osaka": "JP", "kyoto": "JP", "seoul": "KR", "beijing": "CN", "shanghai": "CN", "shenzhen": "CN", "taipei": "TW",
    "sydney": "AU", "melbourne": "AU", "brisbane": "AU", "perth": "AU", "auckland": "NZ", "wellington": "NZ",
    "toronto": "CA", "vancouver": "CA", "montreal": "CA", "ottawa": "CA", "calgary": "CA", "mexico city": "MX",
    "sao paulo": "BR", "rio de janeiro": "BR", "buenos aires": "AR", "santiago": "CL", "bogota": "CO", "lima": "PE",
    "new york": "US", "new york city": "US", "nyc": "US", "los angeles": "US", "san francisco": "US", "chicago": "US",
    "boston": "US", "seattle": "US", "austin": "US", "denver": "US", "houston": "US", "dallas": "US", "miami": "US",
    "atlanta": "US", "philadelphia": "US", "portland": "US", "san diego": "US", "washington dc": "US", "sf": "US",
    "silicon valley": "US", "bay area": "US", "sf bay area": "US", "brooklyn": "US",
}  # fmt: skip
PROVINCES = ("US", "CA", "AU")  # where people write a state's short form after a comma
AMBIGUOUS = {"georgia"}  # a country and a state: said by the rest of the place, or not at all


@functools.lru_cache(maxsize=20_000)
def country_of(place: str | None) -> str | None:
    """The country a place names, as ISO 3166-1 alpha-2, or None."""
    if not place:
        return None
    if flag := _flag(place):
        return flag
    parts = [p for p in (_plain(part) for part in re.split(r"[,;/|()\n·•]| - | – ", place)) if p]
    for part in reversed(parts):  # the country is written last
        if code := _named(part):
            return code
    if len(parts) > 1 and (code := _province_short(place)):
        return code
    for part in parts:
        if code := CITIES.get(part):
            return code
    return None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join(letters.split())


def _flag(place: str) -> str | None:
    letters = [chr(ord(c) - 0x1F1E6 + ord("A")) for c in place if 0x1F1E6 <= ord(c) <= 0x1F1FF]
    code = "".join(letters[:2])
    return code if pycountry.countries.get(alpha_2=code) else None


def _named(part: str) -> str | None:
    if part in AMBIGUOUS:
        return None
    return SPOKEN.get(part) or _countries().get(part) or _provinces().get(part)


def _province_short(place: str) -> str | None:
    """The country of a state's short form in capitals after a comma: "Austin, TX 78701"."""
    last = place.rsplit(",", 1)[-1].split()
    return _short_forms().get(last[0].strip(".")) if last else None


@functools.cache
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for country in pycountry.countries:
        for kind in ("name", "official_name", "common_name"):
            if name := getattr(country, kind, None):
                names[_plain(name)] = country.alpha_2
        names.setdefault(country.alpha_3.casefold(), country.alpha_2)
    return names


@functools.cache
def _provinces() -> dict[str, str]:
    """States and provinces by full name, where only one country has one of that name."""
    found: dict[str, str] = {}
    for country in PROVINCES:
        for province in pycountry.subdivisions.get(country_code=country):
            name = _plain(province.name)
            found[name] = country if found.get(name, country) == country else ""
    return {name: code for name, code in found.items() if code and name not in _countries()}


@functools.cache
def _short_forms() -> dict[str, str]:
    forms: dict[str, str] = {}
    for country in PROVINCES:
        for province in pycountry.subdivisions.get(country_code=country):
            forms.setdefault(province.code.split("-")[1], country)
    return forms
