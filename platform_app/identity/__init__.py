"""Who people are and what they agreed to.

In: sign-ups, changes of name and mail, decisions on consent, imported people. Out: `identity.accounts`,
`identity.consents` and their private companions. Read `service.py` first.

Services: create_account, find_account, find_by_handle, find_by_email, change_email, rename, appoint, consents_of,
consent_history, decide_consent, issue_reset_token, claim_account; batch form: add_people.
`erasure.py` removes an account and keeps the request that the lake forgets it too; `platform_app/leaving.py` calls it.
`restream.py` streams the rows of people again who grant `lake` later.
"""
