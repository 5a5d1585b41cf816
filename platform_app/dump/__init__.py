"""Brings a Stack Exchange dump into the app, through the batch forms of the services.

In: a folder with the official XML files, or the same as csv.gz. Out: people, problems, approaches, comments, votes,
tags, badges and links with their original times; the same folder again changes nothing.
Read `run.py` first: it lists the stages; `convert.py` has the mapping, `skips.py` what is left out and why.
"""
