"""The same counts, by object: in layers, and which object a cell belongs to.

Both take the readings that were counted (points, a panorama's points, or a depth image) together with the labels that came of
splitting them into objects, and work on the same axes, so that cell for cell they fit the distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.objects.scene_object import SegmentedScene
from auxfocus_ros.distribution.panorama import PanoramaPoints
from auxfocus_ros.distribution.placing import PLAIN, Readings, readings_of_image, readings_of_points
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.distribution.scan import count_cells_by_layer, last_segments
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel

MAX_LAYERS = 255
_MOST_CELLS = 2**31  # what the compiled loop numbers them with holds no more


def count_layers(
    readings: ProjectedPoints | PanoramaPoints | NDArray[Any],
    axis: DepthAxis,
    across: AcrossAxis,
    scene: SegmentedScene,
    layer_of_segment: NDArray[np.uint8],
    *,
    layers: int,
    unit_m: float = 0.001,
    camera: CameraModel | None = None,
) -> NDArray[np.uint32]:
    """Count groups of objects, each in a layer of its own.

    Args:
        readings: points, a panorama's points, or a depth image, as they were counted.
        axis, across: as they were counted.
        scene: the same readings split into objects. Of a panorama's points those that the picture shows.
        layer_of_segment: (segments,) uint8; entry `s` is the layer of segment `s`, 0 to `layers` - 1, or 255 for none. Entry 0 is
            for what belongs to no object; segments past its end have no layer.
        layers: how many there are, 1 to 255.
        unit_m, camera: of a depth image, as for `count_depth_image`.

    Returns:
        (layers, bins, columns) uint32; where every segment has a layer, their sum is what was counted on the axis.

    Raises:
        InputError: labels that do not fit the readings, or a layer that there is not.

    Source: US 12,395,751 B2, paragraphs 52 and 53.
    """
    table = np.require(layer_of_segment, requirements=PLAIN)
    if table.ndim != 1 or table.dtype != np.uint8:
        raise InputError(f"layers: wanted a table (segments,) of uint8, got shape {table.shape} of {table.dtype}")
    if not 1 <= layers <= MAX_LAYERS or ((table >= layers) & (table != MAX_LAYERS)).any():
        raise InputError(f"layers: wanted 1 to {MAX_LAYERS} layers and a table of layers below that or 255, got {layers} layers")
    if layers * axis.bins * across.columns >= _MOST_CELLS:
        raise InputError(f"layers: {layers} of {axis.bins} bins and {across.columns} columns are more than {_MOST_CELLS} cells")
    found = _readings(readings, across, unit_m, camera)
    labels, step = _labels(readings, found, scene)
    return count_cells_by_layer(found, axis, across, labels=labels, step=step, layer_of_segment=table, layers=layers)


def owners(
    readings: ProjectedPoints | PanoramaPoints | NDArray[Any],
    axis: DepthAxis,
    across: AcrossAxis,
    scene: SegmentedScene,
    *,
    unit_m: float = 0.001,
    camera: CameraModel | None = None,
) -> NDArray[np.uint16]:
    """Which object each cell of a distribution belongs to.

    Args: as for `count_layers`.

    Returns:
        (bins, columns) uint16, the segment of the last reading in the cell that belongs to an object (of a depth image: the one
        lowest in the picture); 0: none does. Ground and walls in the same cell do not take it from an object.

    Raises:
        InputError: labels that do not fit the readings.

    Source: US 12,395,751 B2, paragraphs 54 and 55.
    """
    found = _readings(readings, across, unit_m, camera)
    labels, step = _labels(readings, found, scene)
    return last_segments(found, axis, across, labels, step)


def _readings(
    readings: ProjectedPoints | PanoramaPoints | NDArray[Any], across: AcrossAxis, unit_m: float, camera: CameraModel | None
) -> Readings:
    if isinstance(readings, ProjectedPoints | PanoramaPoints):
        return readings_of_points(readings, across)
    return readings_of_image(readings, across, unit_m, camera)


def _labels(readings: Any, found: Readings, scene: SegmentedScene) -> tuple[NDArray[np.uint16], int]:
    """Labels as a plane, each for a block of the readings, and the block's side."""
    labels, step = np.require(scene.labels, np.uint16, PLAIN), scene.step
    height, width = found.depth.shape
    if isinstance(readings, ProjectedPoints | PanoramaPoints):
        if isinstance(readings, PanoramaPoints) and labels.shape == (readings.shown_count,):
            of_all = np.zeros(width, np.uint16)
            of_all[readings.in_picture] = labels
            labels = of_all
        if step != 0 or labels.shape != (width,):
            raise InputError(
                f"objects: wanted a label for each of the {width} points, got shape {labels.shape} in steps of {step}"
            )
        return labels[None], 1
    if (
        step < 1
        or labels.ndim != 2
        or not labels.size
        or any(not size // step <= blocks <= -(-size // step) for size, blocks in zip((height, width), labels.shape, strict=True))
    ):
        raise InputError(
            f"objects: wanted labels for blocks of a {width} x {height} depth image, got shape {labels.shape} in steps of {step}"
        )
    return labels, step
