"""A capture for a wish, by the settings of the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from auxfocus_ros.allinfocus.keeping import FrameFolder, FrameShelf, NoRoomError
from auxfocus_ros.allinfocus.live.capture_run import CaptureRun, Plan
from auxfocus_ros.allinfocus.live.choosing import Networks, choose_strategy, make_fuser, make_judge
from auxfocus_ros.allinfocus.live.events import CaptureHands, CaptureProblem, Failure, VideoHands
from auxfocus_ros.allinfocus.live.positions import visit
from auxfocus_ros.allinfocus.live.settings import CaptureSettings, bounds_of, cover_options, memory_bytes, video_options
from auxfocus_ros.allinfocus.live.video_run import VideoRun
from auxfocus_ros.allinfocus.terms import BoxPx, CaptureTask, MakeStrategy, Strategy
from auxfocus_ros.autofocus.live import Frame, LensReading, Limits
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.defocus_model import DefocusModel

POSITIONS = "positions"
FRAMES_FORESEEN = 10
"""That room on a disk is asked for, where a strategy says how many there will be."""
BRIGHT_PERCENTILE = 99.5


class Wish(Protocol):
    """What somebody wants; see CaptureStack.action. strategy, fusion: empty, limits: 0: the settings'."""

    @property
    def mode(self) -> Literal["static", "dynamic"]: ...  # noqa: D102
    @property
    def strategy(self) -> str: ...  # noqa: D102
    @property
    def positions_steps(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def roi_px(self) -> BoxPx | None: ...  # noqa: D102
    @property
    def max_frames(self) -> int: ...  # noqa: D102
    @property
    def max_duration_s(self) -> float: ...  # noqa: D102
    @property
    def directory(self) -> Path | None: ...  # noqa: D102


@dataclass(frozen=True)
class Equipment:
    """What captures have in common. settings: of the time. model: None: no calibration is known."""

    settings: CaptureSettings
    model: DefocusModel | None
    networks: Networks


def make_shelf(wish: Wish, settings: CaptureSettings) -> FrameShelf:
    """Where a capture's frames are kept."""
    return FrameShelf(FrameFolder(wish.directory) if wish.directory is not None else None, memory_bytes(settings))


def make_capture(wish: Wish, shelf: FrameShelf, equipment: Equipment, hands: CaptureHands, now_s: float) -> CaptureRun:
    """A static capture. Its strategy is looked up when it begins to think: its networks may have to be read."""
    settings, named = equipment.settings, len(wish.positions_steps)
    max_frames = wish.max_frames or (0 if named else settings.max_frames)
    foreseen = min(max_frames or named, named or FRAMES_FORESEEN)

    def open_shelf(size_px: tuple[int, int]) -> None:
        try:
            shelf.open(3 * size_px[0] * size_px[1], foreseen)
        except NoRoomError as error:
            raise CaptureProblem(Failure.DISK_FULL, str(error)) from error
        except InputError as error:
            raise CaptureProblem(Failure.INVALID_GOAL, str(error)) from error

    def keep(frame: Frame, position_steps: float) -> np.ndarray:
        picture = frame.read()
        shelf.add(picture, position_steps, frame.stamp_ns)
        return to_bytes(picture)

    to_bytes = ToBytes()
    return CaptureRun(
        _plan(wish, equipment, max_frames, open_shelf),
        keep,
        hands,
        bounds=bounds_of(settings),
        limits=Limits(0, max_frames, wish.max_duration_s or settings.max_duration_s),
        now_s=now_s,
    )


def make_video(wish: Wish, equipment: Equipment, hands: VideoHands, now_s: float) -> VideoRun:
    """A dynamic capture; it has no limits but its wish's."""
    settings = equipment.settings
    options = video_options(settings)
    return VideoRun(
        _plan(wish, equipment, 0, lambda _: None),
        lambda: make_fuser(options, equipment.networks),
        hands,
        bounds=bounds_of(settings),
        limits=Limits(0, wish.max_frames, wish.max_duration_s),
        now_s=now_s,
    )


def _plan(wish: Wish, equipment: Equipment, max_frames: int, prepare: Callable[[tuple[int, int]], None]) -> Plan:
    settings = equipment.settings
    options = cover_options(settings)
    name, networks = wish.strategy or settings.strategy, equipment.networks

    def make_strategy() -> MakeStrategy:
        if name == POSITIONS:
            return visit(wish.positions_steps, lambda task: make_judge(task, networks, options))
        return choose_strategy(name, networks, options)

    def plan(reading: LensReading, size_px: tuple[int, int]) -> Callable[[], Strategy]:
        low, high = reading.min_position_steps, reading.max_position_steps
        try:
            task = CaptureTask(
                *size_px,
                low,
                high,
                min(max(reading.position_steps, low), high),
                cell_px=settings.cell_px,
                model=equipment.model,
                half_depth_of_focus_steps=settings.half_depth_of_focus_steps or None,
                roi=wish.roi_px,
                max_frames=max_frames,
                keep=settings.keep_frames if wish.mode == "dynamic" else None,
                seed=settings.seed,
            )
        except ConfigurationError as error:
            raise CaptureProblem(Failure.INVALID_GOAL, str(error)) from error

        def begin() -> Strategy:
            prepare(size_px)
            return make_strategy()(task)

        return begin

    return plan


class ToBytes:
    """Makes 8 bits of pictures of 16, all with the gain of the first: a camera of 12 bits leaves the upper ones empty."""

    def __init__(self) -> None:
        """No picture has come yet."""
        self._gain: float | None = None

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """(H, W) or (H, W, 3) uint8 of a picture of uint8, which stays, or uint16."""
        if picture.dtype == np.uint8:
            return picture
        if self._gain is None:
            self._gain = 255.0 / max(float(np.percentile(picture[::4, ::4], BRIGHT_PERCENTILE)), 1.0)
        return np.clip(picture * np.float32(self._gain) + np.float32(0.5), 0, 255).astype(np.uint8)
