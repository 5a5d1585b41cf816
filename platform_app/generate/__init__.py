"""Invents a community with the shapes of a real one, for demonstrations and tests.

In: how many people, a seed, and the moment the community's history ends. Out: the same rows every time, written
through the batch forms of the services. Read `plan.py` first; `shape.py` has the calibration, `texts.py` the words.
"""
