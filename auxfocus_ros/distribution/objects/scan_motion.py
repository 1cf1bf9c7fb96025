"""How a sensor moved between two scans, from the surfaces that both show.

The newer scan is laid onto the older ones: each of its points is drawn to the plane through the older points round it, and turn
and shift are solved for, again and again. What moves by itself, or is new, meets no surface or one too far away, and has no say.
Where the surfaces leave a motion open (along a wall, over a plain) it stays what was expected of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = ((0.3, 0.04), (0.2, 0.02), (0.1, 0.01), (0.06, 0.004), (0.05, 0.003))
"""How far from a surface a point may lie and still belong to it, step by step: metres, and share of its depth."""
CELL = 1.5
"""Side of the cells whose neighbours make a patch of surface, in distances between points."""
MOST_SAMPLES = 1200
TURN_SIGMA_RAD, SHIFT_SIGMA_M, NOISE = 0.05, 0.2, (0.03, 0.001)
"""How uncertain the expected motion is, and how far off a reading."""
ALIKE = 10.0
"""So many readings say no more than one: they share the error of the surface that they meet."""
LEAST_MET, LEAST_ON = 60, 0.5
"""Points that must meet a surface, and the share of those that must lie on it in the end."""

Motion = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Rotation (3, 3) and shift (3,)."""


@dataclass(frozen=True, eq=False)
class Table:
    """Points (3, n) in cells of directions; see `sort_into_cells`."""

    points: NDArray[np.float32]
    start: NDArray[np.int32]
    order: NDArray[np.int32]
    low: tuple[float, float]
    size: float
    rows: int
    columns: int

    @classmethod
    def of(cls, points: NDArray[np.float32], field: NDArray[np.float64], cell: float) -> Table:
        """Over a field as `spacing` gives it, with cells of `cell` distances between points."""
        from auxfocus_ros.distribution.objects import memory_kernels as kernels

        size = cell * float(field[0])
        low = (float(field[1]), float(field[3]))
        columns, rows = int((field[2] - field[1]) / size) + 1, int((field[4] - field[3]) / size) + 1
        start, order = kernels.sort_into_cells(*points, low, size, rows, columns)
        return cls(points, start, order, low, size, rows, columns)

    @property
    def place(self) -> tuple[tuple[float, float], float, int, int]:
        """Where its cells lie."""
        return self.low, self.size, self.rows, self.columns


def older_from_newer(
    newer: NDArray[np.float32], older: NDArray[np.float32], field: NDArray[np.float64], expected: Motion
) -> Motion | None:
    """The motion (rotation (3, 3), shift (3,)) that takes newer points (3, n) to where the older points (3, m) were seen from.

    Args:
        newer, older: points in the optical frame, depths > 0. field: of the older points, as `spacing` gives it.
        expected: rotation and shift from what the sensor did before.

    Returns:
        None where the scans do not lie on each other.
    """
    from auxfocus_ros.distribution.objects import memory_kernels as kernels

    table = Table.of(older, field, CELL)
    every = max(1, newer.shape[1] // MOST_SAMPLES)
    rotation, shift = expected
    prior = ALIKE * np.repeat([TURN_SIGMA_RAD**-2.0, SHIFT_SIGMA_M**-2.0], 3)
    step = np.zeros(8)
    for scale_m, scale_share in STEPS:
        step = kernels.motion_step(
            newer, every, rotation, shift, older, table.start, table.order, *table.place, scale_m, scale_share, NOISE, prior
        )
        if step[6] < LEAST_MET:
            return None
        turn = rotation_of(step[:3])
        rotation, shift = turn @ rotation, turn @ shift + step[3:6]
    return (rotation, shift) if step[7] >= LEAST_ON else None


def rotation_of(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation (3, 3) by |vector| radians about a vector (3,). Source: Rodrigues' formula."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / angle if angle > 0 else vector
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation: NDArray[np.float64] = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return rotation


def vector_of(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vector (3,) of which `rotation_of` makes a rotation, for turns of less than half a circle."""
    axis = 0.5 * np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    sine = float(np.linalg.norm(axis))
    angle = float(np.arctan2(sine, 0.5 * (np.trace(rotation) - 1.0)))
    return axis * (angle / sine if sine > 1e-12 else 1.0)
