"""What the lake suggests to a person, as pages and the API show it.

Rows enter from outside (`python -m anonymizer suggest` writes schema `suggestions`); people, problems and tags leave, each
with its reason in words. Read `reads.py`.
"""
