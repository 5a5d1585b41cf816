"""The treatments, one file each: an Arrow array of source values enters, the arrays of the silver columns leave.

Read `keep.py` first, it is the smallest.
"""
