"""The camera that `auxfocus depth` is told of: four numbers, a camera_info file, or a rig."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel

WANTED = "wanted fx,fy,cx,cy, a camera_info YAML file (of camera_calibration, or of `ros2 topic echo`), or a rig"
NUMBER = re.compile(r"[-+0-9.eE\s]+")


@dataclass(frozen=True)
class GivenCamera:
    """What `--camera` says.

    text: as it was given. camera: with its size; None: four numbers alone, which are taken to be of the pictures' size.
    """

    text: str
    camera: CameraModel | None
    numbers: tuple[float, ...] = ()

    def of_size(self, width_px: int, height_px: int) -> CameraModel:
        """The camera of pictures of this size. Raises InputError where it cannot be theirs."""
        if self.camera is not None:
            if (self.camera.width_px, self.camera.height_px) != (width_px, height_px):
                raise InputError(
                    f"--camera {self.text}: its intrinsics are of {self.camera.width_px} x {self.camera.height_px} px, the "
                    f"picture has {width_px} x {height_px}: wanted those of this very size"
                )
            return self.camera
        fx, fy, cx, cy = self.numbers
        if not (-0.5 <= cx <= width_px - 0.5 and -0.5 <= cy <= height_px - 0.5):
            raise InputError(
                f"--camera {self.text}: the principal point {cx:g}, {cy:g} lies outside the picture of {width_px} x "
                f"{height_px} px: wanted fx,fy,cx,cy in its pixels"
            )
        try:
            return CameraModel(width_px, height_px, fx, fy, cx, cy)
        except InputError as error:
            raise InputError(f"--camera {self.text}: {error}") from error


def read_camera(text: str) -> GivenCamera:
    """What the option's text says: 'fx,fy,cx,cy', the path of a camera_info file or of a rig file, or a shipped rig's name.

    Raises:
        ConfigurationError: none of these, or one that says no camera.
    """
    if "," in text and all(NUMBER.fullmatch(word) for word in text.split(",")):
        try:
            fx, fy, cx, cy = (float(word) for word in text.split(","))
        except ValueError:
            raise ConfigurationError(f"--camera {text}: wanted four numbers, fx,fy,cx,cy") from None
        return GivenCamera(text, None, (fx, fy, cx, cy))
    path = Path(text).expanduser()
    try:
        camera = _of_file(path, text)
    except InputError as error:
        raise ConfigurationError(f"--camera {text}: {error}") from error
    return GivenCamera(text, camera)


def _of_file(path: Path, text: str) -> CameraModel:
    from auxfocus_ros.rig import load_rig
    from auxfocus_ros.rig.rig_file import camera_from_values
    from auxfocus_ros.settings import read_yaml

    if path.suffix.lower() not in (".yaml", ".yml"):
        if len(path.parts) != 1 or path.exists():
            raise ConfigurationError(f"--camera {text}: {WANTED}")
        return _of_rig(load_rig(text), text)
    said = read_yaml(path, "camera file")
    if isinstance(said, dict) and "camera" in said:
        return _of_rig(load_rig(path), text)
    try:
        if isinstance(said, dict) and "camera_matrix" in said:
            return camera_from_values(
                said["image_width"], said["image_height"], said["camera_matrix"]["data"],
                said.get("distortion_coefficients", {}).get("data", ()), said.get("distortion_model"),
            )  # fmt: skip
        if isinstance(said, dict) and {"width", "height", "k"} <= set(said):
            return _of_message(said)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise ConfigurationError(f"--camera {text}: not a camera_info file: {WANTED}") from error
    raise ConfigurationError(
        f"--camera {text}: it has no camera_matrix, no k with width and height, and no rig's camera: {WANTED}"
    )


def _of_message(said: dict[str, Any]) -> CameraModel:
    """A CameraInfo as `ros2 topic echo --once` prints it."""
    from auxfocus_ros.rig.camera_info import camera_from_message

    region = {"x_offset": 0, "y_offset": 0, "width": 0, "height": 0, **said.get("roi", {})}
    plain = {"d": (), "p": (), "distortion_model": "", "binning_x": 0, "binning_y": 0, **said}
    return camera_from_message(SimpleNamespace(**{**plain, "roi": SimpleNamespace(**region)}))


def _of_rig(rig: Any, text: str) -> CameraModel:
    if rig.camera is None:
        raise ConfigurationError(f"--camera {text}: this rig says no camera")
    camera: CameraModel = rig.camera
    return camera
