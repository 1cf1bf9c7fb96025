"""What the nodes that run over a live lens share: the parameters of its calibration, and what it says in messages."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_interfaces.msg import LensState
from auxfocus_ros.autofocus.live import LensReading, MoveEnd
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.declaration import parameter
from auxfocus_ros.ros.lens_moves import MoveAnswer
from auxfocus_ros.ros.stamps import to_ns


@dataclass(frozen=True)
class CalibrationParameters:
    """Which lens it is."""

    lens: str = parameter(
        "",
        "lens file with the calibration: a shipped name or a path; empty: unknown, what a step does is learnt from the frames",
        read_only=True,
    )
    pixel_pitch_um: float = parameter(
        0.0, "of the pictures as they come, where they are scaled; 0: the lens file's", unit="um", minimum=0.0, maximum=1000.0,
        read_only=True,
    )  # fmt: skip


def read_lens(message: LensState) -> LensReading:
    """What the lens says of itself."""
    silent = f"the lens does not answer: {message.fault_text}" if message.fault_code == LensState.FAULT_CONNECTION_LOST else ""
    return LensReading(
        to_ns(message.header.stamp),
        message.position_steps,
        message.min_position_steps,
        message.max_position_steps,
        message.moving,
        message.goal_position_steps,
        to_ns(message.settled_stamp),
        silent,
    )


def read_end(answer: MoveAnswer) -> MoveEnd:
    """How a move ended."""
    return MoveEnd(Reason(answer.reason), answer.message, answer.position_steps, answer.settled_ns)
