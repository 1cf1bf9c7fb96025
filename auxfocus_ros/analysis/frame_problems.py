"""What is wrong with single frames of a part, each kind once, with its first place and how often it was met."""

from __future__ import annotations

from auxfocus_ros.analysis.part import Problem

MOST_KINDS = 20
FURTHER = "more frames of which something cannot be used, each in its own way"


class FrameProblems:
    """Takes the lines about frames as they come.

    time_s: of the present frame, seconds of the recording by the recorder's clock; None: before the first frame, what is said
    then is no frame's.
    """

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.time_s: float | None = None
        self._met: dict[str, tuple[str, int]] = {}

    def note(self, line: str) -> None:
        """A line about the present frame; what it is about may stand before a colon."""
        what = line if line in self._met or len(self._met) < MOST_KINDS else FURTHER
        where, count = self._met.get(what, ("" if self.time_s is None else f"frame at {self.time_s:.3f} s", 0))
        self._met[what] = where, count + 1

    @property
    def problems(self) -> tuple[Problem, ...]:
        """In the order in which they were met first."""
        return tuple(Problem(what, where, count) for what, (where, count) in self._met.items())
