"""All in focus in messages: a goal and what is wrong with it, what a capture does into feedback, how it ended into a result.

Capturing is the business of another room, which this one does not import: it says by `Protocol` what it reads of a capture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from auxfocus_interfaces.action import CaptureStack
from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.images import as_bgr, as_grey, make_image, read_image

_GOAL = CaptureStack.Goal
MODES: dict[int, Literal["static", "dynamic"]] = {_GOAL.MODE_STATIC: "static", _GOAL.MODE_DYNAMIC: "dynamic"}
POSITIONS = "positions"
"""The strategy that takes positions as given."""
MOST_FRAMES = 10_000
"""Limits above this are none."""
MOST_POSITIONS = 1000
GREY_ENCODINGS = ("mono8", "8UC1")
DEEP_ENCODINGS = {"mono16": None, "bgr16": None, "rgb16": cv2.COLOR_RGB2BGR}
"""16 bits that stay 16 bits, and what makes BGR of them."""
ENCODINGS = {("uint8", 2): "mono8", ("uint8", 3): "bgr8", ("uint16", 2): "mono16", ("uint16", 3): "bgr16"}


class Progress(Protocol):
    """What is read of a capture's progress; see CaptureStack.action for the meaning and the units."""

    @property
    def positions_steps(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def next_position_steps(self) -> float: ...  # noqa: D102
    @property
    def share_in_focus(self) -> float: ...  # noqa: D102
    @property
    def frames_per_second(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class CaptureWish:
    """A goal of `all_in_focus/capture` whose fields are right in themselves.

    strategy, fusion: empty: the node's default. roi_px: left, top, width, height; None: the whole frame. Limits: 0: the node's
    default. directory: None: nothing is written.
    """

    mode: Literal["static", "dynamic"]
    strategy: str = ""
    positions_steps: tuple[float, ...] = ()
    roi_px: tuple[int, int, int, int] | None = None
    max_frames: int = 0
    max_duration_s: float = 0.0
    fusion: str = ""
    directory: Path | None = None


def read_goal(goal: Any, strategies: Iterable[str], fusions: Iterable[str]) -> CaptureWish | str:
    """The wish of a goal; or everything that is wrong with it, in one line.

    Args:
        goal: CaptureStack.Goal.
        strategies: the names that there are, beside 'positions'.
        fusions: the names of the ways of fusing.
    """
    problems = []
    if goal.mode not in MODES:
        choices = ", ".join(f"{number} ({name})" for number, name in MODES.items())
        problems.append(f"mode is {goal.mode}, it must be one of {choices}")
    for field, name, known in (("strategy", goal.strategy, [*strategies, POSITIONS]), ("fusion", goal.fusion, list(fusions))):
        if name and name not in known:
            problems.append(f"there is no {field} '{_short(name)}', there are {', '.join(known)}")
    positions = tuple(float(position) for position in goal.positions_steps)
    if goal.strategy == POSITIONS:
        problems += _problems_of_positions(positions, goal.mode)
    elif positions:
        problems.append(f"positions_steps are for the strategy '{POSITIONS}' alone")
    roi = goal.roi
    box = (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height))
    if any(box) and not (roi.width and roi.height):
        problems.append(f"roi is {roi.width} x {roi.height} px, it must have an area, or be all zero")
    if not 0.0 <= goal.max_duration_s < math.inf:
        problems.append(f"max_duration_s is {goal.max_duration_s:g}, it must be finite and at least 0 (0: the node's default)")
    directory = Path(goal.output_directory) if goal.output_directory else None
    if directory is not None and goal.mode == _GOAL.MODE_DYNAMIC:
        problems.append("output_directory is for static captures: a video is recorded from its topic")
    if directory is not None and ("\0" in goal.output_directory or not directory.is_absolute()):
        problems.append(f"output_directory '{_short(goal.output_directory)}' must be an absolute path")
    if problems:
        return "; ".join(problems)
    return CaptureWish(
        MODES[goal.mode], goal.strategy, positions, box if any(box) else None, min(int(goal.max_frames), MOST_FRAMES),
        float(goal.max_duration_s), goal.fusion, directory,
    )  # fmt: skip


def _problems_of_positions(positions: tuple[float, ...], mode: int) -> list[str]:
    problems = []
    if mode == _GOAL.MODE_DYNAMIC:
        problems.append(f"the strategy '{POSITIONS}' is for static captures")
    if not 1 <= len(positions) <= MOST_POSITIONS:
        problems.append(f"positions_steps has {len(positions)} positions, it must have 1 to {MOST_POSITIONS}")
    if not all(math.isfinite(position) for position in positions):
        problems.append("positions_steps must be finite")
    return problems


def read_picture(message: Image) -> np.ndarray:
    """The picture of a message, (H, W) or (H, W, 3): grey stays grey, 16 bits stay 16 (uint16), everything else becomes uint8.

    Raises:
        InputError: as `images.as_bgr`.
    """
    if message.encoding in DEEP_ENCODINGS:
        picture, _ = read_image(message)
        order = DEEP_ENCODINGS[message.encoding]
        return picture if order is None else cv2.cvtColor(picture, order)
    return as_grey(message) if message.encoding in GREY_ENCODINGS else as_bgr(message)


def make_picture(picture: np.ndarray, header: Header) -> Image:
    """The message of a picture as `read_picture` gives it. Raises InputError for any other."""
    encoding = ENCODINGS.get((str(picture.dtype), picture.ndim))
    if encoding is None:
        raise InputError(f"an array of shape {picture.shape} and type {picture.dtype} is no picture of a capture")
    return make_image(picture, encoding, header)


def make_depth(depth_m: np.ndarray, header: Header) -> Image:
    """The message of a depth image, (H, W) float32 metres."""
    return make_image(depth_m, "32FC1", header)


def make_feedback(progress: Progress) -> CaptureStack.Feedback:
    """What a capture has done so far."""
    return CaptureStack.Feedback(
        positions_steps=[float(position) for position in progress.positions_steps],
        next_position_steps=float(progress.next_position_steps),
        share_in_focus=_share(progress.share_in_focus),
        frames_per_second=float(progress.frames_per_second),
    )


def make_result(
    error_code: int,
    message: str,
    *,
    complete: bool = False,
    positions_steps: Sequence[float] = (),
    share_in_focus: float = math.nan,
    image: Image | None = None,
    depth: Image | None = None,
    files: Sequence[Path] = (),
) -> CaptureStack.Result:
    """How a capture ended, or why it never began."""
    return CaptureStack.Result(
        error_code=int(error_code),
        message=message,
        complete=complete,
        positions_steps=[float(position) for position in positions_steps],
        share_in_focus=_share(share_in_focus),
        image=image if image is not None else Image(),
        depth=depth if depth is not None else Image(),
        files=[str(file) for file in files],
    )


def _share(share: float) -> float:
    """0 to 1, but for rounding; NaN stays."""
    return float(np.clip(share, 0.0, 1.0))


def _short(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= 60 else printable[:57] + "..."
