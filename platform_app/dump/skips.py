"""What an import leaves out, and why. Shown by `python -m platform_app import --help` and counted in its summary."""

from __future__ import annotations

NOT_READ: dict[str, str] = {
    "PostHistory": "the app keeps no revisions of a text",
    "PostHistoryTypes, CloseReasonTypes and other lists": "they only explain numbers of the dump",
    "scores, reputation and answer counts": "they are counted again from the votes and rows that came in",
    "ages, mail hashes, last visits, account ids": "the app does not hold them",
    "licences of single rows": "one licence holds for the whole dump: keep its attribution beside your copy",
}
WIKI = "tag wikis and other pages that are neither question nor answer"
PROCESS = "the site's own process, which is not a person"
OTHER_VOTES = "votes that are neither for nor against: favourites, flags, bounties, reviews"
TAKEN_BACK = "acceptances that were taken back"
OTHER_LINKS = "links that are neither related nor duplicate"
SKIPPED: tuple[str, ...] = (WIKI, PROCESS, OTHER_VOTES, TAKEN_BACK, OTHER_LINKS)

MALFORMED = "malformed: an id, a time or a number cannot be read"
NO_AUTHOR = "its author is not among the imported people"
NO_POST = "what it belongs to was not imported"
NO_TITLE = "has no title"
TOO_LONG = "longer than the app allows"
NO_VOTER = "nobody is left who could have cast the vote"
REPEATED = "repeats another row"
REFUSED: tuple[str, ...] = (MALFORMED, NO_AUTHOR, NO_POST, NO_TITLE, TOO_LONG, NO_VOTER, REPEATED)

DRAWN: dict[str, str] = {
    "voters": "a dump's votes name nobody: they are drawn by seed from its people, by how much each voted, never the author",
    "consent": "drawn by seed: 85 % agree to `lake`, most of them to `text_corpus` and to `recommendations`",
}


def explanation() -> str:
    """The whole list as text."""
    lines = ["What is not read:"]
    lines += [f"  {what}: {why}" for what, why in NOT_READ.items()]
    lines += ["What is skipped and counted:", *(f"  {what}" for what in SKIPPED)]
    lines += ["Why a row is refused and counted:", *(f"  {why}" for why in REFUSED)]
    lines += ["What a dump does not hold:", *(f"  {what}: {why}" for what, why in DRAWN.items())]
    return "\n".join(lines)
