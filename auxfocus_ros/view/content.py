"""What one auxiliary focus image shows: the distribution, and whatever is known of the objects in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.counts import DepthDistribution
from auxfocus_ros.distribution.targets.target import TargetSet
from auxfocus_ros.errors import InputError
from auxfocus_ros.view.layout import Rect


@dataclass(frozen=True)
class ZoneOffset:
    """How far what a zone of the picture shows is before or behind the focus.

    Attributes:
        left_share, right_share: the zone's sides, as shares of the picture's width, 0 to 1.
        offset: signed, in units of half the depth of field (between -1 and 1: inside it), positive: behind the focus; NaN: no
            reading, or nothing is in focus.
        depth_m: depth of what the zone shows, metres; NaN: no reading.
        in_focus: inside the depth of field.
    """

    left_share: float
    right_share: float
    offset: float
    depth_m: float
    in_focus: bool


@dataclass(frozen=True, eq=False)
class LayerStack:
    """Counts of groups of objects, each to be drawn in a layer of its own.

    Attributes:
        counts: (L, bins, columns) uint32, the front layer first; bins and columns as the distribution has them.
        ids: of the targets in each layer, L tuples; the layer without targets (ground, walls) has an empty one.

    Raises:
        InputError: parts that do not fit each other.

    Source: US 12,395,751 B2, paragraphs 52 and 53.
    """

    counts: NDArray[np.uint32]
    ids: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        if self.counts.ndim != 3 or len(self.counts) != len(self.ids):
            raise InputError(
                f"layers: wanted counts (L, bins, columns) and as many tuples of ids, got {self.counts.shape} and {len(self.ids)}"
            )


@dataclass(frozen=True)
class PictureSpan:
    """The part of the axis across that the picture shows, in the axis' unit, low < high.

    Source: US 12,395,751 B2, paragraph 56.
    """

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Content:
    """What is drawn with a picture.

    Attributes:
        distribution: counts of readings by depth and place across.
        targets: objects and regions, the most important first, and which is selected.
        owners: (bins, columns) uint16, the segment that most of a cell's readings belong to, 0: none; None: unknown.
        layers: counts of each object's readings; None: not asked for.
        offsets: zones of the picture, from left to right.
        panorama: the part of the axis across that the picture shows; None: all of it.
        focus_curve: the focal plane in a panorama: values across and depths on the axis in metres, each (N,); None: the plane is
            at one depth.
        cell_colours: (bins, columns, 3) uint8 BGR, a colour of its own for a cell; black (0, 0, 0): as any other. None: no cell
            has one.
        inset_at: where an inset stands in the picture (see `InsetPlacer`); None: in the upper right corner.
        without_readings: a few words that stand in the plot of a distribution without readings.

    Raises:
        InputError: cells that are not the distribution's.
    """

    distribution: DepthDistribution
    targets: TargetSet = field(default_factory=TargetSet)
    owners: NDArray[np.uint16] | None = None
    layers: LayerStack | None = None
    offsets: tuple[ZoneOffset, ...] = ()
    panorama: PictureSpan | None = None
    focus_curve: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
    cell_colours: NDArray[np.uint8] | None = None
    inset_at: Rect | None = None
    without_readings: str = "no depth readings"

    def __post_init__(self) -> None:
        """Check that everything by cells has the distribution's cells."""
        cells = self.distribution.counts.shape
        parts = {
            "owners": (self.owners, cells),
            "layers": (None if self.layers is None else self.layers.counts[0] if len(self.layers.counts) else None, cells),
            "cell_colours": (self.cell_colours, (*cells, 3)),
        }
        for name, (part, shape) in parts.items():
            if part is not None and part.shape != shape:
                raise InputError(f"content: {name} must have the shape {shape} as the distribution has cells, got {part.shape}")
