"""What `auxfocus distribution` is given: a picture with its cloud or depth image, from files or from a recording."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, Lens, RigidTransform, load_lens
from auxfocus_ros.rig import RigDescription

DEFAULT_LENS = "bench_25mm"
MOST_FIELDS = 16
"""Numbers of a point in a plain array: one with more columns is something else."""
RECORDINGS = (".mcap", ".db3", ".bag", ".yaml", ".yml")


@dataclass(frozen=True, eq=False)
class Still:
    """A picture and what is known of its depth.

    Attributes:
        picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey.
        camera: of the picture; None where nobody says.
        points: a cloud, structured with float32 x, y, z in metres; None without one.
        depth_m: (h, w) float32 metres; None without one.
        depth_camera: of the depth image, where it is another than the picture's.
        optical_from_points: from the cloud's (or the depth camera's) frame to the picture's optical frame; None: they are one.
        files: what it was read from.
    """

    picture: np.ndarray
    camera: CameraModel | None
    points: np.ndarray | None
    depth_m: np.ndarray | None
    depth_camera: CameraModel | None
    optical_from_points: RigidTransform | None
    files: tuple[Path, ...]

    @property
    def kind(self) -> str:
        """'points' or 'depth'."""
        return "points" if self.points is not None else "depth"


def read_still(arguments: argparse.Namespace, rig: RigDescription) -> Still:
    """The picture and its depth, by `image`, `points`, `depth`, `rig` and `frame` of a command line.

    Raises:
        InputError: a file that cannot be used, or files that do not go together. ConfigurationError: a command line or a rig that
            does not say enough.
    """
    image: Path = arguments.image
    if image.is_dir() or image.suffix.lower() in RECORDINGS:
        if arguments.points or arguments.depth:
            raise ConfigurationError(f"{image} is a recording and brings its own depth: leave --points and --depth away")
        return _of_recording(image, arguments.frame or 0, rig if arguments.rig else None)
    if arguments.frame is not None:
        raise ConfigurationError(f"--frame chooses a frame of a recording, but {image} is none")
    if arguments.points is None and arguments.depth is None:
        raise ConfigurationError("how far is the scene? name its cloud with --points, or its depth image with --depth")
    return _of_files(arguments, rig)


def _of_files(arguments: argparse.Namespace, rig: RigDescription) -> Still:
    from auxfocus_ros.rig.picture_files import load_depth, load_picture
    from auxfocus_ros.rig.sizes import camera_for_size

    picture, _ = load_picture(arguments.image)
    height, width = picture.shape[:2]
    try:
        camera = None if rig.camera is None else camera_for_size(rig.camera, width, height)
    except InputError as error:
        raise InputError(f"picture {arguments.image}, rig '{rig.name}': {error}") from error
    if arguments.points is not None:
        if camera is None:
            raise ConfigurationError(f"{_named(arguments)} has no camera: where a cloud falls in the picture takes intrinsics")
        points = load_cloud(arguments.points)
        return Still(picture, camera, points, None, None, rig.optical_from_points, (arguments.image, arguments.points))
    if is_zipfile(arguments.depth):  # which NumPy reads as several arrays
        raise InputError(f"depth image {arguments.depth} is an archive: wanted a single array or picture")
    depth_m = load_depth(arguments.depth, rig.depth_unit_m)
    if not np.any((depth_m > 0) & (depth_m < np.inf)):
        raise InputError(f"depth image {arguments.depth} has no reading: every pixel is 0, negative or not finite")
    files = (arguments.image, arguments.depth)
    if rig.depth_camera is None:
        _check_shape(depth_m, width, height, arguments.depth)
        return Still(picture, camera, None, depth_m, None, None, files)
    if camera is None:
        raise ConfigurationError(
            f"{_named(arguments)} has no camera: a depth image of another camera takes the intrinsics of both"
        )
    try:
        depth_camera = camera_for_size(rig.depth_camera, depth_m.shape[1], depth_m.shape[0])
    except InputError as error:
        raise InputError(f"depth image {arguments.depth}, rig '{rig.name}', depth.camera: {error}") from error
    return Still(picture, camera, None, depth_m, depth_camera, rig.optical_from_points, files)


def _check_shape(depth_m: np.ndarray, width: int, height: int, path: Path) -> None:
    """Raise InputError unless the depth image has the picture's shape, at whatever size."""
    depth_height, depth_width = depth_m.shape
    if abs(depth_width * height - depth_height * width) > max(depth_width, depth_height, width, height):
        raise InputError(
            f"depth image {path} is {depth_width} x {depth_height} and the picture {width} x {height}: they do not show the same "
            "field of view; bring one to the other's shape, or give the depth image's own camera in the rig file (depth: camera)"
        )


def _of_recording(path: Path, number: int, rig: RigDescription | None) -> Still:
    from auxfocus_ros.rig import open_source

    source = open_source("recording", path, rig)
    try:
        if number < 0:
            raise ConfigurationError(f"--frame {number}: wanted 0 or more")
        frame = next(islice(source.frames(), number, None), None)
    finally:
        source.close()
    if frame is None:
        raise ConfigurationError(f"--frame {number}: {path} has {source.counts.frames} frames, counted from 0")
    if frame.points is not None:
        return Still(frame.picture, frame.camera, frame.points, None, None, frame.optical_from_points, (path,))
    if frame.depth_m is not None:
        return Still(frame.picture, frame.camera, None, frame.depth_m, None, None, (path,))
    raise InputError(f"{path}: its pictures come without points and without depth images")


def load_cloud(path: Path) -> np.ndarray:
    """A cloud from a .pcd, a KITTI .bin or a .npy file ((N, 3 to 16) float, or structured with x, y, z).

    Returns:
        (N,) structured array with float32 x, y, z, metres, at least one point of which is a reading.

    Raises:
        InputError: no such file, another format, or no reading in it.
    """
    from auxfocus_ros.rig.folder import load_points
    from auxfocus_ros.rig.frame import structured_points

    if not path.is_file():
        raise InputError(f"cloud {path} {'is a folder' if path.is_dir() else 'does not exist'}")
    if is_zipfile(path):
        raise InputError(f"cloud {path} is an archive: wanted a single array or scan")
    if path.suffix.lower() != ".npy":
        return load_points(path)[0]
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cloud {path} cannot be read: {' '.join(str(error).split())}") from error
    if array.dtype.names is not None and set("xyz") <= set(array.dtype.names):
        array = np.stack([array[name].reshape(-1) for name in "xyz"], axis=-1)
    if array.ndim != 2 or not 3 <= array.shape[1] <= MOST_FIELDS or array.dtype.kind != "f":
        raise InputError(f"cloud {path} is {array.dtype} of shape {array.shape}: wanted (N, 3) floats, or fields x, y and z")
    with np.errstate(over="ignore"):
        xyz = array[:, :3].astype(np.float32)
    if not np.isfinite(xyz).all(axis=1).any():
        raise InputError(f"cloud {path} has no reading: {len(xyz)} points, none of them finite")
    return structured_points(xyz)


def load_lens_of(arguments: argparse.Namespace, rig: RigDescription) -> Lens:
    """The lens of `--lens`, else the rig's, else the bench lens. Raises ConfigurationError."""
    return load_lens(arguments.lens or rig.lens or DEFAULT_LENS)


def read_focus(arguments: argparse.Namespace, lens: Lens) -> tuple[Any, float]:
    """Where the focus stands.

    Returns:
        The FocusReading and the motor position, steps; NaN where the lens's motor has none for the distance. A distance outside
        the motor's range is drawn all the same: the glass decides the depth of field, the motor only how it gets there.

    Raises:
        ConfigurationError: a distance at which nothing can be in focus, a position outside the lens's range.
    """
    from auxfocus_ros.optics.depth_of_field import depth_of_field_limits_m
    from auxfocus_ros.optics.thin_lens import extension_of_distance_m
    from auxfocus_ros.view import FocusReading

    if arguments.focus_position is not None:
        position = float(arguments.focus_position)
        if not lens.contains(position):
            low, high = lens.min_position_steps, lens.max_position_steps
            raise ConfigurationError(f"--focus-position {position:g}: lens '{lens.name}' goes from {low:g} to {high:g} steps")
        return FocusReading.of_lens(lens, position), position
    distance_m = float(arguments.focus_distance)
    extension_m = float(extension_of_distance_m(lens.focal_length_m, np.float64(distance_m))) if distance_m > 0 else math.nan
    if math.isnan(extension_m):
        raise ConfigurationError(
            f"--focus-distance {distance_m:g}: wanted metres beyond the focal length of lens '{lens.name}' "
            f"({lens.focal_length_m:g} m), or inf"
        )
    near, far = depth_of_field_limits_m(lens.focal_length_m, lens.f_number, lens.circle_of_confusion_m, np.float64(extension_m))
    position = float(lens.position_for_distance(distance_m))
    reading = FocusReading.of_distances(distance_m, float(near), float(far))
    return reading, position if lens.contains(position) else math.nan


def _named(arguments: argparse.Namespace) -> str:
    return f"rig '{arguments.rig}'" if arguments.rig else "no --rig is named, so there"
