"""Figures 9 and 11 of Intelligent Autofocus on our data: what was captured, what that left to do, and what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.driving import Camera, Capture, drive
from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.errors import InputError

WIDE_PX, BAR_PX, GAP_PX = 300, 26, 6
GROUND, BAR, INK = (28, 26, 24), (52, 48, 44), (236, 236, 236)
DONE, OPEN = (90, 190, 90), (60, 60, 220)
"""Of cells, BGR: were in focus in one frame at least; still to be captured."""
JPEG_QUALITY = 88
STATIC, MOVING = "all_in_focus_static.jpg", "all_in_focus_moving.jpg"
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Cell:
    """A picture of a figure, (H, W, 3), with the line above it."""

    caption: str
    picture: Picture


def draw_figures(folder: Path, seed: int = 0) -> list[Path]:
    """Draw both.

    Args:
        folder: where they go; made where it is missing.
        seed: of the noise.

    Returns:
        The files.

    Raises:
        InputError: the folder or a file cannot be written.
    """
    from auxfocus_ros.commands.bench_allinfocus_video import figure_rows

    static = [row for camera, task in (board(), room(seed)) for row in static_rows(camera, task)]
    moving = [[Cell(caption, picture) for caption, picture in row] for row in figure_rows()]
    written = []
    for name, rows in ((STATIC, static), (MOVING, moving)):
        file = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            done = cv2.imwrite(str(file), sheet(rows), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        except OSError as error:
            raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
        if not done:
            raise InputError(f"{file}: cannot be written")
        written.append(file)
    return written


def board() -> tuple[Camera, CaptureTask]:
    """The bundled stack of a circuit board, of whose lens nothing is known."""
    from auxfocus_ros.commands.bench_autofocus_real import stack_folders
    from auxfocus_ros.commands.stack_select import SweepCamera
    from auxfocus_ros.rig.stack_file import describe_stack

    images = describe_stack(stack_folders(Path())[-1]).images
    positions = tuple(float(index) for index in range(len(images)))
    camera = SweepCamera(images, positions, 0)
    height, width = camera.capture().shape[:2]
    return camera, CaptureTask(width, height, positions[0], positions[-1], positions[0], positions_steps=positions)


def room(seed: int) -> tuple[Camera, CaptureTask]:
    """A frame of the bundled room through a fast lens, whose calibration is known."""
    from auxfocus_ros.allinfocus.scene_camera import SceneCamera
    from auxfocus_ros.commands.bench_allinfocus_scenes import room as room_frame
    from auxfocus_ros.optics import load_lens
    from auxfocus_ros.optics.defocus_model import ThinLensModel

    sharp, depth_m = room_frame(1)
    lens = load_lens("vga_25mm")
    camera = SceneCamera(sharp, depth_m, lens, lens.max_position_steps, seed=seed)
    height, width = sharp.shape[:2]
    low, high = lens.min_position_steps, lens.max_position_steps
    return camera, CaptureTask(width, height, low, high, high, cell_px=32, model=ThinLensModel(lens))


def static_rows(camera: Camera, task: CaptureTask) -> list[list[Cell]]:
    """The captured frames with the fused picture at the end, and below them the activation matrices."""
    from auxfocus_ros.allinfocus.strategy import DEFAULT_STRATEGY, strategy

    capture = drive(strategy(DEFAULT_STRATEGY)(task), camera, task)
    unit = "steps" if task.model is not None else "frame"
    frames = [
        Cell(f"{number}: {unit} {position:.0f}", np.asarray(frame, np.uint8))
        for number, (position, frame) in enumerate(zip(capture.positions_steps, capture.frames, strict=True), 1)
    ]
    matrices = [
        Cell(f"{known.share_in_focus:.0%} in focus", activation(frame, known.done, task.cell_px))
        for frame, known in zip(capture.frames, capture.known, strict=True)
    ]
    return [[*frames, Cell("fused", fused(capture))], matrices]


def fused(capture: Capture) -> Picture:
    """All frames as one picture, aligned to the first one."""
    from auxfocus_ros.allinfocus.alignment import apply, find_alignment
    from auxfocus_ros.allinfocus.fusion import fuse
    from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames

    order = np.argsort(capture.positions_steps)
    frames = [capture.frames[index] for index in order]
    alignment = find_alignment(lambda index: frames[index], len(frames))
    aligned = [apply(frame, alignment, index) for index, frame in enumerate(frames)]
    return np.asarray(fuse(ArrayFrames(aligned)).picture, np.uint8)


def activation(frame: np.ndarray, done: NDArray[np.bool_] | None, cell_px: int) -> Picture:
    """A frame, grey, with its cells in the colours of the activation matrix."""
    grey = frame if frame.ndim == 2 else cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    shown = cv2.cvtColor(np.asarray(grey, np.uint8), cv2.COLOR_GRAY2BGR)
    if done is None:
        return np.asarray(shown, np.uint8)
    cells = np.where(done[..., None], np.array(DONE, np.uint8), np.array(OPEN, np.uint8))
    wide = np.repeat(np.repeat(cells, cell_px, axis=0), cell_px, axis=1)[: shown.shape[0], : shown.shape[1]]
    return np.asarray(cv2.addWeighted(shown, 0.55, np.ascontiguousarray(wide, np.uint8), 0.45, 0.0), np.uint8)


def sheet(rows: Sequence[Sequence[Cell]]) -> Picture:
    """Rows of pictures, each as wide as the others."""
    from auxfocus_ros.view.ink import paste
    from auxfocus_ros.view.text import label

    shown = [[replace(cell, picture=fitted(cell.picture)) for cell in row] for row in rows]
    heights = [max(cell.picture.shape[0] for cell in row) + BAR_PX + GAP_PX for row in shown]
    columns = max(len(row) for row in shown)
    canvas = np.full((sum(heights) + GAP_PX, columns * (WIDE_PX + GAP_PX) + GAP_PX, 3), GROUND, np.uint8)
    top = GAP_PX
    for row, height in zip(shown, heights, strict=True):
        for column, cell in enumerate(row):
            left = GAP_PX + column * (WIDE_PX + GAP_PX)
            canvas[top : top + BAR_PX, left : left + WIDE_PX] = BAR
            sprite: Any = label(cell.caption, 8.0, INK, 1.0)
            paste(canvas, sprite, left + 4, top + (BAR_PX - sprite.height) // 2)
            canvas[top + BAR_PX : top + BAR_PX + cell.picture.shape[0], left : left + WIDE_PX] = cell.picture
        top += height
    return canvas


def fitted(picture: Picture) -> Picture:
    """As wide as a column."""
    height = max(1, round(picture.shape[0] * WIDE_PX / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (WIDE_PX, height), interpolation=cv2.INTER_AREA), np.uint8)
