"""What detectors found, tied to the things that it was found on.

A detector takes longer than a frame, and sees no depth. So what it found in a picture is tied to the object that was at that
place in *that* picture: the object keeps its identity and gains a name, and follows its own readings from then on. What belongs
to no object (a face in front of a wall that the segmentation did not part from it) is a target of its own; its box stays where it
was found until it is found again or given up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auxfocus_ros.distribution.targets.attention import rank
from auxfocus_ros.distribution.targets.boxes import central_part, overlap, share_within
from auxfocus_ros.distribution.targets.detection import Detection
from auxfocus_ros.distribution.targets.past import PastFrame
from auxfocus_ros.distribution.targets.readings import DepthReadings
from auxfocus_ros.distribution.targets.regions import look_at_detection
from auxfocus_ros.distribution.targets.target import Target, TargetSource

_CENTRAL = 0.6  # of a detector's box: what is there is the thing
_READINGS_WANTED = 6  # fewer readings there say nothing
_OWNED = 0.35  # share of them that must belong to one object
_FACE_WITHIN, _FACE_HEIGHTS, _FACE_WIDTHS = 0.5, 14.0, 9.0  # a body is so many faces high and wide at most
_OVERLAP, _OVERLAP_ALONE = 0.25, 0.45  # of boxes: with the readings' word, and without it
_FACE_WITHIN_ALONE = 0.8
_SAME_DISTANCE, _SAME_SIZE = 0.8, 2.0  # sizes, ratio: one thing in two runs of a detector
_SAME_BOX = 0.3  # overlap of the box of one thing, found on an object and then without


@dataclass(frozen=True)
class _Found:
    """A detection and the time of its picture."""

    detection: Detection
    time_s: float


class DetectionBook:
    """What is known from detectors.

    hold_s: for how long a detection is believed, seconds.
    successors: of a target that is gone, the target that the same thing has become: an object that a detector's box has turned
        out to be, or the other way about.
    """

    def __init__(self, hold_s: float, new_id: Callable[[], int]) -> None:
        """hold_s: for how long a detection is believed. new_id: gives an identity that nothing has had yet."""
        self.hold_s, self._new_id = hold_s, new_id
        self._on_objects: dict[int, _Found] = {}
        self._alone: dict[int, _Found] = {}
        self.successors: dict[int, int] = {}

    def clear(self) -> None:
        """Time has jumped: nothing that was found is true any more."""
        self._on_objects, self._alone, self.successors = {}, {}, {}

    def add(self, detections: Sequence[Detection], frame: PastFrame | None, present: frozenset[int], time_s: float) -> None:
        """Take in what was found in one picture.

        Args:
            detections: all of them, from all detectors that looked at it.
            frame: that picture's objects; None: not remembered, then all are on their own.
            present: ids of the objects that the newest frame shows.
            time_s: of that picture, seconds.
        """
        alone: list[_Found] = []
        for detection in sorted(detections, key=_importance):
            found = _Found(detection, time_s)
            owner = _owner(detection, frame) if frame is not None else 0
            if not owner:
                alone.append(found)
                continue
            before = self._on_objects.get(owner)
            if before is None or before.time_s < time_s:  # the most important one of a picture stands
                self._on_objects[owner] = found
            for identity in [key for key, other in self._alone.items() if _same(other.detection, detection)]:
                del self._alone[identity]
                self.successors[identity] = owner
        self._follow(alone, present)

    def _follow(self, found: Iterable[_Found], present: frozenset[int]) -> None:
        """Targets of their own: the same as in the last run, or new."""
        known = dict(self._alone)
        for new in found:
            same = [key for key, old in known.items() if _same(old.detection, new.detection)]
            if same:
                identity = min(same, key=lambda key: _distance(known[key].detection, new.detection))
                del known[identity]
            else:
                identity = self._new_id()
                for gone, old in self._on_objects.items():
                    if gone not in present and overlap(old.detection.box_px, new.detection.box_px) > _SAME_BOX:
                        self.successors[gone] = identity
            self._alone[identity] = new

    def targets(
        self, objects: Sequence[Target], readings: DepthReadings, picture_size_px: tuple[int, int], time_s: float
    ) -> list[Target]:
        """The targets of a frame: the objects, with the names that were found, and what was found on its own.

        Args:
            objects: of the frame. readings: of the frame. picture_size_px: width and height. time_s: of the frame, seconds.
        """
        oldest_s = time_s - self.hold_s
        self._on_objects = {key: found for key, found in self._on_objects.items() if found.time_s >= oldest_s}
        self._alone = {key: found for key, found in self._alone.items() if found.time_s >= oldest_s}
        known = {*self._on_objects, *self._alone, *(target.id for target in objects)}
        self.successors = {old: new for old, new in self.successors.items() if new in known}
        targets = [_named(target, self._on_objects.get(target.id)) for target in objects]
        for identity, found in self._alone.items():
            target = look_at_detection(identity, found.detection.box_px, readings, picture_size_px, time_s)
            if target is not None:
                targets.append(_named(target, found))
        return targets


def _named(target: Target, found: _Found | None) -> Target:
    if found is None:
        return target
    detection = found.detection
    return replace(target, label=detection.label, source=detection.source, confidence=detection.confidence)


def _importance(detection: Detection) -> tuple[int, float]:
    return rank(Target(0, detection.box_px, source=detection.source, label=detection.label)), -detection.confidence


def _owner(detection: Detection, frame: PastFrame) -> int:
    """The id of the object that a detection was made on, by the readings in its middle, else by the boxes; 0: none."""
    segments = frame.segments.segments_in(central_part(detection.box_px, _CENTRAL))
    if len(segments) >= _READINGS_WANTED:
        counts = np.bincount(segments)
        counts[0] = 0
        segment = int(np.argmax(counts))
        if counts[segment] < _OWNED * len(segments):
            return 0
        target = next((target for target in frame.objects if target.segment == segment), None)
        return target.id if target is not None and _fits(detection, target, _FACE_WITHIN, _OVERLAP) else 0
    fitting = [target for target in frame.objects if _fits(detection, target, _FACE_WITHIN_ALONE, _OVERLAP_ALONE)]
    return min(fitting, key=lambda target: (target.depth_m, target.id)).id if fitting else 0


def _fits(detection: Detection, target: Target, face_within: float, least_overlap: float) -> bool:
    """Whether an object may be what a detector saw: a body round a face, else about the same box."""
    box = detection.box_px
    if detection.source == TargetSource.FACE or detection.label.lower() == "face":
        body = target.box_px
        small_enough = body[3] <= _FACE_HEIGHTS * box[3] and body[2] <= _FACE_WIDTHS * box[2]
        return small_enough and share_within(box, body) >= face_within
    return overlap(box, target.box_px) >= least_overlap


def _same(old: Detection, new: Detection) -> bool:
    """Whether two runs of a detector may have found one thing."""
    ratio = math.sqrt(old.box_px[2] * old.box_px[3] / (new.box_px[2] * new.box_px[3]))
    return old.label == new.label and _distance(old, new) < _SAME_DISTANCE and 1.0 / _SAME_SIZE < ratio < _SAME_SIZE


def _distance(old: Detection, new: Detection) -> float:
    """Of the middles of two boxes, in sizes."""
    (left, top, width, height), (x, y, w, h) = old.box_px, new.box_px
    away = math.hypot(x + 0.5 * w - left - 0.5 * width, y + 0.5 * h - top - 0.5 * height)
    return away / math.sqrt(width * height)
