"""Readings in cells: the coarse picture on which both dense depth images and sparse clouds are split."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.optics import CameraModel

MOST_COLUMNS, MOST_ROWS = 320, 180
MOST_DENSE_CELLS = 20_000
"""Of a depth image: enough for what is as large as a thirtieth of its height."""
DENSE_ROUGHNESS, SPARSE_ROUGHNESS = (0.006, 0.006), (0.02, 0.006)
SLOPE = 0.006
"""How much more ground may leave a plane, as a share of the depth: it is not laid with a level."""
LIDAR_NOISE_M = 0.03
"""Standard deviation of what a lidar reports."""
CLUMPED = 0.95
FILL_SHARE = 0.05
"""Between the strokes of a beam the nearest reading stands for what is round it, so far as this share of the picture's height."""
ASSUMED_FOCAL_SHARE = 0.9
"""Focal length over width of a camera of which nothing is known: 58 degrees."""


@dataclass(frozen=True, eq=False)
class CellGrid:
    """Cells with at most one reading each.

    Attributes:
        number: (rows, columns) int32, points in each cell; None: one where there is a reading.
        x_m, y_m, z_m: (rows, columns) float32 in the optical frame; z_m 0: no reading.
        u_px, v_px: (rows, columns) float32, where in the picture.
        half_u_px: half of a cell's width; half_v_px: (rows,) float32 half of its height.
        width_px, height_px: of the picture.
        noise_m, noise_per_m: standard deviation of a reading is noise_m + noise_per_m z^2.
        dense: of a depth image.
        clumped: of a cloud that was drawn in strokes with gaps between them, which were filled with the nearest readings.
        focal_px: of the picture.
    """

    number: NDArray[np.int32] | None
    x_m: NDArray[np.float32]
    y_m: NDArray[np.float32]
    z_m: NDArray[np.float32]
    u_px: NDArray[np.float32]
    v_px: NDArray[np.float32]
    half_u_px: float
    half_v_px: NDArray[np.float32]
    width_px: int
    height_px: int
    noise_m: float
    noise_per_m: float
    dense: bool
    focal_px: tuple[float, float]
    clumped: bool = False

    @property
    def noise(self) -> tuple[float, float]:
        """noise_m and noise_per_m."""
        return self.noise_m, self.noise_per_m

    @property
    def roughness(self) -> tuple[float, float]:
        """How far a surface that counts as a plane may leave it: metres, and share of the depth."""
        return DENSE_ROUGHNESS if self.dense else SPARSE_ROUGHNESS

    def field(self) -> NDArray[np.int64]:
        """(4,) first and last row, first and last column that have readings; zeros without any."""
        filled = self.z_m > 0
        rows, columns = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
        return np.array([rows[0], rows[-1], columns[0], columns[-1]] if len(rows) else [0, 0, 0, 0])


def grid_of_depth(
    depth: NDArray[Any], camera: CameraModel | None, unit_m: float, picture_size_px: tuple[int, int]
) -> tuple[CellGrid, int]:
    """The cells of a depth image, and how many of its pixels each is wide."""
    from auxfocus_ros.distribution.objects import cell_kernels as kernels

    height, width = depth.shape
    step = max(1, math.ceil(math.sqrt(height * width / MOST_DENSE_CELLS)))
    rows, columns = -(-height // step), -(-width // step)
    z = kernels.cells_of_depth(depth, unit_m, step, rows, columns)
    x, y = np.empty_like(z), np.empty_like(z)
    wide, high = picture_size_px
    if camera is None:
        assumed = ASSUMED_FOCAL_SHARE * wide
        camera = CameraModel(wide, high, assumed, assumed, 0.5 * (wide - 1), 0.5 * (high - 1))
    elif (camera.width_px, camera.height_px) != (wide, high):
        camera = camera.scaled_to(wide, high)
    focal = (camera.fx_px, camera.fy_px)
    scale_u, scale_v = wide / width, high / height
    first_u, first_v = (0.5 * step) * scale_u - 0.5, (0.5 * step) * scale_v - 0.5
    pitch_u, pitch_v = step * scale_u, step * scale_v
    u = np.broadcast_to(np.float32(first_u) + np.float32(pitch_u) * np.arange(columns, dtype=np.float32), z.shape)
    v = np.broadcast_to((np.float32(first_v) + np.float32(pitch_v) * np.arange(rows, dtype=np.float32))[:, None], z.shape)
    if any(camera.distortion):
        table = camera.scaled_to(columns, rows).ray_table()
        np.multiply(table[..., 0], z, out=x)
        np.multiply(table[..., 1], z, out=y)
        lost = ~np.isfinite(x) | ~np.isfinite(y)
        x[lost], y[lost], z[lost] = 0.0, 0.0, 0.0
    else:
        first = ((first_u - camera.cx_px) / camera.fx_px, (first_v - camera.cy_px) / camera.fy_px)
        kernels.rays_of_pinhole(z, first, (pitch_u / camera.fx_px, pitch_v / camera.fy_px), x, y)
    noise = min(kernels.noise_of_depth(z), 0.02)
    half_v = np.full(rows, 0.5 * pitch_v, np.float32)
    return CellGrid(None, x, y, z, u, v, 0.5 * pitch_u, half_v, wide, high, 0.0, noise, True, focal), step


def grid_of_points(points: ProjectedPoints, camera: CameraModel) -> tuple[CellGrid, NDArray[np.int32]]:
    """The cells of a cloud in the picture, and the cell (N,) of each point."""
    from auxfocus_ros.distribution.objects import cell_kernels as kernels

    width, height = camera.width_px, camera.height_px
    apart_u, heights = kernels.spread_of_points(points.u_px, points.v_px, width, height)
    pitch_u = max(1.4 * apart_u, width / MOST_COLUMNS)
    columns = max(1, int(np.ceil(width / pitch_u)))
    edges = kernels.row_edges(heights, height, height / MOST_ROWS)
    rows = len(edges) - 1
    row_of = np.clip(np.searchsorted(edges, np.arange(height), side="right") - 1, 0, rows - 1).astype(np.int32)
    nearest, cell, number = kernels.cells_of_points(points.u_px, points.v_px, points.depth_m, row_of, pitch_u, rows, columns)
    clumped = in_strokes(nearest, len(points))
    if clumped:
        pitch_v = max(1.4 * apart_u, height / MOST_ROWS)
        edges = np.arange(int(np.ceil(height / pitch_v)) + 1) * pitch_v
        rows = len(edges) - 1
        row_of = np.minimum(np.arange(height) / pitch_v, rows - 1).astype(np.int32)
        nearest, cell, number = kernels.cells_of_points(points.u_px, points.v_px, points.depth_m, row_of, pitch_u, rows, columns)
        nearest = kernels.nearest_readings(nearest, max(2, round(FILL_SHARE * height / pitch_v)))
    cells = kernels.fill_cells(nearest, points.u_px, points.v_px, points.x_m, points.y_m, points.depth_m)
    half_v = (0.5 * np.diff(edges)).astype(np.float32)
    grid = CellGrid(
        number,
        cells[0],
        cells[1],
        cells[2],
        cells[3],
        cells[4],
        0.5 * apart_u,
        half_v,
        width,
        height,
        LIDAR_NOISE_M,
        0.0,
        False,
        (camera.fx_px, camera.fy_px),
        clumped,
    )
    return grid, cell


def in_strokes(nearest: NDArray[np.int32], count: int) -> bool:
    """Whether readings crowd in some cells while others between them stay empty, more than if they were strewn at random: they
    were drawn in strokes."""
    from auxfocus_ros.distribution.objects import cell_kernels as kernels

    taken, covered = kernels.coverage(nearest, 4)
    return bool(covered) and taken < CLUMPED * covered * (1.0 - math.exp(-count / covered))
