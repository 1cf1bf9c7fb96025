"""CameraInfo messages and `optics.CameraModel`.

A CameraInfo describes the full sensor; binning and the region of interest say which picture was made of it. The model that comes
out describes the picture that comes with the message, so that nobody after this door has to know of either.
"""

from typing import Any

from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel

__all__ = ["make_camera_info", "picture_size", "read_camera_info"]

# Names of distortion models in messages -> ours. `fisheye` is what some drivers write for `equidistant`.
_MODELS = {
    "": "none",
    "none": "none",
    "plumb_bob": "plumb_bob",
    "rational_polynomial": "rational_polynomial",
    "equidistant": "equidistant",
    "fisheye": "equidistant",
}


def picture_size(msg: Any) -> tuple[int, int]:
    """Width and height in pixels of the pictures that a CameraInfo belongs to, after its region of interest and binning."""
    binning_x, binning_y = max(int(msg.binning_x), 1), max(int(msg.binning_y), 1)
    width = int(msg.roi.width) or int(msg.width)
    height = int(msg.roi.height) or int(msg.height)
    return width // binning_x, height // binning_y


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
    what = f"the camera_info of {msg.header.frame_id or 'a camera without a frame'!r}"
    matrix = [float(value) for value in (msg.p if rectified else msg.k)]
    fx_px, cx_px, fy_px, cy_px = (
        (matrix[0], matrix[2], matrix[5], matrix[6]) if rectified else (matrix[0], matrix[2], matrix[4], matrix[5])
    )
    if fx_px == 0 or fy_px == 0:
        name = "P" if rectified else "K"
        raise InputError(
            f"{what}: {name} is zero (fx {fx_px:g}, fy {fy_px:g}): the camera is not calibrated, give its driver a calibration"
        )
    if msg.distortion_model not in _MODELS:
        raise InputError(
            f"{what}: the distortion model {msg.distortion_model!r} is not known; known are {', '.join(filter(None, _MODELS))}"
        )
    model, distortion = _MODELS[msg.distortion_model], tuple(float(value) for value in msg.d)
    if rectified or (model != "equidistant" and not any(distortion)):
        model, distortion = "none", ()
    elif model == "none":
        raise InputError(f"{what}: {len(distortion)} distortion coefficients, but no distortion model is named")
    width_px, height_px = picture_size(msg)
    binning_x, binning_y = max(int(msg.binning_x), 1), max(int(msg.binning_y), 1)
    try:
        return CameraModel(
            width_px=width_px,
            height_px=height_px,
            fx_px=fx_px / binning_x,
            fy_px=fy_px / binning_y,
            # Pixel centres are at whole numbers: a binned pixel's centre lies between those of which it is made.
            cx_px=(cx_px - int(msg.roi.x_offset) + 0.5) / binning_x - 0.5,
            cy_px=(cy_px - int(msg.roi.y_offset) + 0.5) / binning_y - 0.5,
            distortion_model=model,
            distortion=distortion,
        )
    except InputError as error:
        raise InputError(f"{what}: {error}") from error


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
