"""What becomes of the target of interest while it is not seen: held for a while, then lost, and said plainly either way."""

from __future__ import annotations

import math
from dataclasses import replace

from auxfocus_ros.distribution.targets.target import NAN3, Target, TargetSource, TargetState

_NAMES = {
    TargetSource.POINT: "point",
    TargetSource.BOX: "region",
    TargetSource.WHOLE_FRAME: "whole picture",
    TargetSource.FACE: "face",
    TargetSource.PERSON: "person",
}
_REGIONS = (TargetSource.POINT, TargetSource.BOX, TargetSource.WHOLE_FRAME)


def unseen(last: Target, time_s: float, hold_s: float) -> Target:
    """A target in a frame that does not show it.

    Args:
        last: as it was last seen, with a finite depth.
        time_s: of the frame, seconds. hold_s: for how long its depth is held after it was last seen.

    Returns:
        HELD with its last depth, or LOST with its depth and all that comes from it NaN. Never seen in this frame: `segment` 0,
        velocity NaN; `last_seen_s` stays.
    """
    gone = replace(last, segment=0, depth_velocity_m_per_s=math.nan)
    if time_s - last.last_seen_s <= hold_s:
        return replace(gone, state=TargetState.HELD)
    return replace(
        gone, state=TargetState.LOST, depth_m=math.nan, depth_near_m=math.nan, depth_far_m=math.nan, depth_sigma_m=math.nan,
        position_m=NAN3, low_m=NAN3, high_m=NAN3, point_count=0, in_focus=False,
    )  # fmt: skip


def name(target: Target) -> str:
    """What a target is called in a sentence: 'person 3', 'point 4'."""
    return f"{target.label or _NAMES.get(target.source, 'object')} {target.id}"


def in_words(target: Target, time_s: float) -> str:
    """The state of the target of interest for a person; empty while it is seen."""
    if target.state not in {TargetState.HELD, TargetState.LOST}:
        return ""
    gone_s = max(time_s - target.last_seen_s, 0.0)
    what = "has had no depth reading" if target.source in _REGIONS else "has not been seen"
    said = f"the target ({name(target)}) {what} for {gone_s:.1f} s"
    if target.state == TargetState.HELD:
        return f"{said}: its last depth of {target.depth_m:.3g} m is held"
    return f"{said}: it is lost, and its depth is unknown"
