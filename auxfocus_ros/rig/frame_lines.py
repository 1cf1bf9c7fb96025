"""What belongs to a frame and is no array, as one line of JSON a frame: what `TruthFolder` writes and a folder recording reads.

Lengths in metres, angles in radians, times in seconds unless the name says otherwise; transforms are 4 x 4 matrices in rows. JSON
has neither infinity nor NaN: both are null, and where it matters which, a flag beside the number says so:

    name                             of the frame's files, without suffix
    stamp_ns                         start of the exposure
    camera                           {width_px, height_px, fx_px, fy_px, cx_px, cy_px, distortion_model, distortion}
    camera_frame, points_frame       names of the frames of reference
    points_offset_s                  stamp of the cloud (or depth image) minus stamp of the picture; null: neither is there
    points_moved                     the cloud was moved to the picture's time
    optical_from_points              p_optical = R p_points + t
    lens                             {stamp_ns, position_steps, moving, focus_distance_m, near_limit_m, far_limit_m,
                                     beyond_infinity}; null: nothing is known. focus_distance_m null: at infinity, or beyond it;
                                     far_limit_m null: at infinity, or there is none where near_limit_m is null too
    joints                           [{stamp_ns, names, positions_rad, velocities_rad_per_s}], since the frame before
    range                            {stamp_ns, range_m, frame, minimum_m, maximum_m, field_of_view_rad, no_echo} or null;
                                     range_m null: nothing within reach, or no echo
    truth                            the fields of `rig.truth.FrameTruth` without its arrays, and beyond_infinity; null: none
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.json_values import json_value
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import Frame, JointReading, LensReading, RangeReading
from auxfocus_ros.rig.truth import FrameTruth

ARRAYS_OF_TRUTH = ("labels", "depth_m", "defocus_px", "point_labels")


@dataclass(frozen=True, eq=False)
class FrameLine:
    """A line that was read back; the fields are those of `Frame`, without the truth."""

    name: str
    stamp_ns: int
    camera: CameraModel
    camera_frame: str
    points_frame: str
    points_offset_s: float
    points_moved: bool
    optical_from_points: RigidTransform
    lens: LensReading | None
    joints: tuple[JointReading, ...]
    range: RangeReading | None


def frame_line(name: str, frame: Frame) -> str:
    """A frame's line, without the line's end; see the module's text."""
    direct = ("stamp_ns", "camera", "camera_frame", "points_frame", "points_offset_s", "points_moved", "optical_from_points")
    entry: dict[str, Any] = {"name": name, **{key: _plain(getattr(frame, key)) for key in direct}}
    entry["lens"] = _with_flag(frame.lens, "beyond_infinity", "focus_distance_m")
    entry["joints"] = _plain(frame.joints)
    entry["range"] = _with_flag(frame.range, "no_echo", "range_m")
    entry["truth"] = _with_flag(frame.truth, "beyond_infinity", "focus_distance_m")
    return json.dumps(json_value(entry), allow_nan=False)


def _with_flag(value: Any, flag: str, number: str) -> dict[str, Any] | None:
    """The fields of a dataclass, and a flag that tells NaN from the infinity which the number's null also stands for."""
    return None if value is None else {**_plain(value), flag: math.isnan(getattr(value, number))}


def _plain(value: Any) -> Any:
    """Dataclasses as dictionaries of their fields, transforms as matrices."""
    if isinstance(value, RigidTransform):
        return value.as_matrix()
    if is_dataclass(value) and not isinstance(value, type):
        left_out = ARRAYS_OF_TRUTH if isinstance(value, FrameTruth) else ()
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value) if entry.name not in left_out}
    return [_plain(entry) for entry in value] if isinstance(value, tuple | list) else value


def read_frame_lines(path: Path) -> dict[str, FrameLine]:
    """All lines of a file, by frame name, in order.

    Raises:
        InputError: naming file and line; or no file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"frames {path} cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from error
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                entry = parse_frame_line(line)
            except InputError as error:
                raise InputError(f"{path} line {number}: {error}") from error
            found[entry.name] = entry
    return found


def parse_frame_line(line: str) -> FrameLine:
    """One line. Raises InputError: no JSON, a key that is missing, or a value that cannot be."""
    try:
        entry = json.loads(line)
        if not isinstance(entry, dict):
            raise InputError("not a JSON object")
        camera = {**entry["camera"], "distortion": tuple(entry["camera"]["distortion"])}
        return FrameLine(
            name=str(entry["name"]),
            stamp_ns=int(entry["stamp_ns"]),
            camera=CameraModel(**camera),
            camera_frame=str(entry["camera_frame"]),
            points_frame=str(entry["points_frame"]),
            points_offset_s=_number(entry["points_offset_s"], math.nan),
            points_moved=bool(entry["points_moved"]),
            optical_from_points=RigidTransform.from_matrix(entry["optical_from_points"]),
            lens=None if entry["lens"] is None else _lens(entry["lens"]),
            joints=tuple(_joints(reading) for reading in entry["joints"]),
            range=None if entry["range"] is None else _range(entry["range"]),
        )
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg} at column {error.colno})") from error
    except KeyError as error:
        raise InputError(f"the key {error} is missing") from error
    except AuxfocusError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(f"a value that cannot be ({error})") from error


def _number(value: float | None, if_null: float) -> float:
    return if_null if value is None else float(value)


def _lens(entry: Mapping[str, Any]) -> LensReading:
    near_m = _number(entry["near_limit_m"], math.nan)
    return LensReading(
        stamp_ns=int(entry["stamp_ns"]),
        position_steps=float(entry["position_steps"]),
        moving=bool(entry["moving"]),
        focus_distance_m=_number(entry["focus_distance_m"], math.nan if entry["beyond_infinity"] else math.inf),
        near_limit_m=near_m,
        far_limit_m=_number(entry["far_limit_m"], math.nan if math.isnan(near_m) else math.inf),
    )


def _joints(entry: Mapping[str, Any]) -> JointReading:
    return JointReading(
        stamp_ns=int(entry["stamp_ns"]),
        names=tuple(str(name) for name in entry["names"]),
        positions_rad=tuple(_number(value, math.nan) for value in entry["positions_rad"]),
        velocities_rad_per_s=tuple(_number(value, math.nan) for value in entry["velocities_rad_per_s"]),
    )


def _range(entry: Mapping[str, Any]) -> RangeReading:
    reading = {key: value for key, value in entry.items() if key != "no_echo"}
    return RangeReading(**{**reading, "range_m": _number(entry["range_m"], math.nan if entry["no_echo"] else math.inf)})
