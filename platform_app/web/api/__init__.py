"""The JSON API under /api/v1, one module for each context.

In: JSON with a bearer token, or with the session's cookie and its CSRF token. Out: JSON, or problem details.
Read `community.py` first.
"""

from platform_app.web.api import community, follows, identity, profiles, suggestions

ROUTERS = (identity.router, community.router, follows.router, profiles.router, suggestions.router)
