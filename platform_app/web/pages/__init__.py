"""The pages, one module for each context; each works without JavaScript.

In: looks and forms. Out: HTML, or a redirect after a form. Read `community.py` first.
"""

ROUTERS = ()
