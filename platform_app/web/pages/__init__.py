"""The pages, one module for each kind of thing people do; each works without JavaScript.

In: looks and forms. Out: HTML, a fragment where htmx asks for one, or a redirect after a form.
Read `community.py` first.
"""

from platform_app.web.pages import (
    account,
    community,
    consent,
    entrance,
    moderation,
    people,
    pipeline,
    reactions,
    recovery,
    writing,
)

ROUTERS = tuple(
    module.router
    for module in (writing, community, reactions, people, consent, account, entrance, recovery, moderation, pipeline)
)
