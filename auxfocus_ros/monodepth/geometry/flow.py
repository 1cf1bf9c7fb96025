"""Where every pixel of one picture is in another, and which of these answers can be trusted.

Source of the flow: Kroeger, Timofte, Dai, Van Gool, "Fast Optical Flow using Dense Inverse Search" (2016), as OpenCV has it.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError

LEAST_SIDE_PX = 16
"""The search compares patches of 8 pixels: what is smaller holds none to find."""
SURE_PX = 0.5
"""Going there and back again may miss the start by this much, unless said otherwise."""
_OWN = threading.local()


def dense_flow(first_grey: NDArray[np.uint8], second_grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where every pixel went.

    Args:
        first_grey, second_grey: (H, W) uint8, of one size, each side at least `LEAST_SIDE_PX`.

    Returns:
        (H, W, 2) float32, pixels x and y: what is at p in the first picture is at p + flow in the second. Finite everywhere;
        where nothing is to be recognised, what its surroundings do.

    Raises:
        InputError: other arrays.
    """
    _require_pictures(first_grey, second_grey)
    first, second = np.ascontiguousarray(first_grey), np.ascontiguousarray(second_grey)
    return np.asarray(_finder().calc(first, second, None), np.float32)  # type: ignore[call-overload]


def _require_pictures(first_grey: NDArray[np.uint8], second_grey: NDArray[np.uint8]) -> None:
    shape = first_grey.shape
    if first_grey.dtype != np.uint8 or second_grey.dtype != np.uint8 or len(shape) != 2 or shape != second_grey.shape:
        raise InputError(
            f"flow: wanted two grey pictures (height, width) of 8 bits and of one size, found {shape} {first_grey.dtype} and "
            f"{second_grey.shape} {second_grey.dtype}"
        )
    if min(shape) < LEAST_SIDE_PX:
        raise InputError(f"flow: the pictures have {shape[1]} x {shape[0]} px, each side must have at least {LEAST_SIDE_PX}")


def both_flows(first_grey: NDArray[np.uint8], second_grey: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`dense_flow` there and back. One pair is looked at by several, with other masks and for other ends: the last few are kept.

    Returns:
        Two (H, W, 2), from the first picture to the second and the other way; not to be written to.

    Raises:
        InputError: as `dense_flow`.
    """
    _require_pictures(first_grey, second_grey)
    return _kept(first_grey.tobytes(), second_grey.tobytes(), first_grey.shape)


@lru_cache(maxsize=4)
def _kept(first: bytes, second: bytes, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    grey, other = (np.frombuffer(picture, np.uint8).reshape(shape) for picture in (first, second))
    flows = dense_flow(grey, other), dense_flow(other, grey)
    for flow in flows:
        flow.flags.writeable = False
    return flows


def sure_flow(forward: NDArray[np.float32], backward: NDArray[np.float32], most_px: float = SURE_PX) -> NDArray[np.bool_]:
    """Which flow can be trusted: it ends inside the picture, and from there the way back leads to where it began.

    Args:
        forward, backward: (H, W, 2), pixels, from the first picture to the second and the other way.
        most_px: how far from its start the way back may end, > 0.

    Returns:
        (H, W): True where it can be.
    """
    height, width = forward.shape[:2]
    columns, rows = _grid(height, width)
    x, y = columns + forward[..., 0], rows + forward[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    back: Any = cv2.remap(backward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    missed = forward + back
    return np.asarray(inside & (np.square(missed).sum(axis=2) <= most_px**2))


def _finder() -> cv2.DISOpticalFlow:
    """This thread's own: it works in buffers that it keeps."""
    if not hasattr(_OWN, "finder"):
        finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        finder.setFinestScale(0)
        _OWN.finder = finder
    own: cv2.DISOpticalFlow = _OWN.finder
    return own


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.ascontiguousarray(columns), np.ascontiguousarray(rows)
