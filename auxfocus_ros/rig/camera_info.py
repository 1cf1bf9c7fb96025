"""sensor_msgs/CameraInfo into a camera model, of ROS 2 (lower-case fields) and ROS 1 (upper-case ones), recorded or live."""

from __future__ import annotations

from typing import Any

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.rig_file import camera_from_values


def is_rectified(topic: str) -> bool:
    """True where a picture's topic says that its distortion has been taken out, as image_proc names it."""
    return "image_rect" in topic


def camera_from_message(message: Any, rectified: bool = False) -> CameraModel:
    """The camera of the pictures that a CameraInfo goes with.

    Args:
        message: CameraInfo as rosbags or rclpy gives it. Binning and the region of interest are applied: the model is of the
            picture sent.
        rectified: the picture is rectified: P holds and nothing is distorted.

    Raises:
        InputError: intrinsics that cannot be (zeros of an uncalibrated camera), an unknown distortion model.
    """
    k, d, p = (getattr(message, low, getattr(message, low.upper(), None)) for low in ("k", "d", "p"))
    if k is None or d is None or p is None:
        raise InputError("camera_info without k, d or p: it is not a sensor_msgs/CameraInfo")
    numbers = [float(value) for value in k]
    coefficients, model = [float(value) for value in d], str(message.distortion_model)
    if rectified:
        numbers = [float(p[0]), 0.0, float(p[2]), 0.0, float(p[5]), float(p[6]), 0.0, 0.0, 1.0]
        coefficients, model = [], "none"
    if not numbers[0] or not numbers[4]:
        matrix = "P" if rectified else "K"
        raise InputError(f"{matrix} is zero: the camera is not calibrated; calibrate it, or give `camera` in a rig file")
    binning_x, binning_y = _binning(message)
    if _has_region(message.roi):
        numbers[2] -= float(message.roi.x_offset)
        numbers[5] -= float(message.roi.y_offset)
    # Pixel centres are at whole numbers: a binned pixel's centre lies between those of which it is made.
    for first, centre, binning in ((0, 2, binning_x), (4, 5, binning_y)):
        numbers[first] /= binning
        numbers[centre] = (numbers[centre] + 0.5) / binning - 0.5
    return camera_from_values(*picture_size(message), numbers, coefficients, model)


def picture_size(message: Any) -> tuple[int, int]:
    """Width and height in pixels of the pictures that a CameraInfo belongs to, after its region of interest and binning.

    A region with a width or a height of 0 is the whole picture.
    """
    size = message.roi if _has_region(message.roi) else message
    binning_x, binning_y = _binning(message)
    return int(size.width) // binning_x, int(size.height) // binning_y


def _has_region(roi: Any) -> bool:
    return bool(int(roi.width) and int(roi.height))


def _binning(message: Any) -> tuple[int, int]:
    return max(1, int(message.binning_x)), max(1, int(message.binning_y))
