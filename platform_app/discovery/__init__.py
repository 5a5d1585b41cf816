"""Finding what was written: by words, by meaning, by tags, and what is like something else.

In: what PostgreSQL's triggers keep in `discovery.documents` of posts, approaches and people, and a vector for each that a
model makes of its text (`embedding.py`, run by `work` and by the command `embed`; never within a request but for what
somebody types). Out: pages of results, similar problems, tags that fit a text, and problems for newcomers. Without the
model everything works by words alone, and says so. Read `query.py` first, then `search.py`.
"""
