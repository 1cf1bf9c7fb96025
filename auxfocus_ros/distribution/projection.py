"""What of a point cloud the picture shows, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform


@dataclass(frozen=True, eq=False)
class ProjectedPoints:
    """The points of a cloud that fall into the picture, in the cloud's order.

    Attributes:
        u_px, v_px: (N,) float32, column and row in the picture, from -0.5 to width (height) - 0.5.
        depth_m: (N,) float32, z in the camera's optical frame, metres, > 0.
        x_m, y_m: (N,) float32, x (right) and y (down) there, metres.
    """

    u_px: NDArray[np.float32]
    v_px: NDArray[np.float32]
    depth_m: NDArray[np.float32]
    x_m: NDArray[np.float32]
    y_m: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of points."""
        return len(self.depth_m)

    def only(self, kept: NDArray[np.bool_]) -> ProjectedPoints:
        """Those of the points that a mask (N,) keeps."""
        return ProjectedPoints(self.u_px[kept], self.v_px[kept], self.depth_m[kept], self.x_m[kept], self.y_m[kept])


def project_cloud(points: NDArray[Any], optical_from_points: RigidTransform, camera: CameraModel) -> ProjectedPoints:
    """Move a cloud into the camera's frame and keep what falls into the picture.

    Args:
        points: (N, 3) float metres in the cloud's frame, or a structured array of any shape with float fields x, y, z. Strided
            views cost nothing extra; points with NaN or infinite coordinates are no returns and are left out.
        optical_from_points: from the cloud's frame to the camera's optical frame.
        camera: the picture's camera.

    Returns:
        The visible points; none where the cloud is empty or lies elsewhere. Points hidden behind others are among them.

    Raises:
        InputError: another shape, missing coordinates, or coordinates that are no floats.
    """
    return project_columns(cloud_columns(points), optical_from_points, camera)[0]


def project_columns(
    cloud: NDArray[np.float32], optical_from_points: RigidTransform, camera: CameraModel
) -> tuple[ProjectedPoints, NDArray[np.intp] | slice]:
    """`project_cloud` of a cloud as `cloud_columns` gives it; also which of its points are left, as an index."""
    index: NDArray[np.intp] | slice = slice(None)
    with np.errstate(invalid="ignore", over="ignore"):
        x, y, z = _move(cloud, optical_from_points)
        ahead = np.flatnonzero(z > 0)
        if len(ahead) < 0.8 * len(z):  # A scan around the sensor: most of it is not worth projecting.
            x, y, z, index = x[ahead], y[ahead], z[ahead], ahead
        u, v = camera.project((x, y, z))
        shown = u >= -0.5
        shown &= u < camera.width_px - 0.5
        shown &= v >= -0.5
        shown &= v < camera.height_px - 0.5
    if shown.all():
        return ProjectedPoints(u, v, z, x, y), index
    kept = np.flatnonzero(shown)
    return ProjectedPoints(u[kept], v[kept], z[kept], x[kept], y[kept]), kept if isinstance(index, slice) else index[kept]


def _move(cloud: NDArray[np.float32], transform: RigidTransform) -> NDArray[np.float32]:
    moved = transform.rotation.astype(np.float32) @ cloud
    moved += transform.translation_m.astype(np.float32)[:, None]
    return moved


def cloud_columns(points: NDArray[Any]) -> NDArray[np.float32]:
    """A cloud as three rows of float32, (3, N). Raises InputError where it is none."""
    if points.dtype.names is not None:
        missing = [name for name in "xyz" if name not in points.dtype.names]
        if missing:
            raise InputError(f"cloud: no field {', '.join(missing)}, got {', '.join(points.dtype.names)}; wanted x, y and z")
        parts = [points[name].reshape(-1) for name in "xyz"]
    elif points.ndim == 2 and points.shape[1] == 3:
        parts = [points[:, k] for k in range(3)]
    else:
        raise InputError(f"cloud: wanted shape (N, 3) or fields x, y and z, got shape {points.shape} of {points.dtype}")
    if not all(np.issubdtype(part.dtype, np.floating) for part in parts):
        raise InputError(f"cloud: wanted float coordinates, got {', '.join(str(part.dtype) for part in parts)}")
    columns = np.empty((3, len(parts[0])), np.float32)
    for column, part in zip(columns, parts, strict=True):
        column[:] = part
    return columns
