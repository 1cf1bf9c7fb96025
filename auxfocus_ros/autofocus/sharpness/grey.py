"""The grey picture that every sharpness measure is taken of."""

from __future__ import annotations

import cv2
import numpy as np

from auxfocus_ros.errors import InputError


def as_grey(picture: np.ndarray) -> np.ndarray:
    """Of a picture (H, W) or (H, W, 3) uint8, blue first, its luma (H, W) uint8.

    Raises InputError where the picture is something else, or less than 3 px high or wide.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise InputError(
            f"sharpness: wanted a picture (H, W) or (H, W, 3) of uint8, got shape {picture.shape} of {picture.dtype}"
        )
    if min(picture.shape[:2]) < 3:
        raise InputError(f"sharpness: the picture is {picture.shape[1]} x {picture.shape[0]}, wanted at least 3 px each way")
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
