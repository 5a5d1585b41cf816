"""What is for sale: the declared products, and their published versions on the shelf.

Manifests and Parquet files enter; `Version` (a manifest) and `Loaded` (its checked rows in memory) leave.
Read `shelf.py` first.
"""
