"""Which of the private tables name a person, and by which columns: what somebody gets who asks for all data about them.

A table of `PRIVATE` is in one of the two lists here; a test says so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Own:
    """The columns that name a person (an array names each of its ids), and the columns that are kept back from them."""

    columns: tuple[str, ...] = ("account_id",)
    withheld: tuple[str, ...] = ()  # beside every `bytea`: hashes and sealed secrets
    others: tuple[str, ...] = ()  # columns that name somebody else than the one whose row it is: nobody gets it by them
    but: tuple[str, str] | None = None  # a column and its value: those rows are kept back


PEOPLE: dict[str, Own] = {
    "identity.credentials": Own(withheld=("password_hash",)),
    "identity.sessions": Own(withheld=("csrf_token",)),
    "identity.reset_tokens": Own(),
    "identity.erasure_requests": Own(),
    "identity.consent_events": Own(),
    "identity.factors": Own(),
    "identity.recovery_codes": Own(),
    "identity.challenges": Own(),
    "identity.verifications": Own(),
    "identity.mail_tokens": Own(),
    "identity.tokens": Own(),
    "identity.grants": Own(),
    "identity.links": Own(),
    "discovery.documents": Own(("author_id",), withheld=("words",)),
    "kernel.answers": Own(),
    "discovery.starts": Own(),
    "community.revisions": Own(("editor_id",)),
    "community.barred": Own(),
    "community.drafts": Own(),
    "community.private_accounts": Own(),
    "community.follow_requests": Own(("asker_id", "asked_id")),
    "community.state_changes": Own(("actor_id",)),
    "community.removals": Own(("actor_id",)),
    # Who looked is not said, and a look at a case would say that somebody reported the person.
    "kernel.audit": Own(("subject_id",), withheld=("actor_id",), others=("actor_id",), but=("action", "case.read")),
    "kernel.outbox": Own(("people",), withheld=("actor_id", "people")),
    "messaging.preferences": Own(),
    "messaging.quiet_hours": Own(),
    "messaging.mails": Own(("recipient_id",)),
    "moderation.blocks": Own(("blocker_id",)),
    "moderation.mutes": Own(("muter_id",)),
    "moderation.hidden": Own(("author_id",)),
    "moderation.reports": Own(("reporter_id",), withheld=("assigned_to", "snapshot")),
    "moderation.actions": Own(("subject_id", "moderator_id"), withheld=("moderator_id",)),
    "moderation.suspensions": Own(),
    "moderation.trusted": Own(),
    "moderation.allowances": Own(),
    "profiles.faces": Own(),
    "profiles.resumes": Own(),
    "profiles.reputation": Own(),
    "profiles.github": Own(),
    "profiles.featured": Own(("account_id", "featured_by")),
    "uploads.files": Own(("owner_id",)),
    "suggestions.suggestions": Own(others=("person_id",)),
    "explore.rankings": Own(),
}

PUBLISHED: dict[str, Own] = {
    # When somebody looked, and that somebody was not told (a mute), is theirs and not the business of who did it.
    "messaging.notifications": Own(("recipient_id",), others=("actor_id",)),
}
"""Published tables of which a person does not get every row that names one of their `people`."""

NOBODY: dict[str, str] = {
    "identity.refresh_tokens": "Hashes alone; the log-in they belong to is in identity.grants.",
    "identity.signing_keys": "The app's own keys.",
    "community.post_counters": "About posts; the post names its author.",
    "moderation.words": "Words, and when they were added.",
    "discovery.embeddings": "Numbers derived from a document, which names its person.",
    "discovery.words": "Words that several people use.",
    "uploads.variants": "Sizes of files; the file names its owner.",
    "uploads.loose": "Names content that no row names any more.",
    "suggestions.made": "One moment for all.",
    "capture.heartbeats": "One moment for all.",
    "capture.signals": "Names tables.",
    "kernel.flags": "Names features.",
    "kernel.tries": "Keyed digests, which nobody can turn back; gone after a day.",
    "kernel.data_keys": "The app's own keys.",
    "kernel.deliveries": "Names events; the event names its people.",
    "kernel.migrations": "Names files.",
    "kernel.import_progress": "Names batches.",
}
