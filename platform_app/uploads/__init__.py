"""Files that people bring: checked by what is in them, kept by content, and gone with the last thing that shows them.

In: the bytes of a request. Out: files below `APP_UPLOADS`, named by the SHA-256 of what is in them, and rows of
`uploads.files` and `uploads.variants` that say whose they are and what shows them. Read `service.py` first.

Services: prepare (`images.py`, `documents.py`), keep, use, drop, find, count_of, forget; `cleaning.py` removes what
nothing refers to.
"""
