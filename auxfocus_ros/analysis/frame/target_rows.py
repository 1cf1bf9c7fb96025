"""Targets as a row has them: all of them, and the one of interest against where the lens stood."""

from __future__ import annotations

import math
from typing import Any

from auxfocus_ros.analysis.frame.focus_state import FocusState
from auxfocus_ros.analysis.frame.known import known
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.distribution.targets import Target, TargetSet, TargetState
from auxfocus_ros.optics import Lens


def target_of_interest(targets: TargetSet) -> Target | None:
    """The selected one, seen or held, else the most important one that is seen; None: there is none."""
    selected = targets.selected
    if selected is not None and selected.state != TargetState.LOST:
        return selected
    return next((target for target in targets.targets if target.state == TargetState.TRACKED), None)


def target_rows(targets: TargetSet, focus: FocusState) -> list[dict[str, Any]]:
    """Each target with the fields of `columns.TARGET_FIELDS`, the most important first."""
    return [
        {
            "id": target.id,
            "label": target.label,
            "source": target.source.name.lower(),
            "state": target.state.name.lower(),
            "selected": target.selected,
            **dict(zip(("left_px", "top_px", "width_px", "height_px"), map(int, target.box_px), strict=True)),
            "depth_m": known(target.depth_m),
            "depth_sigma_m": known(target.depth_sigma_m),
            "in_focus": _in_focus(target, focus),
        }
        for target in targets.targets
    ]


def target_columns(target: Target | None, focus: FocusState, lens: Lens | None) -> Row:
    """The columns of the target of interest.

    The position that would focus it is that of the lens file, also where it lies outside the lens's range. Without a lens, a
    depth or a position what follows from them is None.
    """
    if target is None:
        return {}
    best_steps = math.nan if lens is None else lens.position_for_distance(target.depth_m)
    return {
        "target_id": target.id,
        "target_depth_m": known(target.depth_m),
        "target_in_focus": _in_focus(target, focus),
        "target_best_steps": known(best_steps),
        "target_off_steps": known(focus.position_steps - best_steps),
    }


def _in_focus(target: Target, focus: FocusState) -> bool | None:
    return None if math.isnan(target.depth_m) or focus.reading.state == "unknown" else bool(target.in_focus)
