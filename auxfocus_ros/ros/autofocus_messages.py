"""Autofocus in messages: a goal and what is wrong with it, what a run does into an AutofocusStatus, how it ended into a result.

Focusing is the business of another room, which this one does not import: it says by `Protocol` what it reads of a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from std_msgs.msg import Header

from auxfocus_interfaces.action import Autofocus
from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget, FocusTargetArray

_GOAL = Autofocus.Goal
MODES: dict[int, Literal["once", "continuous"]] = {_GOAL.MODE_ONCE: "once", _GOAL.MODE_CONTINUOUS: "continuous"}
REGIONS: dict[int, Literal["whole_frame", "point", "box", "target"]] = {
    _GOAL.REGION_WHOLE_FRAME: "whole_frame",
    _GOAL.REGION_POINT: "point",
    _GOAL.REGION_BOX: "box",
    _GOAL.REGION_TARGET: "target",
}
USES: dict[int, Literal["both", "depth", "picture"]] = {
    _GOAL.USE_BOTH: "both",
    _GOAL.USE_DEPTH: "depth",
    _GOAL.USE_PICTURE: "picture",
}
MOST = 1_000_000
"""Limits above this are none."""


class Known(Protocol):
    """What is read of what is known after a frame; see AutofocusStatus.msg for the meaning and the units."""

    @property
    def best_position_steps(self) -> float: ...  # noqa: D102
    @property
    def best_sigma_steps(self) -> float: ...  # noqa: D102
    @property
    def probability_in_focus(self) -> float: ...  # noqa: D102
    @property
    def blur_radius_px(self) -> float: ...  # noqa: D102
    @property
    def blur_sigma_px(self) -> float: ...  # noqa: D102


class Report(Protocol):
    """What is read of a run's report."""

    @property
    def state(self) -> int: ...  # noqa: D102
    @property
    def reason(self) -> int: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def known(self) -> Known: ...  # noqa: D102
    @property
    def position_steps(self) -> float: ...  # noqa: D102
    @property
    def moves(self) -> int: ...  # noqa: D102
    @property
    def captures(self) -> int: ...  # noqa: D102
    @property
    def reversals(self) -> int: ...  # noqa: D102
    @property
    def running(self) -> bool: ...  # noqa: D102


class Journal(Protocol):
    """What is read of a run's journal."""

    @property
    def moves(self) -> int: ...  # noqa: D102
    @property
    def captures(self) -> int: ...  # noqa: D102
    @property
    def trace(self) -> Sequence[tuple[float, Known]]: ...  # noqa: D102


class Ending(Protocol):
    """What is read of how a run ended."""

    @property
    def reason(self) -> int: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def in_focus(self) -> bool: ...  # noqa: D102
    @property
    def position_steps(self) -> float: ...  # noqa: D102
    @property
    def sigma_steps(self) -> float: ...  # noqa: D102
    @property
    def probability(self) -> float: ...  # noqa: D102
    @property
    def duration_s(self) -> float: ...  # noqa: D102
    @property
    def journal(self) -> Journal: ...  # noqa: D102


@dataclass(frozen=True)
class FocusWish:
    """A goal of `autofocus/run` whose fields are right in themselves. Limits: 0: the node's default."""

    mode: Literal["once", "continuous"]
    region: Literal["whole_frame", "point", "box", "target"]
    point_px: tuple[float, float]
    box_px: tuple[int, int, int, int]
    target_id: int
    use: Literal["both", "depth", "picture"]
    method: str
    max_moves: int
    max_captures: int
    max_duration_s: float


def read_goal(goal: Any, methods: Iterable[str]) -> FocusWish | str:
    """The wish of a goal; or everything that is wrong with it, in one line. methods: the names that there are."""
    problems = []
    for field, value, known in (("mode", goal.mode, MODES), ("region", goal.region, REGIONS), ("use", goal.use, USES)):
        if value not in known:
            choices = ", ".join(f"{number} ({name})" for number, name in known.items())
            problems.append(f"{field} is {value}, it must be one of {choices}")
    names = list(methods)
    if goal.method and goal.method not in names:
        problems.append(f"there is no method '{_short(goal.method)}', there are {', '.join(names)}")
    point, roi = (goal.x_px, goal.y_px), goal.roi
    if goal.region == _GOAL.REGION_POINT and not all(math.isfinite(value) and value >= 0.0 for value in point):
        problems.append(f"the point ({point[0]:g}, {point[1]:g}) must be pixels of the picture, finite and at least 0")
    if goal.region == _GOAL.REGION_BOX and not (roi.width and roi.height):
        problems.append(f"roi is {roi.width} x {roi.height} px, it must have an area")
    if goal.region == _GOAL.REGION_WHOLE_FRAME and goal.use == _GOAL.USE_DEPTH:
        problems.append("the whole frame has no one depth: name a target, a point or a box on it, or use the picture")
    if not 0.0 <= goal.max_duration_s < math.inf:
        problems.append(f"max_duration_s is {goal.max_duration_s:g}, it must be finite and at least 0 (0: the node's default)")
    if problems:
        return "; ".join(problems)
    box = (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height))
    limits = min(int(goal.max_moves), MOST), min(int(goal.max_captures), MOST)
    return FocusWish(
        MODES[goal.mode], REGIONS[goal.region], (float(point[0]), float(point[1])), box, int(goal.target_id), USES[goal.use],
        goal.method, *limits, float(goal.max_duration_s),
    )  # fmt: skip


@dataclass(frozen=True)
class TargetRow:
    """One target of an array, for autofocus. depth_m, sigma_m: NaN: no depth that can be used."""

    id: int
    box_px: tuple[int, int, int, int]
    tracked: bool
    lost: bool
    depth_m: float
    sigma_m: float
    velocity_m_per_s: float


def read_target_rows(message: FocusTargetArray, sigma_share: float) -> list[TargetRow]:
    """The targets with an identity. sigma_share: the least error of a depth, as a share of it."""
    return [_row(target, sigma_share) for target in message.targets if target.id and target.state != FocusTarget.STATE_NONE]


def _row(target: FocusTarget, sigma_share: float) -> TargetRow:
    roi, depth_m, sigma_m = target.roi, float(target.depth_m), float(target.depth_sigma_m)
    least_m = sigma_share * depth_m
    sigma_m = max(sigma_m, least_m) if 0.0 < sigma_m < math.inf else least_m
    usable = target.state == FocusTarget.STATE_TRACKED and 0.0 < depth_m < math.inf and 0.0 < sigma_m < math.inf
    return TargetRow(
        int(target.id),
        (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)),
        target.state == FocusTarget.STATE_TRACKED,
        target.state == FocusTarget.STATE_LOST,
        depth_m if usable else math.nan,
        sigma_m if usable else math.nan,
        float(target.depth_velocity_m_per_s),
    )


def with_why_no_depth(message: str, reason: int, targets: FocusTargetArray | None) -> str:
    """What a run says, and where it says that it has no depth what the targets say of that."""
    said = targets.message if targets is not None and reason == AutofocusStatus.REASON_NO_DEPTH else ""
    return f"{message} ({said})" if said else message


def make_status(report: Report, *, mode: int, method: str, header: Header, target: FocusTarget | None) -> AutofocusStatus:
    """What a run is doing.

    Args:
        report: of the run; the last one of a run has the mode OFF.
        mode: Autofocus.Goal.MODE_*, which are AutofocusStatus.MODE_*.
        method: its name.
        header: of the picture judged last.
        target: what is focused; None: the whole frame or a fixed region.
    """
    known = report.known
    numbers = {
        "position_steps": report.position_steps,
        "best_position_steps": known.best_position_steps,
        "best_position_sigma_steps": known.best_sigma_steps,
        "blur_radius_px": known.blur_radius_px,
        "blur_radius_sigma_px": known.blur_sigma_px,
        "probability_in_focus": known.probability_in_focus,
    }
    return AutofocusStatus(
        header=header,
        mode=mode if report.running else AutofocusStatus.MODE_OFF,
        state=int(report.state),
        reason=int(report.reason),
        message=report.message,
        method=method,
        target=target if target is not None else FocusTarget(header=header),
        moves=report.moves,
        captures=report.captures,
        reversals=report.reversals,
        **{name: float(value) for name, value in numbers.items()},
    )


def make_result(ending: Ending, focus_distance_m: float) -> Autofocus.Result:
    """How a run ended. focus_distance_m: of the lens where it was left; NaN: beyond infinity, or unknown."""
    journal = ending.journal
    numbers = {
        "position_steps": ending.position_steps,
        "focus_distance_m": focus_distance_m,
        "position_sigma_steps": ending.sigma_steps,
        "probability_in_focus": ending.probability,
        "duration_s": ending.duration_s,
    }
    return Autofocus.Result(
        reason=int(ending.reason),
        message=ending.message,
        in_focus=bool(ending.in_focus),
        moves=journal.moves,
        captures=journal.captures,
        trace_position_steps=[float(position) for position, _ in journal.trace],
        trace_blur_radius_px=[float(known.blur_radius_px) for _, known in journal.trace],
        **{name: float(value) for name, value in numbers.items()},
    )


def refuse(reason: int, message: str) -> Autofocus.Result:
    """The result of a goal that never began."""
    nan = math.nan
    return Autofocus.Result(
        reason=reason, message=message, position_steps=nan, focus_distance_m=nan, position_sigma_steps=nan,
        probability_in_focus=nan,
    )  # fmt: skip


def _short(text: str) -> str:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= 40 else printable[:37] + "..."
