"""What the focus can be put on: an object with an identity, or a region that somebody chose. Fields as in FocusTarget.msg."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum

from auxfocus_ros.distribution.objects.scene_object import BoxPx

NAN3 = (math.nan, math.nan, math.nan)


class TargetState(IntEnum):
    """Whether a target is seen; the numbers are FocusTarget.msg's."""

    NONE = 0
    TRACKED = 1
    HELD = 2
    LOST = 3


class TargetSource(IntEnum):
    """Where a target comes from; the numbers are FocusTarget.msg's."""

    UNKNOWN = 0
    POINT = 1
    BOX = 2
    WHOLE_FRAME = 3
    OBJECT = 4
    FACE = 5
    PERSON = 6
    LARGE_OBJECT = 7
    DETECTOR = 8


@dataclass(frozen=True)
class Target:
    """One target in one frame.

    Attributes:
        id: the same from frame to frame, from 1.
        label: class or name; may be empty.
        state: TRACKED (seen in this frame), HELD (not seen; the last depth is held) or LOST (`depth_m` is NaN).
        source: where it comes from.
        selected: whether it is the target of interest.
        confidence: 0 to 1; NaN: its source gives none.
        box_px: left, top, width, height in the picture, pixels.
        depth_m, depth_near_m, depth_far_m, depth_sigma_m: metres; NaN: unknown. Never infinite for want of a reading.
        position_m, low_m, high_m: middle, and corners of the box round it, in the optical frame, metres; NaN: unknown.
        depth_velocity_m_per_s: positive: going away; NaN: unknown.
        point_count: depth readings that `depth_m` rests on.
        area_share: share of the picture that it covers.
        in_focus: `depth_m` lies within the depth of field.
        last_seen_s: time of the frame in which it was last seen, seconds.
        segment: its value in the frame's labels (see SegmentedScene); 0: no object in this frame.
    """

    id: int
    box_px: BoxPx
    state: TargetState = TargetState.TRACKED
    source: TargetSource = TargetSource.OBJECT
    label: str = ""
    selected: bool = False
    confidence: float = math.nan
    depth_m: float = math.nan
    depth_near_m: float = math.nan
    depth_far_m: float = math.nan
    depth_sigma_m: float = math.nan
    position_m: tuple[float, float, float] = NAN3
    low_m: tuple[float, float, float] = NAN3
    high_m: tuple[float, float, float] = NAN3
    depth_velocity_m_per_s: float = math.nan
    point_count: int = 0
    area_share: float = 0.0
    in_focus: bool = False
    last_seen_s: float = math.nan
    segment: int = 0

    def with_common_error(self, share: float) -> Target:
        """The same where its depth has one more error, in common with all others, such as that of their scale.

        Args:
            share: one standard deviation of it, as a share of the depth, 0 or more.
        """
        return replace(self, depth_sigma_m=math.hypot(self.depth_sigma_m, share * self.depth_m)) if share else self


@dataclass(frozen=True)
class TargetSet:
    """All targets of one picture.

    Attributes:
        targets: ordered by attention, the most important first.
        selected_id: of the target of interest; 0: none is selected.
        message: in plain words, when the selected target is held or lost; else empty.
    """

    targets: tuple[Target, ...] = ()
    selected_id: int = 0
    message: str = ""

    @property
    def selected(self) -> Target | None:
        """The target of interest."""
        return next((target for target in self.targets if target.selected), None)

    def with_common_error(self, share: float) -> TargetSet:
        """Each as `Target.with_common_error`."""
        return replace(self, targets=tuple(target.with_common_error(share) for target in self.targets)) if share else self
