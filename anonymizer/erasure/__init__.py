"""Erasing a person everywhere behind the app: open requests enter, receipts leave.

`command.py` says in which order; `tables.py` purges Delta tables, `warehouse.py` the warehouse; `scan.py` reads every file
afterwards; `receipt.py` signs what was done; `requests.py` is the door to the app. Read `command.py` first.
"""
