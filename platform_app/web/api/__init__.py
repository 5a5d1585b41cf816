"""The JSON API under /api/v1, one module for each context.

In: JSON with a bearer token, or with the session's cookie and its CSRF token. Out: JSON, or problem details.
Read `community.py` first.
"""

from platform_app.web.api import (
    attachments,
    community,
    discussion,
    explore,
    files,
    flags,
    follows,
    groups,
    identity,
    identity_account,
    identity_security,
    identity_tokens,
    keeping_away,
    moderation,
    notifications,
    privacy,
    profiles,
    profiles_github,
    profiles_work,
    search,
    suggestions,
    synonyms,
    writing,
)

ROUTERS = (
    identity.router,
    identity_security.router,
    identity_tokens.router,
    identity_account.router,
    community.router,
    explore.router,
    discussion.router,
    follows.router,
    groups.router,
    keeping_away.router,
    moderation.router,
    notifications.router,
    privacy.router,
    profiles.router,
    profiles_work.router,
    profiles_github.router,
    attachments.router,
    files.router,
    flags.router,
    search.router,
    suggestions.router,
    synonyms.router,
    writing.router,
)
