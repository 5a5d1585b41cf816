"""Tables of the app that never leave PostgreSQL, each with the reason. A table in neither list fails the check."""

PRIVATE: dict[str, str] = {
    "identity.credentials": "Password hashes are secret.",
    "identity.sessions": "Session ids are secret.",
    "identity.reset_tokens": "Whoever holds one can claim an account.",
    "identity.erasure_requests": "Says who left until the lake has forgotten them; the receipt names nobody.",
    "identity.consent_events": "The history behind consents; only the present decision steers the lake.",
    "community.post_counters": "Views and scores are derived and change at every click.",
    "suggestions.suggestions": "What the lake suggests comes from there; it would go round in a circle.",
    "suggestions.made": "At which cut the suggestions were computed.",
    "capture.heartbeats": "Written by the connector so that a quiet database confirms its position.",
    "capture.signals": "Asks the connector for a new snapshot.",
    "kernel.outbox": "What happened, told to the app's own parts; the tables hold the same facts.",
    "kernel.deliveries": "Which events somebody has still to handle.",
    "kernel.migrations": "Which migrations have run.",
    "kernel.import_progress": "Which batches of an import have been written.",
}
