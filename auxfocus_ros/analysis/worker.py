"""What stands in a worker's process: one core for one part, and the client's Ctrl-C is no affair of it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from auxfocus_ros import __version__
from auxfocus_ros.analysis.part import PartResult, PartTask


def dask_setup(worker: Any) -> None:
    """Called by Dask in each worker process of ours as it begins.

    Ctrl-C reaches all processes of a terminal. The client takes it, and ends its workers; by themselves they would break off with
    a traceback each, and be started anew.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def analysed(analyse: Callable[[PartTask], PartResult], task: PartTask) -> PartResult:
    """Analyse a part with one thread: all cores are workers already, and sums do not depend on how many there are."""
    import cv2

    cv2.setNumThreads(1)
    return analyse(task)


def version() -> str:
    """Of this package, where this runs."""
    return __version__
