"""Named points at which a test may have the process killed, as a power cut would; without a name nothing happens."""

from __future__ import annotations

import os
import signal


def reach(point: str, armed: str) -> None:
    """kill -9 this very process when `point` is the armed one (`LAKE_FAILPOINT`)."""
    if point == armed:
        os.kill(os.getpid(), signal.SIGKILL)
