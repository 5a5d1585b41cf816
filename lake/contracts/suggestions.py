"""What may be suggested to a person, and the closed list of reasons for it: shared by the lake, the vault and the app.

A suggestion is (account, kind, item, score, reason, because): `because` is the tag that the reason speaks of, or nothing.
"""

from __future__ import annotations

KINDS = ("person", "post", "tag")

PURPOSE = "recommendations"  # of consent; what streams at all is decided by the purpose `lake`
PURPOSES = ("lake", PURPOSE)  # somebody takes part while they agree to both

REASONS: dict[str, str] = {
    "answered_tag": "the person answered problems with the tag in `because`",
    "followed_tag": "the person follows the tag in `because`",
    "same_problems": "people who answered the same problems",
    "answered_you": "they answered the person's own problems",
    "used_together": "used together with the tag in `because`, which the person answers in or follows",
    "people_like_you": "what people with a similar history chose",
}
WITH_TAG = ("answered_tag", "followed_tag", "used_together")

MOST = {"person": 12, "post": 24, "tag": 12}  # rows that are kept for each person
