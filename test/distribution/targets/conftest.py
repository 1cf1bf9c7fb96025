"""Scenes made by hand: boxes at depths before a wall, as the segmentation would give them, with their readings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from auxfocus_ros.distribution.objects import BoxPx, SceneObject, SegmentedScene
from auxfocus_ros.distribution.targets import DepthImageReadings, KeeperOptions, TargetKeeper, TargetSet

WIDTH_PX, HEIGHT_PX, STEP_PX = 320, 200, 4
WALL_M = 12.0

Thing = tuple[BoxPx, float]


def object_of(segment: int, box: BoxPx, depth_m: float) -> SceneObject:
    """An object whose place in the optical frame is that of a camera with a focal length of 300 pixels."""
    scale = depth_m / 300.0
    x, y = (box[0] + 0.5 * box[2] - 0.5 * WIDTH_PX) * scale, (box[1] + 0.5 * box[3] - 0.5 * HEIGHT_PX) * scale
    return SceneObject(
        segment=segment,
        box_px=box,
        depth_m=depth_m,
        depth_near_m=0.98 * depth_m,
        depth_far_m=1.02 * depth_m,
        depth_sigma_m=0.002 * depth_m,
        position_m=(x, y, depth_m),
        low_m=(x - 0.1, y - 0.1, depth_m - 0.1),
        high_m=(x + 0.1, y + 0.1, depth_m + 0.1),
        point_count=box[2] * box[3],
        area_share=box[2] * box[3] / (WIDTH_PX * HEIGHT_PX),
    )


def scene_of(things: Sequence[Thing], wall_m: float = WALL_M) -> tuple[SegmentedScene, DepthImageReadings]:
    """Things (box, depth) before a wall, the later over the earlier; wall_m 0: the wall gives no readings."""
    depth = np.full((HEIGHT_PX, WIDTH_PX), wall_m, np.float32)
    labels = np.zeros((HEIGHT_PX // STEP_PX, WIDTH_PX // STEP_PX), np.uint16)
    for segment, ((x, y, w, h), depth_m) in enumerate(things, 1):
        depth[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)] = depth_m
        labels[max(y, 0) // STEP_PX : max(y + h, 0) // STEP_PX, max(x, 0) // STEP_PX : max(x + w, 0) // STEP_PX] = segment
    objects = tuple(object_of(segment, box, depth_m) for segment, (box, depth_m) in enumerate(things, 1))
    return SegmentedScene(objects, labels, STEP_PX), DepthImageReadings(depth, labels, STEP_PX, (WIDTH_PX, HEIGHT_PX))


@dataclass
class Stage:
    """A keeper with its own clock, that is shown scenes."""

    keeper: TargetKeeper = field(default_factory=TargetKeeper)
    time_s: float = 100.0
    limits_m: tuple[float, float] = (3.0, 5.0)

    def show(self, *things: Thing, after_s: float = 0.05, wall_m: float = WALL_M) -> TargetSet:
        """The next frame."""
        self.time_s += after_s
        scene, readings = scene_of(things, wall_m)
        return self.keeper.update(scene, readings, (WIDTH_PX, HEIGHT_PX), self.limits_m, self.time_s)


@pytest.fixture
def stage() -> Stage:
    """A keeper that was shown nothing yet."""
    return Stage()


@pytest.fixture
def stage_with() -> Callable[..., Stage]:
    """Makes a stage whose keeper has options."""
    return lambda **options: Stage(TargetKeeper(KeeperOptions(**options)))


@pytest.fixture
def segmented() -> Callable[[Sequence[Thing]], SegmentedScene]:
    """Makes a scene of things (box, depth)."""
    return lambda things: scene_of(things)[0]
