"""Intrinsics and depth images brought to the size of the picture that they go with, and intrinsics where nobody knows any."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel


def camera_for_size(camera: CameraModel, width_px: int, height_px: int) -> CameraModel:
    """The camera of a picture of this size. Raises InputError where the picture is not just the same one resized."""
    if (camera.width_px, camera.height_px) == (width_px, height_px):
        return camera
    if abs(camera.width_px * height_px - camera.height_px * width_px) > max(camera.width_px, camera.height_px):
        raise InputError(
            f"the picture is {width_px} x {height_px} and its intrinsics are for {camera.width_px} x {camera.height_px}: "
            "wanted the same size, or the same shape"
        )
    return camera.scaled_to(width_px, height_px)


def assumed_camera(width_px: int, height_px: int) -> CameraModel:
    """For pictures without intrinsics: a field of view of 53 degrees across. Nothing that is measured may rest on it."""
    return CameraModel(width_px, height_px, float(width_px), float(width_px), (width_px - 1) / 2, (height_px - 1) / 2)


def depth_for_size(depth_m: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """A depth image (H, W) brought to the picture's size by taking the nearest pixel. Raises InputError for another shape."""
    height, width = depth_m.shape
    if (width, height) == (width_px, height_px):
        return depth_m
    if abs(width * height_px - height * width_px) > max(width, height):
        raise InputError(f"the depth image is {width} x {height} and the picture {width_px} x {height_px}: wanted the same shape")
    import cv2

    return np.asarray(cv2.resize(depth_m, (width_px, height_px), interpolation=cv2.INTER_NEAREST))
