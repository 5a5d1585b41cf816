"""The only door from bronze to silver: raw changes enter, anonymised versions leave, one treatment for each column.

`policy.py` turns a contract into treatments (one file each in `rules/`), `detect.py` finds identifiers in free text,
`people.py` knows who consents and what everybody is called, and `release.py` carries a batch through all of it.
Read `policy.py` first, then `release.py`.
"""
