"""Where frames come from, behind one interface.

A source gives passes: `frames()` starts at the beginning, gives what can be read, and ends. What cannot be read is never silent
and never the end of everything: a single message that makes no sense is told to `on_problem` and skipped, and a recording that is
cut off gives all it has before it raises. Who wants frames at the recorded rate, looped, wraps a source in a `Pacer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.gimbal import GimbalCommand

OnProblem = Callable[[str], None]


@dataclass
class SourceCounts:
    """What a source has given and lost since it was opened, over all passes.

    frames: frames given. unmatched_pictures, unmatched_clouds: pictures (clouds or depth images) that met no partner in time.
    unreadable: single messages or files that were skipped, each told to `on_problem`. Of live drivers alone, late: messages that
    came when it was decided without them (or twice), lost: gaps in the streams' stamps, in periods, dropped: messages and frames
    that gave way to newer ones because the consumer was too slow.
    """

    frames: int = 0
    unmatched_pictures: int = 0
    unmatched_clouds: int = 0
    unreadable: int = 0
    late: int = 0
    lost: int = 0
    dropped: int = 0


@runtime_checkable
class Source(Protocol):
    """Frames of one rig.

    name: what to call it in a log. duration_s: length of one pass, seconds; inf: it does not end by itself.
    rate_hz: nominal frames a second, > 0. has_depth: frames carry points or a depth image.
    follows_lens: the picture depends on the lens's position, so frames must not be made long before they are shown.
    counts: what was given and lost so far.
    """

    name: str
    duration_s: float
    has_depth: bool
    follows_lens: bool
    counts: SourceCounts

    @property
    def rate_hz(self) -> float:
        """Nominal frames a second."""
        ...

    def frames(self) -> Iterator[Frame]:
        """One pass from the start, finite. Raises InputError at a damaged place, after all frames that can be read."""
        ...

    def set_lens_position(self, position_steps: float) -> None:
        """Where the glass is now; may be called from another thread at any time. Sources of a fixed focus ignore it."""
        ...

    def close(self) -> None:
        """Let files go. May be called twice."""
        ...


@runtime_checkable
class SteeredSource(Protocol):
    """A source whose gimbal can be sent somewhere."""

    def command_gimbal(self, command: GimbalCommand) -> list[str]:
        """Take a command from any thread; what was limited, in words. Raises InputError for one that cannot be."""
        ...


def ignore_problem(text: str) -> None:
    """The `on_problem` of callers that do not care."""
