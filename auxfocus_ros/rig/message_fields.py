"""What goes into which field of which message: plain values by field name, mappings for messages in messages.

Recordings are written from these tables without ROS, and where a node sends the same thing it fills its message from the same
table (`ros/`), so that what is recorded offline cannot differ from what is recorded from the graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import JointReading, LensReading, RangeReading, cloud_bytes

NS_PER_S = 1_000_000_000
PIXEL_BYTES = {"bgr8": 3, "rgb8": 3, "mono8": 1, "16UC1": 2, "32FC1": 4}
RADIATION_INFRARED = 1  # sensor_msgs/Range's INFRARED: of its two kinds the one that is light
FAULT_NONE, FAULT_CONNECTION_LOST = 0, 2  # LensState's
LENS_NUMBERS = (  # of LensState, those that a lens file says
    "min_position_steps",
    "max_position_steps",
    "sensor_distance_m",
    "hyperfocal_distance_m",
    "focal_length_m",
    "f_number",
    "circle_of_confusion_m",
    "pixel_pitch_m",
)
Fields = dict[str, Any]


def time_fields(stamp_ns: int) -> Fields:
    """builtin_interfaces/Time of nanoseconds."""
    return {"sec": stamp_ns // NS_PER_S, "nanosec": stamp_ns % NS_PER_S}


def header_fields(stamp_ns: int, frame: str) -> Fields:
    """std_msgs/Header."""
    return {"stamp": time_fields(stamp_ns), "frame_id": frame}


def xyz_fields(vector: Iterable[float]) -> Fields:
    """geometry_msgs/Point or Vector3 of three numbers."""
    x, y, z = (float(value) for value in vector)
    return {"x": x, "y": y, "z": z}


def transform_fields(parent_from_child: RigidTransform) -> Fields:
    """geometry_msgs/Transform: p_parent = R p_child + t."""
    x, y, z, w = parent_from_child.as_quaternion()
    return {"translation": xyz_fields(parent_from_child.translation_m), "rotation": {"x": x, "y": y, "z": z, "w": w}}


def stamped_transform_fields(stamp_ns: int, parent: str, child: str, parent_from_child: RigidTransform) -> Fields:
    """geometry_msgs/TransformStamped."""
    return {
        "header": header_fields(stamp_ns, parent),
        "child_frame_id": child,
        "transform": transform_fields(parent_from_child),
    }


def image_fields(stamp_ns: int, frame: str, picture: np.ndarray, encoding: str) -> Fields:
    """sensor_msgs/Image of (H, W) or (H, W, 3), of the type that the encoding (one of PIXEL_BYTES) says."""
    height, width = picture.shape[:2]
    return {
        "header": header_fields(stamp_ns, frame),
        "height": height,
        "width": width,
        "encoding": encoding,
        "is_bigendian": 0,
        "step": width * PIXEL_BYTES[encoding],
        "data": np.ascontiguousarray(picture).view(np.uint8).reshape(-1),
    }


def camera_info_fields(stamp_ns: int, frame: str, camera: CameraModel) -> Fields:
    """sensor_msgs/CameraInfo."""
    k = camera.matrix()
    return {
        "header": header_fields(stamp_ns, frame),
        "height": camera.height_px,
        "width": camera.width_px,
        "distortion_model": "plumb_bob" if camera.distortion_model == "none" else camera.distortion_model,
        "d": camera.distortion if camera.distortion else [0.0] * 5,
        "k": k.reshape(-1),
        "r": np.eye(3).reshape(-1),
        "p": np.hstack([k, np.zeros((3, 1))]).reshape(-1),
        "binning_x": 0,
        "binning_y": 0,
        "roi": roi_fields((0, 0, 0, 0)),
    }


def roi_fields(box_px: tuple[int, int, int, int]) -> Fields:
    """sensor_msgs/RegionOfInterest of (x, y, width, height)."""
    x, y, width, height = (int(value) for value in box_px)
    return {"x_offset": x, "y_offset": y, "height": height, "width": width, "do_rectify": False}


def cloud_fields(stamp_ns: int, frame: str, points: np.ndarray, height: int = 1) -> Fields:
    """sensor_msgs/PointCloud2 of a structured array (N,) in `height` rows. Raises InputError as `cloud_bytes`."""
    cloud = cloud_bytes(points, height)
    names = ("name", "offset", "datatype", "count")
    return {
        "header": header_fields(stamp_ns, frame),
        "height": cloud.height,
        "width": cloud.width,
        "fields": [dict(zip(names, entry, strict=True)) for entry in cloud.fields],
        "is_bigendian": False,
        "point_step": cloud.point_step,
        "row_step": cloud.row_step,
        "data": cloud.data,
        "is_dense": cloud.is_dense,
    }


def joint_state_fields(reading: JointReading) -> Fields:
    """sensor_msgs/JointState. Raises InputError where names and numbers do not go together."""
    count = len(reading.names)
    if len(reading.positions_rad) != count or len(reading.velocities_rad_per_s) not in (0, count):
        raise InputError(
            f"a joint reading of {count} names with {len(reading.positions_rad)} positions and "
            f"{len(reading.velocities_rad_per_s)} velocities: wanted a position each, and a velocity each or none"
        )
    return {
        "header": header_fields(reading.stamp_ns, ""),
        "name": reading.names,
        "position": reading.positions_rad,
        "velocity": reading.velocities_rad_per_s,
        "effort": (),
    }


def range_fields(reading: RangeReading) -> Fields:
    """sensor_msgs/Range of a laser: +inf nothing within reach, NaN no echo (REP 117)."""
    return {
        "header": header_fields(reading.stamp_ns, reading.frame),
        "radiation_type": RADIATION_INFRARED,
        "field_of_view": float(reading.field_of_view_rad),
        "min_range": float(reading.minimum_m),
        "max_range": float(reading.maximum_m),
        "range": float(reading.range_m),
        "variance": 0.0,  # unknown
    }


def lens_optics_fields(lens: Lens, position_steps: float) -> Fields:
    """The part of LensState that follows from a lens and where its glass is, motor steps."""
    near_m, far_m = lens.depth_of_field_m(position_steps)
    numbers: Mapping[str, float] = {
        "position_steps": position_steps,
        "min_position_steps": lens.min_position_steps,
        "max_position_steps": lens.max_position_steps,
        "sensor_distance_m": lens.sensor_distance_m(position_steps),
        "focus_distance_m": lens.focus_distance_m(position_steps),
        "near_limit_m": near_m,
        "far_limit_m": far_m,
        "hyperfocal_distance_m": lens.hyperfocal_m,
        "focal_length_m": lens.focal_length_m,
        "f_number": lens.f_number,
        "circle_of_confusion_m": lens.circle_of_confusion_m,
        "pixel_pitch_m": lens.pixel_pitch_m,
    }
    # Every number as a float: an `int` in a float field ends a node's process in an assertion of the generated C code.
    floats = {name: float(value) for name, value in numbers.items()}
    return {"lens_name": lens.name, "beyond_infinity": lens.beyond_infinity(position_steps), **floats}


def lens_state_fields(stamp_ns: int, frame: str, lens: Lens, position_steps: float, settled_ns: int = 0) -> Fields:
    """LensState of glass at rest: `settled_ns` is when it came to rest, 0: not since the start."""
    return {
        "header": header_fields(stamp_ns, frame),
        **lens_optics_fields(lens, position_steps),
        "goal_position_steps": math.nan,
        "velocity_steps_per_s": 0.0,
        "moving": False,
        "settled_stamp": time_fields(settled_ns),
        "fault_code": FAULT_NONE,
        "fault_text": "",
    }


def recorded_lens_state_fields(reading: LensReading, lens: Lens | None, frame: str) -> Fields:
    """LensState of what a recording says about its lens; what nobody knows is NaN, or empty.

    The recording's own distances count. Where it has none and a position that is a number, the lens file says what that means;
    without one it is beyond infinity, as a lens state says that.

    Args:
        reading: what the recording says.
        lens: by its file; None: not known.
        frame: the camera's optical frame.
    """
    focused = not math.isnan(reading.focus_distance_m)
    if lens is None:
        nobody_knows = dict.fromkeys(LENS_NUMBERS, math.nan)
        optics: Fields = {"lens_name": "", **nobody_knows, "beyond_infinity": not math.isnan(reading.position_steps)}
    else:
        optics = lens_optics_fields(lens, reading.position_steps)
    if focused:
        optics["beyond_infinity"] = False
    if focused or lens is None:
        optics["focus_distance_m"] = float(reading.focus_distance_m)
        optics["near_limit_m"], optics["far_limit_m"] = float(reading.near_limit_m), float(reading.far_limit_m)
    return {
        "header": header_fields(reading.stamp_ns, frame),
        **optics,
        "position_steps": float(reading.position_steps),
        "goal_position_steps": math.nan,
        "velocity_steps_per_s": math.nan,
        "moving": bool(reading.moving),
        "settled_stamp": time_fields(0),
        "fault_code": FAULT_NONE,
        "fault_text": "",
    }
