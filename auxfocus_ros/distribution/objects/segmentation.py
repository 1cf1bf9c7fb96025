"""A frame split into objects, from its cloud or from its depth image.

The readings are put into cells (`grid.py`); between the strokes of a lidar that draws rosettes the nearest ones stand for what is
round them, and `scan_memory.py` joins what a few scans show. Level planes are found and taken out (`level_planes.py`): what
things stand on, and the ceiling. What is left hangs together where neighbours have about the same depth; walls are taken out of
what is too large, or leaves the picture (`walls.py`), and the rest joined again. Of the parts, those go that lie on a wall, are
too small, or are mere scraps of something behind other things; what hangs in the air is joined with the part below that carries
it; and every group that is left is measured (`boxes.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.boxes import height_above, measure_objects, row_m
from auxfocus_ros.distribution.objects.grid import CellGrid, grid_of_depth, grid_of_points
from auxfocus_ros.distribution.objects.level_planes import Levels, find_levels
from auxfocus_ros.distribution.objects.options import SegmentationOptions
from auxfocus_ros.distribution.objects.scan_memory import ScanMemory
from auxfocus_ros.distribution.objects.scene_object import SceneObject, SegmentedScene
from auxfocus_ros.distribution.objects.walls import Parts, lying_on_walls, part_scene
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

LEAST_CELLS = 30
"""Of a depth image: what has fewer is noise."""
SCRAP_SHARE, SCRAP_CELLS = 0.03, 20
"""What has less than this share of the readings (or, of a cloud, fewer than these) may be a scrap of something behind others."""
SCRAP_FREE, LEAST_FREE = 0.5, 0.4
"""Of a part's rim to the left, to the right and above, so much has nothing beside it, or something farther."""
SLIVER_WIDE, SLIVER_HIDDEN = 0.4, 0.6
"""A scrap so narrow for its height, with something nearer beside it over so much of that, is what is left of something."""
UNSEEN = 0.25
"""How much it counts that nothing is beside a part where the sensor looks here and there: it may go on."""
OPEN_SIDE = 0.8
"""What has nothing beside it along so much of one side, and something along the other, goes on beyond what the sensor sees."""
CURVE, CURVE_CELLS = 1.6, 4
"""A part that runs over at least so many rows and columns, with no more cells than this for each of them, is a curve: one sweep
of the beam over something, which does not say how large that is."""
CARRIED_M, CARRIED_SHARE, LEAST_CARRIED = 0.8, 0.25, 0.15
"""What carries a thing is no farther below it than this, nor than this share of the depth, under so much of its lower rim."""
STANDS_M, STANDS_SHARE = 0.3, 0.03
MOST_PARTS = 1000


def segment_points(
    points: ProjectedPoints, camera: CameraModel, options: SegmentationOptions, newest: int | None = None
) -> SegmentedScene:
    """Split a cloud in the picture into objects.

    Args:
        points: as `project_cloud` gives them, or joined with older ones as `ScanMemory.add` does. camera: the picture's.
        options: what counts as an object.
        newest: how many points, the first, are the newest cloud's; None: all.

    Returns:
        The objects, the largest in the picture first and at most `options.most_objects`, and the label (newest,) of each of the
        newest points. `point_count` counts those; an object that only older points show has none.
    """
    if len(points) == 0:
        return SegmentedScene((), np.zeros(0, np.uint16), 0)
    from auxfocus_ros.distribution.objects import part_kernels

    grid, cell = grid_of_points(points, camera)
    labels, objects = _split(grid, options)
    of_points = part_kernels.label_points(
        cell[:newest], points.depth_m[:newest], labels, grid.z_m, options.depth_gap_share, grid.noise_m
    )
    counts = np.bincount(of_points, minlength=len(objects) + 1)
    objects = tuple(replace(found, point_count=int(counts[found.segment])) for found in objects)
    return SegmentedScene(objects, of_points, 0)


def segment_depth_image(
    depth: NDArray[Any],
    camera: CameraModel | None,
    options: SegmentationOptions,
    unit_m: float = 0.001,
    picture_size_px: tuple[int, int] | None = None,
) -> SegmentedScene:
    """Split a depth image that is registered to the picture into objects.

    Args:
        depth: (h, w), float metres or whole numbers of `unit_m`; 0, negative, NaN and infinite are no readings.
        camera: of the picture, or of the depth image; None: a camera of 58 degrees is assumed.
        options: what counts as an object.
        unit_m: metres of one step of whole numbers.
        picture_size_px: width and height of the picture, in whose pixels the boxes are; None: the camera's, or the depth image's.

    Returns:
        The objects, the largest in the picture first and at most `options.most_objects`, and a label for each block of `step` x
        `step` pixels of the depth image. `point_count` counts blocks.

    Raises:
        InputError: a depth image of another shape or type.
    """
    if depth.ndim != 2 or depth.dtype.kind not in "fu" or depth.size == 0:
        raise InputError(
            f"depth image: wanted shape (h, w) of floats or unsigned whole numbers, got {depth.shape} of {depth.dtype}"
        )
    if picture_size_px is None:
        picture_size_px = (camera.width_px, camera.height_px) if camera is not None else (depth.shape[1], depth.shape[0])
    grid, step = grid_of_depth(depth, camera, 1.0 if depth.dtype.kind == "f" else unit_m, picture_size_px)
    labels, objects = _split(grid, options)
    return SegmentedScene(objects, labels, step)


def warm_up() -> None:
    """Compile everything, or load it from disk: the first frame then takes no longer than others."""
    depth = np.full((90, 160), 5.0, np.float32)
    depth[30:60, 60:90] = 2.0
    camera = CameraModel(160, 90, 150.0, 150.0, 79.5, 44.5)
    options = SegmentationOptions()
    for image in (depth, (1000 * depth).astype(np.uint16)):
        segment_depth_image(image, camera, options)
    v, u = np.mgrid[0:90:2, 0:160:2].reshape(2, -1).astype(np.float32)
    z = depth[::2, ::2].reshape(-1).copy()
    x, y = (u - np.float32(79.5)) / np.float32(150.0) * z, (v - np.float32(44.5)) / np.float32(150.0) * z
    points = ProjectedPoints(u, v, z, x, y)
    segment_points(points, camera, options)
    memory = ScanMemory()
    for k, moved in enumerate((None, None, RigidTransform.identity())):  # Scans that look elsewhere each.
        scan = points.only(np.arange(len(points)) // 700 == k)
        segment_points(memory.add(scan, camera, 0.1 * k, moved), camera, options, len(scan))


def _split(grid: CellGrid, options: SegmentationOptions) -> tuple[NDArray[np.uint16], tuple[SceneObject, ...]]:
    """(labels (rows, columns), objects)."""
    from auxfocus_ros.distribution.objects import part_kernels

    labels = np.zeros(grid.z_m.shape, np.uint16)
    field = grid.field()
    if not grid.z_m.any():
        return labels, ()
    levels = find_levels(grid, field)
    parts = part_scene(grid, levels, field, options)
    kept = _worth_keeping(grid, levels, parts, options)
    groups = _joined_with_carriers(grid, levels, parts, kept, field)
    least_px = options.smallest_share * grid.height_px
    measured = list(zip(groups, measure_objects(grid, levels, parts, groups), strict=True))
    measured = [(group, found) for group, found in measured if min(found.box_px[2:]) >= least_px]
    measured.sort(key=lambda item: -item[1].area_share)
    table = np.zeros(parts.count + 1, np.uint16)
    objects = []
    for segment, (group, found) in enumerate(measured[: options.most_objects], 1):
        table[list(group)] = segment
        objects.append(replace(found, segment=segment))
    part_kernels.relabel(parts.labels, table, labels)
    return labels, tuple(objects)


def _worth_keeping(grid: CellGrid, levels: Levels, parts: Parts, options: SegmentationOptions) -> list[int]:
    """The parts that may be objects, the largest first."""
    from auxfocus_ros.distribution.objects import neighbour_kernels

    cells, labels = parts.cells, parts.labels
    readings = cells[:, 0] if grid.number is None else neighbour_kernels.readings_of(labels, parts.count, grid.number)
    worth = ~parts.closing & (readings >= (LEAST_CELLS if grid.dense else options.least_readings))
    worth &= cells[:, 1] != cells[:, 2]  # One row of cells, one ring of a lidar: it may as well be a kerb.
    if grid.number is not None:
        high, wide = cells[:, 2] - cells[:, 1] + 1, cells[:, 4] - cells[:, 3] + 1
        own = np.bincount(labels[grid.number > 0], minlength=parts.count + 1)
        worth &= (own > CURVE * np.maximum(high, wide)) | (np.minimum(high, wide) < CURVE_CELLS)
    if levels.at_m:
        worth &= parts.corners[:, 7] > -parts.corners[:, 6]  # Not below the ground.
    rim = neighbour_kernels.rims(grid.z_m, levels.mark, labels, parts.count, grid.noise, 4)
    scrap = cells[:, 0] < max(SCRAP_SHARE * np.count_nonzero(grid.z_m), 0 if grid.dense else SCRAP_CELLS)
    ends = rim[:, 1] + (UNSEEN if grid.clumped else 1.0) * rim[:, 0]
    worth &= ends >= np.where(scrap, SCRAP_FREE, LEAST_FREE) * rim[:, :4].sum(axis=1)
    high, wide = cells[:, 2] - cells[:, 1] + 1, cells[:, 4] - cells[:, 3] + 1
    worth &= ~scrap | (wide > SLIVER_WIDE * high) | (rim[:, 4:].max(axis=1) < SLIVER_HIDDEN * high)
    if grid.clumped:
        sides = neighbour_kernels.open_sides(grid.z_m, labels, parts.count, 1)
        beside = sides[:, 1:3] >= OPEN_SIDE * sides[:, :1]
        worth &= (beside[:, 0] == beside[:, 1]) | (sides[:, 4] < OPEN_SIDE * sides[:, 3])
    worth &= ~lying_on_walls(grid, parts, options)
    worth[0] = False
    order = np.argsort(-cells[:, 0], kind="stable")
    return [int(part) for part in order[worth[order]][:MOST_PARTS]]


def _joined_with_carriers(
    grid: CellGrid, levels: Levels, parts: Parts, kept: list[int], field: NDArray[np.int64]
) -> list[list[int]]:
    """Groups of parts: what hangs in the air with what carries it."""
    from auxfocus_ros.distribution.objects import neighbour_kernels

    is_kept = np.zeros(parts.count + 1, np.bool_)
    is_kept[kept] = True
    carried = neighbour_kernels.carriers(
        grid.z_m, levels.height_m, levels.mark, parts.labels, is_kept, parts.count, grid.noise, CARRIED_M, CARRIED_SHARE
    )
    carrier: dict[int, int] = {}
    for part in kept:
        depth_m = float(parts.corners[part, 4])
        bottom = int(parts.cells[part, 2])
        stands_m = STANDS_SHARE * depth_m if grid.dense else max(STANDS_M, 1.5 * row_m(grid, bottom, depth_m))
        columns, below, other = carried[part]
        stands = height_above(levels, float(parts.corners[part, 6]), depth_m) < stands_m
        if not stands and bottom < field[1] and below >= max(1, LEAST_CARRIED * columns):
            carrier[part] = int(other)
    groups: dict[int, list[int]] = {}
    for part in kept:
        root, passed = part, {part}
        while root in carrier and carrier[root] not in passed:
            root = carrier[root]
            passed.add(root)
        groups.setdefault(root, []).append(part)
    return list(groups.values())
