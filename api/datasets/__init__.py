"""Rows for sale: a typed query over one version of a product, priced by its grain filters, answered in four formats.

An `Entitlement` and a query string enter; rows, with the receipt of what they cost, leave.
Read `service.py` first, then `query.py`.
"""
