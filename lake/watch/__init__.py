"""The pipeline's state as one service: `python -m lake watch`.

What enters: how far each stage is (Kafka's end, the tables' logs, the warehouse's cut), the replication slot and the
connector, quarantine, the diary of jobs, the shelf of products. What leaves: `GET /state` (JSON, docs/state.md) for the
administrator's page and `make status`, and `GET /metrics`. It reads logs and small tables, never data, and holds no
row's value. What is away is said so, and the service goes on. Read `watcher.py` first, then `health.py`.
"""
