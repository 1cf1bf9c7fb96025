"""Where one sensor stands as seen from another: a rotation and a shift."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from auxfocus_ros.errors import InputError

ORTHONORMAL_TOLERANCE = 1e-3
"""How far `R R^T` may be from the identity: calibration files carry four digits. What passes is made exactly a rotation."""


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """Maps points of one frame into another: `p_to = rotation @ p_from + translation_m`.

    Attributes:
        rotation: (3, 3) float64, orthonormal with determinant +1; read-only.
        translation_m: (3,) float64, metres; read-only.

    Raises:
        InputError: wrong shapes, numbers not finite, or a matrix that is no rotation within 1e-3 (a mirror image is named as
        such).
    """

    rotation: NDArray[np.float64]
    translation_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check both parts, make the rotation exactly orthonormal, and seal them."""
        rotation = _finite("rotation", self.rotation, (3, 3))
        translation = _finite("translation_m", self.translation_m, (3,))
        object.__setattr__(self, "rotation", _nearest_rotation(rotation))
        object.__setattr__(self, "translation_m", translation)
        self.rotation.setflags(write=False)
        self.translation_m.setflags(write=False)

    @classmethod
    def identity(cls) -> "RigidTransform":
        """The transform that moves nothing."""
        return cls(np.eye(3), np.zeros(3))

    @classmethod
    def from_quaternion(cls, x: float, y: float, z: float, w: float, translation_m: ArrayLike) -> "RigidTransform":
        """From a quaternion in ROS's order and a translation.

        Args:
            x, y, z, w: of length 1 within 1e-3; q and -q are the same rotation.
            translation_m: (3,), metres.

        Raises:
            InputError: a quaternion of another length, numbers not finite.
        """
        quaternion = _finite("quaternion (x, y, z, w)", (x, y, z, w), (4,))
        length = float(np.linalg.norm(quaternion))
        if abs(length - 1.0) > ORTHONORMAL_TOLERANCE:
            raise InputError(f"quaternion ({x:g}, {y:g}, {z:g}, {w:g}): its length must be 1 within 1e-3, got {length:.6g}")
        x, y, z, w = quaternion / length
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        return cls(rotation, np.asarray(translation_m))

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> "RigidTransform":
        """From a (3, 4) or (4, 4) matrix `[R | t]`, the last row of the latter being 0 0 0 1.

        Raises:
            InputError: another shape, another last row, or no rotation.
        """
        array = _numbers("matrix", matrix)
        if array.shape == (4, 4):
            if not np.allclose(array[3], (0, 0, 0, 1), rtol=0, atol=1e-9):
                raise InputError(f"matrix: the last row of a 4 x 4 transform must be 0 0 0 1, got {array[3].tolist()}")
            array = array[:3]
        if array.shape != (3, 4):
            raise InputError(f"matrix: wanted shape (3, 4) or (4, 4), got {array.shape}")
        return cls(array[:, :3], array[:, 3])

    def as_quaternion(self) -> tuple[float, float, float, float]:
        """(x, y, z, w), of length 1, w >= 0."""
        m = self.rotation
        # Of the four rows, all multiples of the quaternion, the longest: it is never near 0 (Shepperd 1978).
        squares = np.array(
            [
                1 + m[0, 0] - m[1, 1] - m[2, 2],
                1 - m[0, 0] + m[1, 1] - m[2, 2],
                1 - m[0, 0] - m[1, 1] + m[2, 2],
                1 + m[0, 0] + m[1, 1] + m[2, 2],
            ]
        )
        rows = np.array(
            [
                [squares[0], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
                [m[0, 1] + m[1, 0], squares[1], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
                [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[2], m[1, 0] - m[0, 1]],
                [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], squares[3]],
            ]
        )
        best = rows[int(np.argmax(squares))]
        unit = best / np.linalg.norm(best)
        x, y, z, w = (unit if unit[3] >= 0 else -unit).tolist()
        return x, y, z, w

    def apply(self, points_m: NDArray[Any]) -> NDArray[Any]:
        """Map points.

        Args:
            points_m: (N, 3), metres, float32 or float64 (other number types are taken as float64); NaN rows stay NaN.

        Returns:
            (N, 3), a new array of the same float type.

        Raises:
            InputError: another shape.
        """
        points = np.asarray(points_m)
        if points.ndim != 2 or points.shape[1] != 3:
            raise InputError(f"points: wanted shape (N, 3), got {points.shape}")
        kind = points.dtype if points.dtype in (np.float32, np.float64) else np.dtype(np.float64)
        with np.errstate(invalid="ignore"):  # lidars mark 'no return' with NaN or inf
            moved = points.astype(kind, copy=False) @ self.rotation.T.astype(kind)
            moved += self.translation_m.astype(kind)
        return moved

    def inverse(self) -> "RigidTransform":
        """The way back."""
        return RigidTransform(self.rotation.T, -self.rotation.T @ self.translation_m)

    def compose(self, other: "RigidTransform") -> "RigidTransform":
        """First `other`, then this: `a.compose(b).apply(p) == a.apply(b.apply(p))`."""
        return RigidTransform(self.rotation @ other.rotation, self.rotation @ other.translation_m + self.translation_m)

    def as_matrix(self) -> NDArray[np.float64]:
        """(4, 4) homogeneous matrix, a copy."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.rotation, self.translation_m
        return matrix


def _numbers(name: str, value: ArrayLike | Sequence[float]) -> NDArray[np.float64]:
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: wanted numbers, got {value!r:.80}") from None


def _finite(name: str, value: ArrayLike | Sequence[float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = _numbers(name, value)
    if array.shape != shape:
        raise InputError(f"{name}: wanted shape {shape}, got {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: every number must be finite, got {array.tolist()}")
    return array


def _nearest_rotation(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    error = float(np.abs(matrix @ matrix.T - np.eye(3)).max())
    if error > ORTHONORMAL_TOLERANCE:
        raise InputError(f"rotation: its rows must be orthonormal within {ORTHONORMAL_TOLERANCE:g}, got an error of {error:.3g}")
    if np.linalg.det(matrix) < 0:
        raise InputError("rotation: its determinant must be +1, got -1 (a mirror image: an axis has the wrong sign)")
    left, _, right = np.linalg.svd(matrix)
    return np.ascontiguousarray(left @ right)
