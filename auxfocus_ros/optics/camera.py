"""Where a point in front of the camera falls in the picture.

The models are those of sensor_msgs/CameraInfo, with OpenCV's formulas and order of coefficients: `plumb_bob` (k1 k2 p1 p2 k3),
`rational_polynomial` (k1 k2 p1 p2 k3 k4 k5 k6), `equidistant` (Kannala and Brandt, OpenCV's fisheye: k1 k2 k3 k4), and `none`.

Two things are done that OpenCV does not do. A distortion polynomial is fitted to the picture and means nothing outside it: past
some radius it turns back, and a lidar point far to the side is folded into the picture, where nothing of it is to be seen.
`project` knows that radius (`distortion.py`) and gives NaN beyond it. And it works block by block in buffers that stay in the
processor's cache, in float32: a 100,000-point cloud takes about a millisecond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.distortion import COEFFICIENTS, FisheyeDistortion, RadialTangentialDistortion, undistorted_rays

_BLOCK = 8192  # points: the block's six float32 buffers fill 200 kB, which fits a core's second-level cache


@dataclass(frozen=True)
class CameraModel:
    """A camera's size, focal lengths, principal point and distortion.

    Attributes:
        width_px, height_px: size of the picture, > 0.
        fx_px, fy_px: focal lengths, finite and > 0.
        cx_px, cy_px: principal point; pixel (0, 0) has its centre at (0, 0), as in OpenCV. Finite.
        distortion_model: 'plumb_bob', 'rational_polynomial', 'equidistant' or 'none'.
        distortion: coefficients in OpenCV's order. plumb_bob 5 (4: k3 is 0; none: no distortion), rational_polynomial 8 (or 12 or
            14 of which those after the eighth are 0), equidistant 4, none 0 (or zeros).

    Raises:
        InputError: naming the field, what it is and what it would have to be.
    """

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    distortion_model: str = "none"
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check every field and take plain Python numbers, so that the model can be a key."""
        for name in ("width_px", "height_px"):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or isinstance(value, bool) or value <= 0:
                raise InputError(f"camera {name}: must be a whole number greater than 0, got {value!r}")
            object.__setattr__(self, name, int(value))
        for name in ("fx_px", "fy_px", "cx_px", "cy_px"):
            value = _number(f"camera {name}", getattr(self, name))
            if name.startswith("f") and value <= 0:
                raise InputError(f"camera {name}: a focal length must be greater than 0, got {value:g} (an uncalibrated camera?)")
            object.__setattr__(self, name, value)
        coefficients = tuple(_number("camera distortion", value) for value in self.distortion)
        object.__setattr__(self, "distortion", _fitting(self.distortion_model, coefficients))

    def matrix(self) -> NDArray[np.float64]:
        """The 3 x 3 camera matrix K."""
        return np.array([[self.fx_px, 0.0, self.cx_px], [0.0, self.fy_px, self.cy_px], [0.0, 0.0, 1.0]])

    def scaled_to(self, width_px: int, height_px: int) -> "CameraModel":
        """The camera of the same picture resized (not cropped) to another size.

        Pixel centres are at whole numbers, so the picture's edge is at -0.5 and the principal point moves as
        `(c + 0.5) s - 0.5`: cv2.resize with INTER_AREA or INTER_LINEAR does the same.

        Raises:
            InputError: a size that is not greater than 0.
        """
        scale_x, scale_y = width_px / self.width_px, height_px / self.height_px
        return CameraModel(
            width_px=width_px,
            height_px=height_px,
            fx_px=self.fx_px * scale_x,
            fy_px=self.fy_px * scale_y,
            cx_px=(self.cx_px + 0.5) * scale_x - 0.5,
            cy_px=(self.cy_px + 0.5) * scale_y - 0.5,
            distortion_model=self.distortion_model,
            distortion=self.distortion,
        )

    def project(
        self, points_m: NDArray[Any] | tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Project points of the optical frame (x right, y down, z forward) into the picture.

        Args:
            points_m: (N, 3), metres, or a tuple of three (N,) arrays x, y, z; strided views cost nothing extra.

        Returns:
            u_px (N,), v_px (N,) float32, unbounded: a point may fall outside the picture. Both NaN where z <= 0, where a
            coordinate is not finite, and where the distortion model does not reach (beyond its monotone radius).

        Raises:
            InputError: other shapes.
        """
        x, y, z = _columns(points_m)
        image_px = np.empty((2, len(z)), np.float32)
        focal = np.array([[self.fx_px], [self.fy_px]], np.float32)
        centre = np.array([[self.cx_px], [self.cy_px]], np.float32)
        distortion = distortion_of(self)
        buffers = np.empty((6, min(_BLOCK, len(z))), np.float32)
        with np.errstate(all="ignore"):
            for start in range(0, len(z), _BLOCK):
                part = slice(start, start + _BLOCK)
                image = image_px[:, part]
                distortion.distort((x[part], y[part], z[part]), image, buffers[:, : image.shape[1]])
                image *= focal
                image += centre
        return image_px[0], image_px[1]

    def ray_table(self) -> NDArray[np.float32]:
        """Direction of what each pixel sees: (height, width, 2) float32 of x / z and y / z, without distortion.

        Worked out once a model and kept (for the last few models); read-only. NaN where the model has no ray for a pixel, and
        where a fisheye sees 90 degrees or more to the side.
        """
        return _ray_table(self)


def distortion_of(camera: CameraModel) -> RadialTangentialDistortion | FisheyeDistortion:
    """The camera's distortion with its monotone limit."""
    return _distortion(camera.distortion_model == "equidistant", camera.distortion)


# By the coefficients alone: a camera whose focus breathes, or whose picture is a moving crop, has new intrinsics in every frame.
@lru_cache(maxsize=32)
def _distortion(fisheye: bool, coefficients: tuple[float, ...]) -> RadialTangentialDistortion | FisheyeDistortion:
    return FisheyeDistortion(coefficients) if fisheye else RadialTangentialDistortion(coefficients)


@lru_cache(maxsize=4)
def _ray_table(camera: CameraModel) -> NDArray[np.float32]:
    x = (np.arange(camera.width_px) - camera.cx_px) / camera.fx_px
    y = (np.arange(camera.height_px) - camera.cy_px) / camera.fy_px
    table = np.empty((camera.height_px, camera.width_px, 2), np.float32)
    rows = max(1, 2 * _BLOCK // camera.width_px)
    for top in range(0, camera.height_px, rows):
        grid_x, grid_y = np.meshgrid(x, y[top : top + rows])
        table[top : top + rows] = undistorted_rays(distortion_of(camera), grid_x, grid_y)
    table.setflags(write=False)
    return table


def _columns(points: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    if isinstance(points, tuple):
        columns = [np.asarray(column) for column in points]
        if len(columns) != 3 or len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise InputError(f"points: wanted three arrays of one length, got shapes {[column.shape for column in columns]}")
    else:
        array = np.asarray(points)
        if array.ndim != 2 or array.shape[1] != 3:
            raise InputError(f"points: wanted shape (N, 3), got {array.shape}")
        columns = [array[:, 0], array[:, 1], array[:, 2]]
    for column in columns:
        if column.dtype.kind not in "fiu":
            raise InputError(f"points: wanted real numbers, got {column.dtype}")
    return columns[0], columns[1], columns[2]


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name}: must be a number, got {value!r}") from None
    if not np.isfinite(number):
        raise InputError(f"{name}: must be finite, got {number}")
    return number


def _fitting(model: str, coefficients: Sequence[float]) -> tuple[float, ...]:
    """The coefficients at the model's full length."""
    if model not in COEFFICIENTS:
        raise InputError(f"camera distortion_model: must be one of {', '.join(COEFFICIENTS)}, got {model!r}")
    full, allowed = COEFFICIENTS[model]
    if model == "none" and not any(coefficients):
        return ()
    if len(coefficients) not in allowed:
        wanted = " or ".join(str(count) for count in allowed)
        raise InputError(f"camera distortion: {model} takes {wanted} coefficients, got {len(coefficients)}")
    if any(coefficients[full:]):
        raise InputError(
            f"camera distortion: {model} with thin prism or tilt (coefficients after the {full}th not 0) is not supported"
        )
    return tuple([*coefficients, *[0.0] * full][:full])
