"""The shop's pages: server-rendered, one style sheet, no script. They call the same services as the JSON API.

Browsers' requests with a session cookie enter; HTML, redirects and downloads leave.
Read `visit.py` first (who visits, and the token each form carries), then `public.py`.
"""
