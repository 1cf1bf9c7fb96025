"""The log of the gate: every decision as a line of JSON in a file.

A line is written whole and at once, with no buffer of our own, so that what was decided can be read while a training runs and
after it was killed. A disk that fills up ends the log and not the training: it is told once, and the file ends with a whole line.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.gate.judging import PairDecision
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate


class GateLog:
    """Appends decisions to a file. One thread at a time; a context manager."""

    def __init__(self, path: Path, on_problem: Callable[[str], None]) -> None:
        """path: of the file, made with its folder if need be. on_problem: told once, in one line, where no more can be written.

        Raises:
            ConfigurationError: the file cannot be opened.
        """
        self.path = path
        self.lost = 0
        """Decisions that did not find room."""
        self._on_problem = on_problem
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise ConfigurationError(f"the gate's log {path} cannot be opened: {error.strerror}") from error
        self._torn = _ends_within_a_line(path)

    def write(
        self, pair: str, decision: PairDecision, frames: tuple[int, int], stamps_s: tuple[float, float] | None = None
    ) -> None:
        """Write a decision.

        Args:
            pair: name of the sequence or pair.
            decision: what was decided.
            frames: numbers of the first and the second picture.
            stamps_s: their stamps, where they have any.
        """
        self._write(pair, frames, stamps_s, _plain(decision))

    def write_left_out(
        self, pair: str, reason: str, frames: tuple[int, int], stamps_s: tuple[float, float] | None = None
    ) -> None:
        """Write why a pair was not judged at all; the rest as for `write`."""
        self._write(pair, frames, stamps_s, {"moving": None, "usable": False, "reason": f"not judged: {reason}"})

    def _write(self, pair: str, frames: tuple[int, int], stamps_s: tuple[float, float] | None, said: dict[str, Any]) -> None:
        if self.lost:
            self.lost += 1
            return
        entry = {"pair": pair, "frames": list(frames), "stamps_s": stamps_s and list(stamps_s), **said}
        line = (json.dumps(entry, allow_nan=False) + "\n").encode()
        line = b"\n" + line if self._torn else line
        reason = self._append(line)
        if reason:
            self.lost = 1
            self._on_problem(
                f"the gate's log {self.path} cannot be written further: {reason}; its decisions are lost from here on"
            )
        self._torn = False

    def _append(self, line: bytes) -> str:
        """Write all of a line or nothing; what prevented it, or nothing."""
        written = 0
        try:
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), os.fstat(self._file.fileno()).st_size - written)
            return error.strerror or str(error)
        return ""

    def close(self) -> None:
        """End the log."""
        self._file.close()

    def __enter__(self) -> GateLog:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()


def _ends_within_a_line(path: Path) -> bool:
    """Whether a process that was killed left half a line at the end."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _plain(decision: PairDecision) -> dict[str, Any]:
    """A decision in what JSON knows; inf and what is not there: null."""
    found = decision.decision
    return {
        "policy": decision.options.policy,
        "moving": decision.moving,
        "usable": decision.usable,
        "reason": decision.reason,
        "exceeded": None if found is None else found.exceeded_names,
        "differences": None if found is None else _numbers(found.differences),
        "thresholds": None if found is None else _numbers(found.thresholds),
        "movable_share": [round(float(one.movable.mean()), 6) for one in (decision.first, decision.second)],
        "static_pose": _pose(decision.static_pose),
        "dynamic_pose": _pose(decision.dynamic_pose),
        "target_pose": _pose(decision.target_pose),
        "target_from": decision.options.target_from,
    }


def _pose(estimate: PoseEstimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    return {"matrix": _numbers(estimate.matrix), "metric": estimate.metric, "problem": estimate.problem}


def _numbers(matrix: np.ndarray) -> list[list[float | None]]:
    return [[float(f"{value:.9g}") if np.isfinite(value) else None for value in row] for row in matrix.tolist()]
