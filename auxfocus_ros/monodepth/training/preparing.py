"""A sequence brought to the form that is learned from: no distortion, sides that networks can halve five times, in memory."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.network_size import STEP_PX, SizeRule
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel

MOST_PIXELS = 640 * 192
"""Of a picture that is learned from at its own size unless another is wanted: beyond it, fitting takes long and gains little."""
WIDEST = 1.7
"""Tangent of the widest angle from the axis that is kept of a distorted picture, 60 degrees."""


def learning_size(camera: CameraModel, width_px: int = 0, height_px: int = 0) -> tuple[int, int]:
    """Width and height, multiples of 32, that pictures of a camera are learned at.

    Args:
        camera: of the pictures as they are.
        width_px, height_px: wanted. 0: by the other one in the pictures' shape; both 0: the pictures' own size where it is such
            multiples and not above `MOST_PIXELS`, else as the network will see such pictures when it is used.
    """
    width, height = camera.width_px, camera.height_px
    own = width % STEP_PX == height % STEP_PX == 0 and width * height <= MOST_PIXELS
    if own and not width_px and not height_px:
        return width, height
    return SizeRule(width_px, height_px).size_for(width, height)


def undistorted_camera(camera: CameraModel) -> CameraModel:
    """The pinhole camera of the same size that sees the largest upright rectangle without empty margins, to 60 degrees aside."""
    rays = camera.ray_table()  # HxWx2
    left, right = np.nanmax(_within(rays[:, 0, 0])), np.nanmin(_within(rays[:, -1, 0]))
    top, bottom = np.nanmax(_within(rays[0, :, 1])), np.nanmin(_within(rays[-1, :, 1]))
    fx, fy = (camera.width_px - 1) / float(right - left), (camera.height_px - 1) / float(bottom - top)
    return CameraModel(camera.width_px, camera.height_px, fx, fy, -float(left) * fx, -float(top) * fy)


def _within(tangents: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut to `WIDEST`; where the glass sees farther still (NaN), the widest on the side of the rest."""
    known = tangents[np.isfinite(tangents)]
    side = math.copysign(WIDEST, float(np.median(known))) if known.size else WIDEST
    return np.asarray(np.clip(np.where(np.isfinite(tangents), tangents, side), -WIDEST, WIDEST))


def undistortion_maps(camera: CameraModel, wanted: CameraModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For cv2.remap: (H, W) float32 each, where in a distorted picture each pixel of the wanted pinhole camera is to be found."""
    u, v = np.meshgrid(np.arange(wanted.width_px), np.arange(wanted.height_px))
    x, y = (u.ravel() - wanted.cx_px) / wanted.fx_px, (v.ravel() - wanted.cy_px) / wanted.fy_px
    found_u, found_v = camera.project((x, y, np.ones_like(x)))
    return found_u.reshape(u.shape), found_v.reshape(u.shape)


def prepared(sequence: Sequence, width_px: int, height_px: int) -> Sequence:
    """The sequence at another size, in memory: pictures averaged, depth and labels by the nearest pixel; what moved left out."""
    import cv2

    size = (width_px, height_px)
    same = (sequence.camera.width_px, sequence.camera.height_px) == size

    def resized(planes: NDArray[Any], way: int) -> NDArray[Any]:
        return (
            np.array(planes)
            if same
            else np.stack([cv2.resize(np.ascontiguousarray(plane), size, interpolation=way) for plane in planes])
        )

    depth_m = None if sequence.depth_m is None else resized(np.asarray(sequence.depth_m, np.float32), cv2.INTER_NEAREST)
    return replace(
        sequence,
        pictures=resized(sequence.pictures, cv2.INTER_AREA),
        camera=sequence.camera.scaled_to(width_px, height_px),
        depth_m=None if depth_m is None else depth_m.astype(np.float16),
        classes=None if sequence.classes is None else resized(sequence.classes, cv2.INTER_NEAREST),
        moved_px=None,
        things=None,
    )
