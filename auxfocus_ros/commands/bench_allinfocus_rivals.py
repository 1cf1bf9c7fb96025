"""What our fusion of stills is measured against: enfuse, OpenCV's pyramid blending, and the sharpest frame of each pixel."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Picture
from auxfocus_ros.errors import InputError, MissingLibraryError

Fuse = Callable[[Sequence[Picture]], Picture]
"""Aligned frames (H, W, 3) uint8 -> one of the same shape and type."""

FOCUS = ("--exposure-weight=0", "--saturation-weight=0", "--contrast-weight=1", "--gray-projector=l-star")
"""What its manual gives for focus stacks: contrast alone decides."""
ENFUSE_OPTIONS: dict[str, tuple[str, ...]] = {
    "enfuse, hard": (*FOCUS, "--hard-mask"),
    "enfuse, hard, 9 px": (*FOCUS, "--hard-mask", "--contrast-window-size=9"),
    "enfuse, soft, 9 px": (*FOCUS, "--soft-mask", "--contrast-window-size=9"),
}
SHOWN_ALONE = ("enfuse, soft, 9 px",)
"""Not among its options for focus stacks, for which its manual has the hard mask: it is shown, and no bar counts it."""
PIXEL_WINDOW_PX, PYRAMID_WINDOW_PX = 9, 15
"""In which a pixel's sharpness is the mean energy of the Laplacian: what does best, of 5 to 21, on our scenes with a truth."""
BANDS = 5
"""OpenCV's default."""


def rivals() -> dict[str, Fuse]:
    """All that are there: without enfuse its rows are missing."""
    by_enfuse: dict[str, Fuse] = {}
    if shutil.which("enfuse"):
        by_enfuse = {name: partial(fuse_by_enfuse, options) for name, options in ENFUSE_OPTIONS.items()}
    return {**by_enfuse, "OpenCV pyramid": opencv_pyramid, "sharpest pixel": sharpest_pixel}


def fuse_by_enfuse(options: Sequence[str], frames: Sequence[Picture]) -> Picture:
    """Through files, as it has no other way. Raises MissingLibraryError without the program, InputError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        fused = Path(folder) / "fused.tif"
        run_enfuse(options, write_frames(frames, Path(folder)), fused)
        return read_picture(fused)


def run_enfuse(options: Sequence[str], files: Sequence[Path], fused: Path) -> None:
    """Run the program on pictures. Raises MissingLibraryError without it, InputError with what it said where it fails."""
    program = shutil.which("enfuse")
    if program is None:
        raise MissingLibraryError("enfuse is not installed: its rows are left out; on Debian and Ubuntu it is the package enfuse")
    command = [program, *options, "--compression=none", f"--output={fused}", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not fused.is_file():
        said = " ".join((done.stderr or done.stdout).split()) or f"exit status {done.returncode}"
        raise InputError(f"enfuse failed on {len(files)} frames: {said}")


def write_frames(frames: Sequence[Picture], folder: Path) -> list[Path]:
    """As TIFF files without compression, which are read fastest."""
    files = [folder / f"frame_{number:03d}.tif" for number in range(len(frames))]
    for file, frame in zip(files, frames, strict=True):
        write_picture(file, frame)
    return files


def write_picture(file: Path, picture: Picture) -> None:
    """As a TIFF file without compression. Raises InputError where that cannot be."""
    if not cv2.imwrite(str(file), picture, [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_NONE]):
        raise InputError(f"{file} cannot be written")


def read_picture(file: Path) -> Picture:
    """A colour picture of 8 or 16 bits. Raises InputError where it cannot be read."""
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if picture is None:
        raise InputError(f"{file} cannot be read")
    return np.asarray(picture)


def opencv_pyramid(frames: Sequence[Picture]) -> Picture:
    """OpenCV's multi-band blender, each frame masked to where it is the sharpest."""
    height, width = frames[0].shape[:2]
    best = sharpest_index(frames, PYRAMID_WINDOW_PX)
    blender = cv2.detail.MultiBandBlender(0, BANDS)
    blender.prepare((0, 0, width, height))
    for number, frame in enumerate(frames):
        blender.feed(frame.astype(np.int16), np.asarray(best == number, np.uint8) * 255, (0, 0))
    blended, _ = blender.blend(None, None)  # type: ignore[call-overload]
    return np.asarray(np.clip(blended, 0, 255), np.uint8)


def sharpest_pixel(frames: Sequence[Picture]) -> Picture:
    """Each pixel from the frame that is the sharpest about it."""
    best = sharpest_index(frames, PIXEL_WINDOW_PX)
    fused = frames[0].copy()
    for number, frame in enumerate(frames):
        cv2.copyTo(frame, np.asarray(best == number, np.uint8), fused)
    return fused


def sharpest_index(frames: Sequence[Picture], window_px: int) -> NDArray[np.uint8]:
    """(H, W): the frame with the greatest mean energy of the luma's Laplacian in the window about each pixel."""
    highest = energy(frames[0], window_px)
    best = np.zeros(highest.shape, np.uint8)
    for number, frame in enumerate(frames[1:], 1):
        here = energy(frame, window_px)
        best[here > highest] = number
        highest = np.maximum(highest, here)
    return best


def energy(frame: Picture, window_px: int) -> NDArray[np.float32]:
    """(H, W)."""
    slope = cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.CV_32F)
    return np.asarray(cv2.blur(cv2.multiply(slope, slope), (window_px, window_px)), np.float32)
