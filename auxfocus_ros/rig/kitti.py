"""Scans as KITTI has them: float32 x, y, z, reflectance, point after point, without a header."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from auxfocus_ros.errors import InputError

KITTI_POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "<f4")])


def load_kitti_bin(path: str | Path) -> np.ndarray:
    """Read a scan: (N,) structured array of float32 x, y, z (metres, lidar's frame) and intensity.

    Raises:
        InputError: a file that cannot be read, or whose length is no multiple of 16 bytes.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"scan {path} cannot be read: {error.strerror}") from error
    if len(data) % KITTI_POINT.itemsize:
        raise InputError(f"scan {path} has {len(data)} bytes: wanted a multiple of 16 (float32 x, y, z, reflectance)")
    return np.frombuffer(data, KITTI_POINT)
