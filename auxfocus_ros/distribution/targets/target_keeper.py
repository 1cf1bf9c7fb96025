"""All targets of each picture, and the one of interest.

The keeper is told of each frame, in one thread; of detections, from a slower one; and of what somebody wishes, from a third. A
lock keeps them apart. A wish is judged at once, by the newest frame (or the one that was clicked), so that it is answered at
once.

What is of interest (the aim) is one of four: nothing; a target with an identity, which is followed; a region of the picture,
which stays where it is; or whatever is most important (`automatic.py`). The target of interest is TRACKED while the frame shows
it and gives it a depth; then HELD, with its last depth, for `hold_s`; then LOST, without a depth, until it is seen again or
another is chosen. Automatically, a lost target gives way to the next best.

Source: US 12,395,751 B2, paragraphs 47, 48 and 53.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auxfocus_ros.distribution.objects.scene_object import BoxPx, SegmentedScene
from auxfocus_ros.distribution.targets.attention import by_attention
from auxfocus_ros.distribution.targets.automatic import AutomaticChoice
from auxfocus_ros.distribution.targets.boxes import holds, overlap
from auxfocus_ros.distribution.targets.detection import Detection
from auxfocus_ros.distribution.targets.detection_book import DetectionBook
from auxfocus_ros.distribution.targets.interest import (
    Refusal,
    Selection,
    SelectionError,
    SelectionMode,
    SelectionOutcome,
    checked_box,
    checked_mode,
    checked_point,
)
from auxfocus_ros.distribution.targets.options import KeeperOptions
from auxfocus_ros.distribution.targets.past import Past
from auxfocus_ros.distribution.targets.presence import in_words, name, unseen
from auxfocus_ros.distribution.targets.readings import DepthReadings
from auxfocus_ros.distribution.targets.regions import Region, placed
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.distribution.targets.tracker import ObjectTracker
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel

_NOTHING_FOUND = "no face, no person and nothing large is seen"
_SAME_BOX = 0.5  # overlap of a drawn box and a target's: that is what was meant


@dataclass(frozen=True, eq=False)
class _Frame:
    """What is known of the newest picture as a whole."""

    readings: DepthReadings
    picture_size_px: tuple[int, int]
    limits_m: tuple[float, float]
    time_s: float
    camera: CameraModel | None


@dataclass(frozen=True)
class _Aim:
    """What is of interest: the target as it was last seen, with a finite depth; and where to look for it, if it is a region."""

    last: Target
    region: Region | None = None


class TargetKeeper:
    """Keeps the targets from frame to frame; see the module's text. May be called from several threads."""

    def __init__(self, options: KeeperOptions = KeeperOptions()) -> None:  # noqa: B008 - frozen
        """No frame has been seen, and nothing is of interest."""
        self._options = options
        self._lock = threading.Lock()
        self._tracker = ObjectTracker(options.tracker)
        self._book = DetectionBook(options.detection_hold_s, self._tracker.new_id)
        self._choice = AutomaticChoice(options.dwell_s)
        self._past = Past()
        self._frame: _Frame | None = None
        self._targets: tuple[Target, ...] = ()  # of the newest frame, without the aim's region
        self._aim: _Aim | None = None
        self._automatic = False
        self._early: tuple[tuple[Detection, ...], float] | None = None

    @property
    def options(self) -> KeeperOptions:
        """May be set between frames; those of the tracker stay as they were at first."""
        return self._options

    @options.setter
    def options(self, options: KeeperOptions) -> None:
        with self._lock:
            self._options = options
            self._book.hold_s = options.detection_hold_s
            self._choice.dwell_s = options.dwell_s

    def update(
        self,
        scene: SegmentedScene,
        readings: DepthReadings,
        picture_size_px: tuple[int, int],
        limits_m: tuple[float, float],
        time_s: float,
        *,
        camera: CameraModel | None = None,
    ) -> TargetSet:
        """Go on to the next frame.

        Args:
            scene: its objects; none where the scene is not split.
            readings: its depth readings, of the same labels.
            picture_size_px: width and height.
            limits_m: the depth of field, near and far, metres; far may be infinite; NaN: unknown, then nothing is in focus.
            time_s: the picture's time, seconds, finite. It may run backwards, when a recording begins again.
            camera: of the picture; with it regions have a place in the optical frame.

        Returns:
            The targets, the most important first. A depth is a positive number or NaN, never infinite. The selected target alone
            may be HELD or LOST; it has a depth unless it is LOST.

        Raises:
            InputError: a time that is not finite, a picture without pixels.
        """
        if min(picture_size_px) < 1:
            raise InputError(f"targets: a picture of {picture_size_px[0]} x {picture_size_px[1]} pixels has none")
        with self._lock:
            if self._frame is not None and time_s < self._frame.time_s:
                self._back_to(time_s)
            followed = self._aim.last.id if self._aim is not None and self._aim.region is None else 0
            self._tracker.choose(followed)
            objects = self._tracker.update(scene, time_s)
            self._frame = _Frame(readings, picture_size_px, limits_m, time_s, camera)
            self._past.add(time_s, readings.segments, objects)
            if self._early is not None and self._early[1] <= time_s:
                self._book.add(self._early[0], self._past.at(self._early[1]), _ids(objects), self._early[1])
                self._early = None
            found = self._book.targets(objects, readings, picture_size_px, time_s)
            self._targets = tuple(self._completed(target, self._frame) for target in found)
            return self._target_set(self._frame)

    def add_detections(self, detections: Sequence[Detection], time_s: float) -> None:
        """Take in what detectors found in the picture of a time, seconds; of a picture that is still to come, once it comes."""
        with self._lock:
            if self._frame is None or time_s > self._frame.time_s:
                self._early = (tuple(detections), time_s)
            elif time_s >= self._frame.time_s - self._options.detection_hold_s:
                self._book.add(detections, self._past.at(time_s), _ids(self._targets), time_s)

    def select(self, selection: Selection) -> SelectionOutcome:
        """Choose what is of interest. A wish that is refused changes nothing; nothing is raised."""
        with self._lock:
            try:
                return self._select(selection)
            except Refusal as refusal:
                return refusal.outcome

    # Wishes

    def _select(self, selection: Selection) -> SelectionOutcome:
        mode = checked_mode(selection.mode)
        if mode == SelectionMode.CLEAR:
            self._aim, self._automatic = None, False
            return SelectionOutcome(SelectionError.NONE, "nothing is selected")
        frame = self._frame
        if frame is None:
            raise Refusal(SelectionError.NO_PICTURE, "no picture has come yet")
        if mode == SelectionMode.AUTOMATIC:
            self._automatic = True  # from the present target on, if there is one
            if self._aim is not None and self._aim.region is not None:
                self._aim = None
            selected = self._target_set(frame).selected
            chosen = f"now it is {name(selected)}" if selected is not None else _NOTHING_FOUND
            return SelectionOutcome(SelectionError.NONE, f"the target is chosen automatically: {chosen}", selected)
        self._aim = self._aim_of(mode, selection, frame)
        self._automatic = False
        selected = self._target_set(frame).selected
        assert selected is not None
        state = in_words(selected, frame.time_s) or f"{name(selected)} is selected, at {selected.depth_m:.3g} m"
        return SelectionOutcome(SelectionError.NONE, state, selected)

    def _aim_of(self, mode: SelectionMode, selection: Selection, frame: _Frame) -> _Aim:
        if mode == SelectionMode.IDENTITY:
            return self._aim_at_identity(selection.id)
        if mode == SelectionMode.WHOLE_FRAME:
            return self._aim_at_region((0, 0, *frame.picture_size_px), TargetSource.WHOLE_FRAME, frame)
        if mode == SelectionMode.POINT:
            return self._aim_at_point(*checked_point(selection, frame.picture_size_px), selection.time_s, frame)
        box = checked_box(selection, frame.picture_size_px)
        best = max(self._with_depth(), key=lambda target: overlap(target.box_px, box), default=None)
        if best is not None and overlap(best.box_px, box) >= _SAME_BOX:
            return _Aim(best)
        return self._aim_at_region(box, TargetSource.BOX, frame)

    def _aim_at_identity(self, identity: int) -> _Aim:
        if self._aim is not None and self._aim.last.id == identity:  # seen, held or lost: it stays selected
            return self._aim
        target = next((target for target in self._targets if target.id == identity), None)
        if target is None:
            raise Refusal(SelectionError.UNKNOWN_ID, f"there is no target {identity} now")
        if not math.isfinite(target.depth_m):
            raise Refusal(SelectionError.NO_DEPTH, f"there is no depth reading on target {identity}")
        return _Aim(target)

    def _aim_at_point(self, x_px: float, y_px: float, time_s: float, frame: _Frame) -> _Aim:
        shown = self._past.at(time_s) or self._past.at(math.nan)
        identity = shown.object_at(x_px, y_px) if shown is not None else 0
        under = [target for target in self._with_depth() if holds(target.box_px, x_px, y_px)]
        # The object, or what a detector found where there is none.
        seen = next((target for target in self._with_depth() if target.id == identity), None)
        seen = seen or min((target for target in under if target.segment == 0), key=_area, default=None)
        if seen is not None:
            return _Aim(seen)
        try:
            box = Region.round_point(0, x_px, y_px, frame.picture_size_px).box_px
            return self._aim_at_region(box, TargetSource.POINT, frame)
        except Refusal:
            if not under:
                raise
            return _Aim(min(under, key=_area))  # a thing that gives no readings just there, as black paint does

    def _aim_at_region(self, box_px: BoxPx, source: TargetSource, frame: _Frame) -> _Aim:
        region = Region(0, box_px, source)
        target = region.look(frame.readings, frame.picture_size_px, frame.time_s)
        if not math.isfinite(target.depth_m):
            where = "in the picture" if source == TargetSource.WHOLE_FRAME else "there"
            raise Refusal(SelectionError.NO_DEPTH, f"there is no depth reading {where}")
        identity = self._tracker.new_id()
        return _Aim(self._completed(replace(target, id=identity), frame), replace(region, id=identity))

    def _with_depth(self) -> list[Target]:
        return [target for target in self._targets if math.isfinite(target.depth_m)]

    # Frames

    def _target_set(self, frame: _Frame) -> TargetSet:
        """The targets of the newest frame, and the one of interest among them; the aim moves on with it."""
        selected = self._aimed(frame)
        if self._automatic:
            current = selected if selected is not None and selected.state != TargetState.LOST else None
            chosen = self._choice.choose(current, self._targets, frame.picture_size_px, frame.time_s)
            if chosen is not None and chosen is not current:
                self._aim = _Aim(chosen)
                selected = chosen
        if selected is None:
            message = f"automatic: {_NOTHING_FOUND}" if self._automatic else ""
            return TargetSet(by_attention(self._targets, frame.picture_size_px), 0, message)
        selected = replace(selected, selected=True)
        others = (target for target in self._targets if target.id != selected.id)
        targets = by_attention((selected, *others), frame.picture_size_px)
        return TargetSet(targets, selected.id, in_words(selected, frame.time_s))

    def _aimed(self, frame: _Frame) -> Target | None:
        """The target of interest in the newest frame, seen or not; None: there is none."""
        aim = self._aim
        if aim is None:
            return None
        found: Target | None
        if aim.region is not None:
            found = self._completed(aim.region.look(frame.readings, frame.picture_size_px, frame.time_s), frame)
        else:
            present = {target.id: target for target in self._targets}
            found = present.get(aim.last.id) or present.get(self._book.successors.get(aim.last.id, 0))
        if found is None or not math.isfinite(found.depth_m):
            return _focused(unseen(aim.last, frame.time_s, self._options.hold_s), frame)
        self._aim = _Aim(found, aim.region)
        return found

    def _completed(self, target: Target, frame: _Frame) -> Target:
        """A target with what comes from the frame as a whole."""
        if target.source == TargetSource.OBJECT and target.area_share > self._options.large_share:
            target = replace(target, source=TargetSource.LARGE_OBJECT)
        if target.segment == 0 and frame.camera is not None:
            target = placed(target, frame.camera)
        return _focused(target, frame)

    def _back_to(self, time_s: float) -> None:
        """Time runs backwards: the target of interest counts as just seen, and what was found before as long ago."""
        self._book.clear()
        self._choice = AutomaticChoice(self._options.dwell_s)
        self._early = None
        if self._aim is not None:
            self._aim = _Aim(replace(self._aim.last, last_seen_s=time_s), self._aim.region)


def _focused(target: Target, frame: _Frame) -> Target:
    sharp = frame.limits_m[0] <= target.depth_m <= frame.limits_m[1]  # NaN is not
    return target if sharp == target.in_focus else replace(target, in_focus=sharp)


def _area(target: Target) -> int:
    return target.box_px[2] * target.box_px[3]


def _ids(targets: Sequence[Target]) -> frozenset[int]:
    return frozenset(target.id for target in targets)
