"""How fast parts get finished, kept beside them, so that a dry run can say how long the rest will take."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from auxfocus_ros.analysis.running import Progress
from auxfocus_ros.whole_file import whole_file

PACE = "pace.json"


class Pace:
    """Parts that were analysed into an output folder, and the time that runs took for them, over all runs so far."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """folder: of the finished parts; read if there is something, written when a part gets finished. clock: seconds."""
        self._path, self._clock = folder / PACE, clock
        self._parts, self._seconds = _read(self._path)
        self._since_s = clock()
        self._done: int | None = None

    @property
    def part_s(self) -> float | None:
        """Time that a part took, all workers together, seconds; None: nothing is known yet."""
        return self._seconds / self._parts if self._parts else None

    def told(self, progress: Progress) -> None:
        """Take the progress of a run, the first before anything is analysed. Raises InputError where it cannot be written."""
        now_s = self._clock()
        more = 0 if self._done is None else progress.done - self._done
        self._done = progress.done
        if more:
            self._parts, self._seconds = self._parts + more, self._seconds + now_s - self._since_s
            self._since_s = now_s
            with whole_file(self._path) as file:
                file.write(json.dumps({"parts": self._parts, "seconds": round(self._seconds, 3)}).encode())


def _read(path: Path) -> tuple[int, float]:
    """What is kept there; nothing where that is no pace."""
    try:
        found = json.loads(path.read_text())
        return int(found["parts"]), float(found["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0.0
