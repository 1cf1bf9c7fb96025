"""Identity kept in the simulator's scenes: its true boxes, with noise, dropouts and a gimbal that turns in jerks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from auxfocus_ros.distribution.objects import SceneObject, SegmentedScene
from auxfocus_ros.distribution.targets import ObjectTracker, TrackerOptions
from auxfocus_ros.rig.truth import ThingTruth

WIDTH_PX, HEIGHT_PX, RATE_HZ = 320, 180, 10.0
LEAST_PX = 40  # of a thing that counts as seen
BAR = 0.95


@cache
def truth_of(scene: str) -> list[tuple[ThingTruth, ...]]:
    """The true things of each frame, those that a depth sensor would see apart."""
    from auxfocus_ros.rig.simulation.source import SimulationSource

    source = SimulationSource(
        scene, depth_sensor="none", defocus=False, noise=False, width_px=WIDTH_PX, height_px=HEIGHT_PX, rate_hz=RATE_HZ
    )
    try:
        frames = [frame.truth for frame in source.frames()]
    finally:
        source.close()
    return [
        tuple(thing for thing in truth.things if thing.pixels >= LEAST_PX and thing.label != "glass")
        for truth in frames
        if truth is not None
    ]


def seen_of(
    frames: list[tuple[ThingTruth, ...]], seed: int, noise: float, drop: float, jerk_px: float
) -> Iterator[tuple[SegmentedScene, list[str]]]:
    """What a segmentation might make of it: wandering edges, missing things, and the picture's shake; with the true names."""
    random = np.random.default_rng(seed)
    x, y = 0.0, 0.0
    for number, things in enumerate(frames):
        if number // 15 % 2:  # the gimbal turns and stops again
            x, y = x + jerk_px, y + 0.3 * jerk_px * math.sin(number)
        kept = [thing for thing in things if random.random() >= drop]
        random.shuffle(kept)  # type: ignore[arg-type]
        objects = []
        for thing in kept:
            left, top, width, height = thing.box_px
            edges = random.normal(0, noise * math.sqrt(width * height), 4)
            box = (
                round(left + edges[0] + x),
                round(top + edges[1] + y),
                max(1, round(width - edges[0] + edges[2])),
                max(1, round(height - edges[1] + edges[3])),
            )
            depth = thing.depth_m * (1 + 0.01 * random.standard_normal())
            place = tuple(thing.position_m.tolist())
            share = box[2] * box[3] / (WIDTH_PX * HEIGHT_PX)
            objects.append(
                SceneObject(len(objects) + 1, box, depth, depth, depth, 0.01 * depth, place, place, place, thing.pixels, share)
            )
        yield SegmentedScene(tuple(objects), np.zeros(0, np.uint16), 0), [thing.name for thing in kept]


def identity_kept(frames: list[tuple[ThingTruth, ...]], seed: int = 1, **how: float) -> float:
    """Share of the appearances of things that have the identity of that thing's last appearance.

    A thing that was away for longer than the tracker remembers, and one that has just come, begins anew.
    """
    options = TrackerOptions()
    tracker, last = ObjectTracker(options), dict[str, tuple[int, int]]()
    owner: dict[int, str] = {}
    kept = appearances = 0
    for number, (scene, names) in enumerate(seen_of(frames, seed, how["noise"], how["drop"], how["jerk_px"])):
        ids = {target.segment: target.id for target in tracker.update(scene, number / RATE_HZ)}
        for segment, name in enumerate(names, 1):
            before, seen = last.get(name, (0, -(10**6)))
            identity = ids.get(segment, 0)
            if before and (number - seen) / RATE_HZ <= options.keep_s:
                appearances += 1
                kept += identity == before and owner.get(identity) == name
            if identity:
                last[name] = (identity, number)
                owner[identity] = name
    return kept / appearances


@pytest.mark.parametrize("scene", ["corridor", "portrait_walk"])
@pytest.mark.parametrize(
    "how",
    [
        {"noise": 0.0, "drop": 0.0, "jerk_px": 0.0},
        {"noise": 0.05, "drop": 0.1, "jerk_px": 0.0},
        {"noise": 0.03, "drop": 0.05, "jerk_px": 24.0},  # 24 pixels in a tenth of a second: 60 degrees a second
    ],
    ids=["clean", "noisy", "turning"],
)
def test_identity_is_kept(scene: str, how: dict[str, float]) -> None:
    assert identity_kept(truth_of(scene), **how) >= BAR
