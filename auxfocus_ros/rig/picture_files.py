"""Pictures and depth images from files, and lists of files as people mean them (2 before 10)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.bag import natural_key
from auxfocus_ros.rig.picture_decoding import MILLIMETRE, depth_in_metres

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")


def find_files(base: Path, pattern: str) -> list[Path]:
    """Files that a pattern names, relative to `base` unless absolute, in natural order."""
    parts = (base / pattern).parts
    wild = next((index for index, part in enumerate(parts) if any(sign in part for sign in "*?[")), len(parts) - 1)
    root = Path(*parts[:wild])
    if not root.is_dir():
        return []
    return sorted((path for path in root.glob(str(Path(*parts[wild:]))) if path.is_file()), key=natural_key)


def load_picture(path: Path, upright: bool = False) -> tuple[np.ndarray, str]:
    """Read a picture.

    Args:
        path: the file, of any format that OpenCV reads.
        upright: turn the picture as its EXIF data say; not where intrinsics belong to the sensor's rows and columns.

    Returns:
        (H, W, 3) uint8 BGR and 'bgr8', or (H, W) uint8 and 'mono8'.

    Raises:
        InputError: no such file, or not a picture.
    """
    import cv2

    flags = cv2.IMREAD_ANYCOLOR | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    picture = cv2.imread(str(path), flags) if path.is_file() else None
    if picture is None:
        raise InputError(f"picture {path} {'is not a picture that can be read' if path.is_file() else 'does not exist'}")
    return picture, "mono8" if picture.ndim == 2 else "bgr8"


def load_depth(path: Path, unit_m: float | None = None) -> np.ndarray:
    """Read a depth image: 16-bit PNG, PGM or TIFF (integers in `unit_m`, None: millimetres), or float metres (TIFF, PFM, .npy).

    Returns:
        (H, W) float32, metres; 0 or NaN: no reading.

    Raises:
        InputError: no such file, or not a depth image.
    """
    import cv2

    raw: np.ndarray | None = None
    if path.suffix == ".npy":
        try:
            raw = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"depth image {path} cannot be read: {error}") from error
    elif path.is_file():
        raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if raw is None:
        raise InputError(f"depth image {path} {'is not a picture that can be read' if path.is_file() else 'does not exist'}")
    if raw.ndim != 2 or raw.dtype.kind not in "uf" or raw.dtype.itemsize < 2:
        raise InputError(f"depth image {path} is {raw.dtype} of shape {raw.shape}: wanted one channel, 16-bit or float")
    return depth_in_metres(raw, MILLIMETRE if unit_m is None else unit_m)
