"""What the lens last said, and whether that still holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.time import Time

from auxfocus_interfaces.msg import LensState


@dataclass(frozen=True)
class LensWord:
    """The lens as it is known now.

    state: the last message; None: nothing that can be relied on. stamp: of the last message, even where its content is of no
    use. problem: why nothing is known, in words; empty when something is.
    """

    state: Any = None
    stamp: Any = None
    problem: str = ""


class LensMemory:
    """Keeps the last `lens/state`. Written by the executor's thread, read by another: one reference changes hands."""

    def __init__(self) -> None:
        self._last: tuple[LensState, Time] | None = None

    def hear(self, message: LensState, now: Time) -> None:
        """Take a message that came at `now`."""
        self._last = (message, now)

    def say(self, now: Time, timeout_s: float) -> LensWord:
        """What is known at `now`; nothing, where the last word is more than `timeout_s` away or the lens does not answer.

        A word of later than `now` is one of before the clock was set back.
        """
        last = self._last
        if last is None:
            return LensWord(problem="no lens state yet on lens/state: the focus is unknown")
        message, heard = last
        age_s = (now - heard).nanoseconds * 1e-9
        if abs(age_s) > timeout_s:
            return LensWord(problem=f"the last lens state is {age_s:.1f} s old: the focus is unknown")
        if message.fault_code == LensState.FAULT_CONNECTION_LOST:
            return LensWord(
                stamp=message.header.stamp, problem=f"the lens does not answer ({message.fault_text}): the focus is unknown"
            )
        return LensWord(message, message.header.stamp)
