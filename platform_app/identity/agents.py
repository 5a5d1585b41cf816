"""Which family of browser and device a User-Agent names: enough to recognise one's own log-in, and no more is kept."""

from __future__ import annotations

ANOTHER, PROGRAM = "Another", "A program"

# The first mark that occurs decides: every browser also names those it descends from.
_BROWSERS = (
    ("edg/", "Edge"), ("edga/", "Edge"), ("edgios/", "Edge"), ("opr/", "Opera"), ("samsungbrowser/", "Samsung Internet"),
    ("vivaldi/", "Vivaldi"), ("fxios/", "Firefox"), ("firefox/", "Firefox"), ("crios/", "Chrome"), ("chromium/", "Chrome"),
    ("chrome/", "Chrome"), ("version/", "Safari"), ("mozilla/", ANOTHER),
)  # fmt: skip
_DEVICES = (
    ("iphone", "iPhone"), ("ipad", "iPad"), ("android", "Android"), ("cros ", "ChromeOS"), ("windows", "Windows"),
    ("macintosh", "Mac"), ("mac os x", "Mac"), ("linux", "Linux"),
)  # fmt: skip


def browser_and_device(user_agent: str) -> tuple[str, str]:
    """The families, such as ("Firefox", "Linux"); ("A program", "Another") for what does not claim to be a browser."""
    text = user_agent[:500].lower()
    browser = next((family for mark, family in _BROWSERS if mark in text), PROGRAM)
    return browser, next((family for mark, family in _DEVICES if mark in text), ANOTHER)
