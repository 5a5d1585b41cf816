"""What Spark computes about pseudonyms: who answers whom, what goes together, and what to suggest to whom.

Current silver at one cut enters, of people who agree to suggestions alone; Delta tables below `gold_internal/` leave.
Only this package and `lake/store` know Spark: it is Spark-only by nature. Read `tables.py` first, then `run.py`.
"""

from lake.features.run import Made, features
from lake.features.tables import forget, made_at

__all__ = ["Made", "features", "forget", "made_at"]
