"""The pages, one module for each kind of thing people do; each works without JavaScript.

In: looks and forms. Out: HTML, a fragment where htmx asks for one, or a redirect after a form.
Read `community.py` first.
"""

from platform_app.web.pages import (
    account,
    attachments,
    audit,
    cases,
    community,
    consent,
    console,
    design,
    entrance,
    entrance_elsewhere,
    explore,
    files,
    flags,
    follows,
    hints,
    moderation,
    notifications,
    people,
    pipeline,
    reactions,
    recovery,
    safety,
    search,
    security,
    security_tokens,
    synonyms,
    work,
    writing,
)

ROUTERS = tuple(
    module.router
    for module in (
        hints,
        writing,
        community,
        explore,
        follows,
        reactions,
        people,
        work,
        attachments,
        consent,
        account,
        security,
        security_tokens,
        entrance,
        entrance_elsewhere,
        files,
        notifications,
        recovery,
        moderation,
        safety,
        cases,
        synonyms,
        audit,
        console,
        pipeline,
        search,
        design,
        flags,
    )
)
