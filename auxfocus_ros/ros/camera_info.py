"""CameraInfo messages and `optics.CameraModel`.

A CameraInfo describes the full sensor; binning and the region of interest say which picture was made of it. The model that comes
out describes the picture that comes with the message, so that nobody after this door has to know of either.
"""

from typing import Any

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig.camera_info import camera_from_message, picture_size

__all__ = ["make_camera_info", "picture_size", "read_camera_info"]


def read_camera_info(msg: Any, rectified: bool = False) -> CameraModel:
    """The camera model of the pictures that a CameraInfo belongs to.

    Args:
        msg: sensor_msgs/CameraInfo.
        rectified: the pictures are rectified ones (`image_rect`): the projection matrix P counts, and there is no distortion
            left.

    Raises:
        InputError: intrinsics of zeros (a camera that was never calibrated) or that are not finite, sizes of zero, a distortion
            model that is not known, or a wrong count of coefficients; each with the frame's name.

    Source: sensor_msgs/CameraInfo; binning and region of interest in full-resolution pixels, region first.
    """
    try:
        return camera_from_message(msg, rectified)
    except InputError as error:
        raise InputError(f"the camera_info of {msg.header.frame_id or 'a camera without a frame'!r}: {error}") from error


def make_camera_info(camera: CameraModel, header: Header) -> CameraInfo:
    """The message of a camera model: no binning, the whole picture, rectification by the identity.

    Args:
        camera: the model of the pictures that the message goes with.
        header: stamp and frame of the picture.
    """
    message = CameraInfo(header=header, width=camera.width_px, height=camera.height_px)
    message.distortion_model = "plumb_bob" if camera.distortion_model == "none" else camera.distortion_model
    # Five zeros rather than none: some subscribers index the coefficients without counting them.
    message.d = [0.0] * 5 if camera.distortion_model == "none" else [float(value) for value in camera.distortion]
    fx, fy, cx, cy = (float(value) for value in (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px))
    message.k = [fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message
