"""Both lanes in one process, for an engine that does their work in other processes: one Spark serves them both."""

from __future__ import annotations

import threading
import time
from collections import Counter

from anonymizer.release import Room, open_room
from anonymizer.settings import AnonymizerSettings
from lake.kit.errors import Retry
from lake.metrics import served
from lake.settings import LakeSettings
from lake.store import Position


def in_turn(settings: AnonymizerSettings, lake: LakeSettings, target: Position) -> dict[str, int]:
    """Bring first the plain lane and then the text lane to a position; returns their counts, added."""
    done: Counter[str] = Counter()
    for name in ("plain", "text"):
        room = open_room(name, settings, lake)
        room.prepare()
        room.run_to(target, settings.poll_interval)
        done.update({count: number for count, number in room.summary(0.0).items() if count != "seconds"})
    return dict(done)


def side_by_side(plain: Room, settings: AnonymizerSettings, lake: LakeSettings) -> None:
    """Follow with both lanes, each in a thread, for ever. What ends the text lane ends this, with the same error."""
    text = open_room("text", settings, lake)
    text.prepare()
    beside = Beside(text, settings.poll_interval)
    with served(text.lane.meters.meters, settings.metrics_host, settings.text_metrics_port):
        beside.start()
        while beside.is_alive():
            before = plain.lane.position()
            if plain.step() == before:
                time.sleep(settings.poll_interval)
    raise beside.error or Retry("The lane of free text stopped. Start the command again.")


class Beside(threading.Thread):
    """A lane that follows beside another one, as long as the process lives."""

    def __init__(self, room: Room, pause: float) -> None:
        super().__init__(name=f"lane-{room.name}", daemon=True)
        self._room, self._pause = room, pause
        self.error: Exception | None = None

    def run(self) -> None:
        """Follow; what is raised is kept for whoever waits."""
        try:
            self._room.follow(self._pause)
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that waits
            self.error = error
