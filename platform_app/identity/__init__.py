"""Who people are, how they and their programs come in, and what they agreed to.

In: sign-ups, log-ins here and at other sites, changes of name and mail, decisions on consent, imported people. Out:
`identity.accounts`, `identity.consents` and their private companions. Read `service.py` first.

Services: create_account, find_account, find_by_handle, find_by_email, change_email, rename, appoint, consents_of,
consent_history, decide_consent, issue_reset_token, claim_account; batch form: add_people.
`access.py` passwords, `mfa.py` the second factor, `sessions.py` log-ins, `verification.py` mail addresses, `tokens.py`
personal tokens, `grants.py` and `signing.py` log-ins of programs, `providers.py` the protocol of other sites and `oauth.py`
what it means for an account, `export.py` all data about a person, `audit.py` what administrators looked at.
`erasure.py` removes an account and keeps the request that the lake forgets it too; `platform_app/leaving.py` calls it.
`restream.py` streams the rows of people again who grant `lake` later.
"""
