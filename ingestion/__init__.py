"""From the write-ahead log to bronze, changing nothing.

What enters: PostgreSQL's changes, through Debezium and the Kafka topic `app.changes`. What leaves: the rows of bronze
(`lake.schema.BRONZE`) and the messages in quarantine that could not be read. Read `landing.py` first, then
`assemble.py`; `connect.py` starts the capture.

What bronze guarantees to its readers:

* Every commit moves the position of the application `land:<cluster>:<topic>`; the rows it adds lie beyond the position
  before it and up to the new one. `store.changes(BRONZE, after=p)` therefore misses nothing, with one announced
  exception: a replay of quarantine lands rows at their own, older positions and says so in a row m of
  `{"kind": "replay", "positions": [...]}` at a new one.
* A committed change (op c, u, d, t) is there exactly once, in the order of the commits; `_position` is that order.
  A row of a snapshot (op r) is a state, not a change, and may come again with the next snapshot.
* A row b of `{"kind": "snapshot", "hides": p, "rows": n}` says that a snapshot of `table` is complete: its n rows lie
  between p and this row, and nothing of the table at or before p is current. There is one for each table of the
  snapshot, also for an empty one, and none for a snapshot that was interrupted.
* Of an erased person (`lake.erased`) nothing lands but rows x, without key and images; what landed before is purged, so
  bronze then lacks positions, and a transaction of theirs that is sent again costs an audit at most.
* A row t says the same of a truncation: `{"kind": "truncate", "hides": <its own position>}`.
* Other rows without a table (ops m, e, n) are notes of landing itself and hold no value of any row.
"""
