"""What stands in a worker's process: one core for one part, and the client's Ctrl-C is no affair of it."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from auxfocus_ros import __version__
from auxfocus_ros.analysis.part import PartResult, PartTask


def dask_setup(worker: Any) -> None:
    """Called by Dask in each worker process of ours as it begins.

    Ctrl-C reaches all processes of a terminal. The client takes it, and ends its workers; by themselves they would break off with
    a traceback each, and be started anew. What decoders of pictures write about a damaged one past Python, for each of thousands,
    would run through the client's lines; it is among the problems.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def analysed(analyse: Callable[[PartTask], PartResult], task: PartTask) -> PartResult:
    """Analyse a part with one thread: all cores are workers already, and sums do not depend on how many there are."""
    import cv2

    cv2.setNumThreads(1)
    try:
        return analyse(task)
    finally:
        _give_back_memory()


def version() -> str:
    """Of this package, where this runs."""
    return __version__


def _give_back_memory() -> None:
    """What the part no longer uses, to the system, so that a worker does not grow from part to part; by glibc alone."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
