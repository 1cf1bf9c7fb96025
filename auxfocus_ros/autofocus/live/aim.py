"""Where in the picture a run looks, and how deep that is.

The part that is judged is never larger than a square of `region_px`, nor than a third of the picture's shorter edge: a larger one
takes longer and holds several depths.

- A point: a square about it, cut at the picture's edges.
- A box: all of it, or where it is larger than the square, its most textured square.
- The whole frame: its most textured square, with those in the middle preferred. Chosen in a run's first frame and kept.
- A target: the middle of its box in each frame, TARGET_SHARE of each side: at its edges a box shows what is behind. Where a
  target is kept, so is the size of the first frame's part: methods compare frames.

Texture is measured on a picture made eight times smaller, where even a blurred picture has its share.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from auxfocus_ros.autofocus.live.events import BoxPx, SeenTarget, Targets
from auxfocus_ros.autofocus.terms import DepthReading, Reason, Use
from auxfocus_ros.errors import InputError

REGION_PX = 512
"""Edge of the largest part that is judged, in any picture."""
LEAST_PX = 64
"""What is smaller in a picture is judged with what is round it."""
LEAST_INSIDE_PX = 8
"""A box of which less than this lies in the picture is outside."""
TARGET_SHARE = 0.7
LARGEST_SHARE = 1.0 / 3.0
COARSE = 8
EDGE_WEIGHT = 0.6
"""Of a square in the corner of a whole frame, against one in the middle."""
KEPT_TARGETS = 64


class AimError(InputError):
    """What was aimed at cannot be judged. reason: the run's."""

    def __init__(self, reason: Reason, message: str) -> None:
        """`message`: one line."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Aim:
    """What somebody wants in focus. box_px, point_px, target_id mean something for their kind alone; target_id 0: of interest."""

    kind: Literal["whole_frame", "point", "box", "target"] = "whole_frame"
    point_px: tuple[float, float] = (math.nan, math.nan)
    box_px: BoxPx = (0, 0, 0, 0)
    target_id: int = 0


@dataclass(frozen=True)
class Sighted:
    """Where to look in one frame. target_box_px: of a target, None: the aim is no target."""

    target_box_px: BoxPx | None = None
    depth: DepthReading | None = None
    depth_velocity_m_per_s: float = math.nan


class Aimer:
    """Keeps the aim over a run. `hear`, `at` and the rest belong to one thread, `cut` to the one that works on pictures."""

    def __init__(
        self,
        aim: Aim,
        use: Use,
        now_s: float,
        *,
        region_px: int = REGION_PX,
        least_px: int = LEAST_PX,
        target_s: float = 1.5,
        first_s: float = 5.0,
        depth_s: float = 0.5,
        keep_target: bool = True,
    ) -> None:
        """Begin.

        Args:
            aim: where to look.
            use: depth is looked up unless it is 'picture'.
            now_s: the steady clock.
            region_px: edge of the largest part that is judged.
            least_px: what is smaller is judged with what is round it.
            target_s: a target that has not been seen for so long is lost.
            first_s: the same where it has not been seen at all: who finds targets may have to begin for us.
            depth_s: a depth may be so much older than the picture.
            keep_target: the target of interest of the beginning is kept; False: whatever is of interest at the time.
        """
        self.aim, self.use = aim, use
        self._region_px, self._least_px, self._target_s, self._depth_s = region_px, least_px, target_s, depth_s
        self._keep = keep_target
        self._identity = aim.target_id
        self._heard: deque[Targets] = deque(maxlen=KEPT_TARGETS)
        self._tracked_s = now_s + max(first_s - target_s, 0.0)
        self._box: BoxPx | None = None
        self._size: tuple[int, int] | None = None

    @property
    def wants_targets(self) -> bool:
        """Whether it needs to hear targets at all."""
        return self.aim.kind == "target" or (self.use != "picture" and self.aim.kind != "whole_frame")

    @property
    def wants_pictures(self) -> bool:
        """Whether nothing can be done without a picture."""
        return self.use != "depth" or self.aim.kind != "target"

    @property
    def target_id(self) -> int:
        """The target in use, or of interest where no target is meant; 0: none is known yet."""
        return self._identity or (self._heard[-1].selected_id if self._heard else 0)

    @property
    def depth(self) -> DepthReading | None:
        """The newest depth that is known."""
        return self.at(self._heard[-1].stamp_ns).depth if self._heard else None

    def hear(self, targets: Targets, now_s: float) -> None:
        """The targets of a frame have come."""
        if self._heard and targets.stamp_ns < self._heard[-1].stamp_ns:
            self._heard.clear()  # the clock has jumped
        self._heard.append(targets)
        seen = self._of(targets)
        if seen is not None and seen.tracked:
            self._tracked_s = now_s
            if self._keep and not self._identity:
                self._identity = targets.selected_id

    def tracked(self) -> bool:
        """Whether what is aimed at was seen in the newest frame of targets; a region always is."""
        if self.aim.kind != "target":
            return True
        seen = self._of(self._heard[-1]) if self._heard else None
        return seen is not None and seen.tracked

    def lost(self, now_s: float) -> str:
        """Why the target is lost, in words; empty: it is not."""
        if self.aim.kind != "target":
            return ""
        seen = self._of(self._heard[-1]) if self._heard else None
        given_up = seen is not None and seen.lost
        if not given_up and now_s - self._tracked_s < self._target_s:
            return ""
        if not self._heard:
            return "no targets come on aux_focus/targets: is aux_focus running and switched on?"
        newest = self._heard[-1]
        if not (self._identity or newest.selected_id):
            return "there is no target of interest: select one, or name a target, a point or a box"
        identity = self._identity or newest.selected_id
        if seen is not None:
            return f"target {identity} is lost"
        there = ", ".join(str(number) for number in sorted(newest.by_id)) or "none"
        return f"there is no target {identity} any more; there are: {there}"

    def at(self, stamp_ns: int) -> Sighted:
        """Where to look in the frame of this stamp, and how deep that is by the newest targets at or before it.

        Raises:
            AimError: a target that was not seen there.
        """
        targets = next((t for t in reversed(self._heard) if t.stamp_ns <= stamp_ns), None)
        fresh = targets is not None and stamp_ns - targets.stamp_ns <= self._depth_s * 1e9
        seen = self._of(targets) if targets is not None and fresh else None
        if self.aim.kind == "target":
            if seen is None or not seen.tracked:
                raise AimError(Reason.TARGET_LOST, "the target was not seen in this frame")
            return Sighted(seen.box_px, *self._depth_of(seen))
        if seen is None or not self._holds_aim(seen.box_px):
            return Sighted()
        return Sighted(None, *self._depth_of(seen))

    def cut(self, picture: np.ndarray, target_box_px: BoxPx | None) -> np.ndarray:
        """The part to be judged, a copy.

        Args:
            picture: (H, W) or (H, W, 3) uint8.
            target_box_px: as `at` gave it.

        Raises:
            AimError: it does not lie in the picture.
        """
        height, width = picture.shape[:2]
        edge = largest_edge_px(width, height, self._region_px, self._least_px)
        if target_box_px is not None:
            box = target_part(target_box_px, edge, width, height)
            if self._keep:
                box, self._size = _resized(box, self._size or box[2:]), self._size or box[2:]
        else:
            if self._box is None or not _inside(self._box, width, height):
                self._box = self._choose(picture, edge)
            box = self._box
        left, top, wide, high = grown_inside(box, self._least_px, width, height)
        return picture[top : top + high, left : left + wide].copy()

    def check(self, size_px: tuple[int, int]) -> None:
        """Raise AimError where a point or a box does not lie in pictures of this (width, height)."""
        width, height = size_px
        size = f"the picture of {width} x {height} px"
        if self.aim.kind == "point":
            x, y = self.aim.point_px
            if not (0.0 <= x <= width - 1 and 0.0 <= y <= height - 1):
                raise AimError(Reason.INVALID_GOAL, f"the point ({x:g}, {y:g}) is outside {size}")
        elif self.aim.kind == "box":
            left, top, wide, high = self.aim.box_px
            if min(wide, width - left) < LEAST_INSIDE_PX or min(high, height - top) < LEAST_INSIDE_PX:
                raise AimError(
                    Reason.INVALID_GOAL,
                    f"the box of {wide} x {high} px at ({left}, {top}) has less than {LEAST_INSIDE_PX} px each way inside {size}",
                )

    def _choose(self, picture: np.ndarray, edge: int) -> BoxPx:
        height, width = picture.shape[:2]
        self.check((width, height))
        if self.aim.kind == "point":
            return _about(*self.aim.point_px, edge, (width, height))
        if self.aim.kind == "box":
            left, top, wide, high = self.aim.box_px
            within = (left, top, min(wide, width - left), min(high, height - top))
            if within[2] <= edge and within[3] <= edge:
                return within
            return most_textured(picture, within, edge, edge_weight=1.0)
        return most_textured(picture, (0, 0, width, height), edge, edge_weight=EDGE_WEIGHT)

    def _of(self, targets: Targets) -> SeenTarget | None:
        identity = self._identity if self.aim.kind == "target" and self._identity else targets.selected_id
        return targets.by_id.get(identity) if identity else None

    def _depth_of(self, seen: SeenTarget) -> tuple[DepthReading | None, float]:
        if self.use == "picture":
            return None, math.nan
        return seen.depth, seen.depth_velocity_m_per_s

    def _holds_aim(self, box: BoxPx) -> bool:
        """Whether the target of interest is what a point or a box means."""
        left, top, wide, high = self.aim.box_px
        if self.aim.kind == "whole_frame":
            return False
        x, y = self.aim.point_px if self.aim.kind == "point" else (left + wide / 2, top + high / 2)
        return box[0] <= x < box[0] + box[2] and box[1] <= y < box[1] + box[3]


def most_textured(picture: np.ndarray, within: BoxPx, edge: int, *, edge_weight: float) -> BoxPx:
    """The square of an edge with the strongest coarse gradients inside a box, on a grid of half an edge.

    `edge_weight`: how much those at the box's rim count against those in its middle, 0 to 1.
    """
    left, top, wide, high = within
    part = picture[top : top + high, left : left + wide]
    grey = part if part.ndim == 2 else cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (max(wide // COARSE, 2), max(high // COARSE, 2)), interpolation=cv2.INTER_AREA).astype(np.float32)
    strength = np.abs(np.diff(small, axis=0))[:, :-1] + np.abs(np.diff(small, axis=1))[:-1]
    sums = cv2.integral(strength)
    tall, broad = strength.shape
    best, best_score = (left, top, min(edge, wide), min(edge, high)), -1.0
    for y in _starts(high, edge):
        for x in _starts(wide, edge):
            x0, x1 = (round(v / wide * broad) for v in (x, min(x + edge, wide)))
            y0, y1 = (round(v / high * tall) for v in (y, min(y + edge, high)))
            away = max(abs(x + min(edge, wide) / 2 - wide / 2) / wide, abs(y + min(edge, high) / 2 - high / 2) / high)
            weight = 1.0 - 2.0 * (1.0 - edge_weight) * away
            score = weight * float(sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0])
            if score > best_score:
                best, best_score = (left + x, top + y, min(edge, wide), min(edge, high)), score
    return best


def _starts(length: int, edge: int) -> list[int]:
    if length <= edge:
        return [0]
    count = max(math.ceil((length - edge) / (edge / 2)), 1)
    return [round(i * (length - edge) / count) for i in range(count + 1)]


def largest_edge_px(width: int, height: int, region_px: int = REGION_PX, least_px: int = LEAST_PX) -> int:
    """Edge of the largest part of a picture that is judged, pixels."""
    return max(min(region_px, int(LARGEST_SHARE * min(height, width))), least_px)


def target_part(box: BoxPx, edge: int, width: int, height: int) -> BoxPx:
    """The middle of a target's box, `edge` each way at most. Raises AimError where the target has left the picture."""
    left, top, wide, high = box
    right, bottom = min(left + wide, width), min(top + high, height)
    left, top = max(left, 0), max(top, 0)
    wide, high = right - left, bottom - top
    if wide < LEAST_INSIDE_PX or high < LEAST_INSIDE_PX:
        raise AimError(Reason.TARGET_LOST, f"the target has left the picture of {width} x {height} px")
    inner_wide, inner_high = min(edge, round(TARGET_SHARE * wide)), min(edge, round(TARGET_SHARE * high))
    return left + (wide - inner_wide) // 2, top + (high - inner_high) // 2, inner_wide, inner_high


def _resized(box: BoxPx, size: tuple[int, int]) -> BoxPx:
    """Of another size about the same middle; it may leave the picture."""
    left, top, wide, high = box
    return left + (wide - size[0]) // 2, top + (high - size[1]) // 2, size[0], size[1]


def _about(x: float, y: float, edge: int, picture: tuple[int, int]) -> BoxPx:
    """A square about a point, cut at the picture's edges."""
    left, top = max(round(x - edge / 2), 0), max(round(y - edge / 2), 0)
    right, bottom = min(round(x + edge / 2), picture[0]), min(round(y + edge / 2), picture[1])
    return left, top, right - left, bottom - top


def grown_inside(box: BoxPx, least_px: int, width: int, height: int) -> BoxPx:
    """At least `least_px` each way where the picture has that, pushed inside."""
    left, top, wide, high = box
    new_wide, new_high = min(max(wide, least_px), width), min(max(high, least_px), height)
    left = min(max(left - (new_wide - wide) // 2, 0), width - new_wide)
    top = min(max(top - (new_high - high) // 2, 0), height - new_high)
    return left, top, new_wide, new_high


def _inside(box: BoxPx, width: int, height: int) -> bool:
    return box[0] + box[2] <= width and box[1] + box[3] <= height
