"""Named points where a test may have the process killed, to show what a crash there leaves behind. Off by default."""

from __future__ import annotations

import os
import signal

from lake.kit.log import get_log

AFTER_CHARGE = "after-charge"  # the charge is committed, no byte of the answer has left


class Failpoints:
    """Knows the one point that is armed (API_FAILPOINT); all others do nothing."""

    def __init__(self, armed: str) -> None:
        self._armed = armed

    def reach(self, point: str) -> None:
        """Kill this process, as kill -9 would, when `point` is the armed one. The log says that it was reached."""
        if self._armed == point:
            get_log().warning("failpoint_reached", point=point)
            os.kill(os.getpid(), signal.SIGKILL)
