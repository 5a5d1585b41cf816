"""What a person is shown of what others wrote: the feed on the start page, the explore page, and people to follow.

In: whom and what a person follows and, if they agreed to `recommendations`, what they write, vote for and opened before.
Out: rankings (`rankings.py`), each entry with the reason that is shown beside it, and the history of what was shown and
opened (`history.py`, the table `explore.impressions`). How entries are weighed is `scoring.py`, a pure function.
Read `scoring.py` first, then `rankings.py`.
"""
