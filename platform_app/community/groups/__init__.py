"""Groups: people who work on something together, with a page of what they write and members who keep order.

In: creating, joining, leaving, appointing (`rules.py`). Out: rows of `community.groups` and `community.memberships`;
pages read them through `reads.py`. Everybody may read what a group writes; members write. Read `rules.py` first.
"""
