"""The app's front door: JSON endpoints under /api/v1 and pages that work without JavaScript.

In: requests. Out: answers, each with its correlation id, and calls of the contexts' services, one transaction per
request. Read `visit.py` first: who asks, and how a handler gets its transaction; then `pages/community.py`.
"""
