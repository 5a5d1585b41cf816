"""The local stack: embedded PostgreSQL, Kafka and Kafka Connect, and the rooms' own processes, started and supervised.

Programs installed under the run folder enter; running parts, settings files for every room and the demo's walk leave.
Infra starts commands and reads their answers; it imports no room. Read `part.py` first, then `stack.py`.
"""
