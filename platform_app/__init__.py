"""The app where people post problems and answer them with approaches.

In: requests of people, and the commands `migrate`, `verify`, `import`, `generate`, `restream`, `serve`. Out: rows in
PostgreSQL, each written by a context's `service.py` (or its batch form) in one transaction that carries a
correlation id. The contexts are `identity`, `profiles` and `community`: each has a schema of its own.
`leaving.py` is the one thing that all of them do together: forgetting a person.
Read `db.py` first, then `community/service.py`.
"""
