"""How well objects were found in a frame: what counts as a thing, what is a match, and what is a false alarm.

A detection matches a thing where the intersection over union of their boxes is at least a half; each matches one at most, the
best pairs first. A thing is *wanted* or *optional*. A wanted thing without a match is missed. A detection that matches an
optional thing, whose readings lie for the most part on one, or that lies for the most part in a region marked `ignore`, is
unjudged. Every other one is false. Strict precision counts all unjudged ones as false.

Of a simulated scene these things are wanted: what has a label that is not in OPTIONAL_LABELS; is at least LEAST_SIDE_PX on its
short side; has its middle in the box of what is seen of it (it leaves the picture or is hidden for the most part otherwise);
shows at least LEAST_SHOWN of what it shows at its best in the run (pixels times depth squared, against the 90th percentile); and
is met by the sensor: of a depth image at least half of its pixels have a reading, of a cloud at least LEAST_READINGS points fall
on it, and the box round them is at least half as wide and half as high as the thing. All others are optional.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from auxfocus_ros.distribution.objects import BoxPx
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.distribution.targets.boxes import overlap, share_within
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig.truth import FrameTruth

LEAST_IOU = 0.5
LEAST_SIDE_PX = 12
LEAST_SHOWN = 0.4
LEAST_READINGS = 12
DEPTH_SHARE = 0.03
OPTIONAL_LABELS = frozenset({"glass", "fence", "window", "tree_line", "circuit_board"})
"""Panes are no things for a rangefinder; whether a fence, a shop window's frame or a row of trees is a thing or the end of the
scene, people do not agree; and a board of 2 mm that lies on a table is less high than a depth camera's noise."""


@dataclass(frozen=True)
class Thing:
    """What is there: name, box, depth in metres (NaN: not known), whether it must be found, and how large it shows (px m^2)."""

    name: str
    box_px: BoxPx
    depth_m: float
    wanted: bool
    shown: float = math.inf


@dataclass(frozen=True)
class Found:
    """What was found: box and depth of an object, and where a simulator knows the thing that most of its readings lie on."""

    box_px: BoxPx
    depth_m: float
    lies_on: str = ""


@dataclass(frozen=True)
class Verdict:
    """Of one frame: (detection, thing) of the wanted that were found; names missed; detections that are false, and left out."""

    matches: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]
    unjudged: tuple[int, ...]


def judge(found: Sequence[Found], things: Sequence[Thing], ignore: Sequence[BoxPx] = ()) -> Verdict:
    """Match what was found with what is there; see the module's text."""
    pairs = [(overlap(one.box_px, thing.box_px), i, k) for i, one in enumerate(found) for k, thing in enumerate(things)]
    pairs = sorted((pair for pair in pairs if pair[0] >= LEAST_IOU), key=lambda pair: (-things[pair[2]].wanted, -pair[0]))
    of_found: dict[int, int] = {}
    of_thing: dict[int, int] = {}
    for _, i, k in pairs:
        if i not in of_found and k not in of_thing:
            of_found[i], of_thing[k] = k, i
    optional = {thing.name for thing in things if not thing.wanted}
    unjudged, false = [], []
    for i, one in enumerate(found):
        if i in of_found:
            if not things[of_found[i]].wanted:
                unjudged.append(i)
        elif one.lies_on in optional or any(share_within(one.box_px, region) > 0.5 for region in ignore):
            unjudged.append(i)
        else:
            false.append(i)
    return Verdict(
        tuple((i, k) for i, k in of_found.items() if things[k].wanted),
        tuple(k for k, thing in enumerate(things) if thing.wanted and k not in of_thing),
        tuple(false),
        tuple(unjudged),
    )


def things_of_truth(truth: FrameTruth, camera: CameraModel, readings: ProjectedPoints | np.ndarray) -> list[Thing]:
    """The things of a simulated frame; `shown` still has to be compared with the run's (`without_hidden`).

    Args:
        truth: of the frame. camera: its picture's. readings: its cloud in the picture, or its depth image (H, W) of the picture's
            size, 0: none.
    """
    things = []
    for thing in truth.things:
        if not thing.pixels:
            continue
        wanted = thing.label not in OPTIONAL_LABELS and min(thing.box_px[2:]) >= LEAST_SIDE_PX
        wanted = wanted and _shows_middle(thing.position_m, thing.box_px, camera)
        if isinstance(readings, np.ndarray):
            wanted = wanted and bool(np.count_nonzero((truth.labels == thing.id) & (readings > 0)) >= 0.5 * thing.pixels)
        else:
            wanted = wanted and _met(truth, thing.id, thing.box_px, readings)
        things.append(Thing(thing.name, thing.box_px, thing.depth_m, wanted, thing.pixels * thing.depth_m**2))
    return things


def _shows_middle(position_m: np.ndarray, box_px: BoxPx, camera: CameraModel) -> bool:
    u_px, v_px = camera.project(position_m[None].astype(np.float32))
    x, y, width, height = box_px
    return bool(x - 0.5 <= u_px[0] < x + width and y - 0.5 <= v_px[0] < y + height)


def _met(truth: FrameTruth, thing_id: int, box_px: BoxPx, points: ProjectedPoints) -> bool:
    height, width = truth.labels.shape
    column = np.clip(np.rint(points.u_px).astype(np.intp), 0, width - 1)
    row = np.clip(np.rint(points.v_px).astype(np.intp), 0, height - 1)
    on_it = truth.labels[row, column] == thing_id
    on_it &= np.abs(points.depth_m - truth.depth_m[row, column]) < 0.05 * points.depth_m
    if np.count_nonzero(on_it) < LEAST_READINGS:
        return False
    return bool(np.ptp(column[on_it]) >= 0.5 * box_px[2] and np.ptp(row[on_it]) >= 0.5 * box_px[3])


def without_hidden(frames: Sequence[Sequence[Thing]]) -> list[list[Thing]]:
    """The same things, frame by frame, with those optional that show too little of themselves."""
    shown: dict[str, list[float]] = {}
    for things in frames:
        for thing in things:
            shown.setdefault(thing.name, []).append(thing.shown)
    best = {name: float(np.quantile(values, 0.9)) for name, values in shown.items()}
    return [
        [replace(thing, wanted=thing.wanted and thing.shown >= LEAST_SHOWN * best[thing.name]) for thing in things]
        for things in frames
    ]
