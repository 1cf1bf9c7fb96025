"""What `auxfocus distribution` says of an auxiliary focus image: as JSON, and as a short table for a person."""

from __future__ import annotations

import math
from typing import Any

from auxfocus_ros.json_values import json_value
from auxfocus_ros.optics import Lens
from auxfocus_ros.view import Analysis, MarkerGeometry, distance_text
from auxfocus_ros.view.target_colours import target_letter


def describe(result: Analysis, geometry: MarkerGeometry, lens: Lens, position_steps: float) -> dict[str, Any]:
    """Everything that was worked out, in plain values that JSON can hold: infinity and what does not exist are null.

    Args:
        result: of the pipeline.
        geometry: where everything was drawn.
        lens: whose focus was drawn.
        position_steps: of its motor; NaN where the motor does not reach the distance.
    """
    distribution, focus, split = result.distribution, result.focus, result.split
    axis, across, vertical = distribution.axis, distribution.across, geometry.direction.vertical
    on_axis = math.isfinite(geometry.focus_px)
    return json_value({
        "lens": lens.name,
        "lens_position_steps": position_steps,
        "focus_state": focus.state,
        "focus_distance_m": focus.focus_distance_m,
        "near_limit_m": focus.near_limit_m,
        "far_limit_m": focus.far_limit_m,
        "far_limit_is_infinite": focus.far_limit_m == math.inf,
        "focus_row_px": geometry.focus_px if vertical else None,
        "focus_column_px": None if vertical else geometry.focus_px,
        "focus_bin": min(int(axis.position_of(focus.focus_distance_m) * axis.bins), axis.bins - 1) if on_axis else None,
        "scale": axis.scale,
        "bins": axis.bins,
        "bin_edges_m": axis.edges_m(),
        "across_unit": across.unit,
        "across_angle_rad": across.angle_rad,
        "columns": across.columns,
        "across_edges": across.edges(),
        "points_inside": split.inside,
        "points_outside": split.nearer + split.farther,
        "points_nearer": split.nearer,
        "points_farther": split.farther,
        "points_on_axis": distribution.within,
        "points_nearer_than_axis": distribution.nearer,
        "points_farther_than_axis": distribution.farther,
        "points_total": distribution.total,
        "objects": [_target(target) for target in result.targets.targets],
        "selected_id": result.targets.selected_id,
        "message": result.targets.message,
        "image_size_px": [geometry.image_width_px, geometry.image_height_px],
        "depth_grows": geometry.direction.name.lower(),
        "picture_rectangle_px": list(geometry.picture),
        "plot_rectangle_px": list(geometry.plot),
    })  # fmt: skip


def _target(target: Any) -> dict[str, Any]:
    return {
        "id": target.id,
        "label": target.label,
        "letter": target_letter(target.id),
        "source": target.source.name.lower(),
        "state": target.state.name.lower(),
        "selected": target.selected,
        "in_focus": target.in_focus,
        "box_px": list(target.box_px),
        "depth_m": target.depth_m,
        "depth_sigma_m": target.depth_sigma_m,
        "spread_m": [target.depth_near_m, target.depth_far_m],
        "position_m": list(target.position_m),
        "points": target.point_count,
        "area_share": target.area_share,
        "confidence": target.confidence,
    }


def show(result: Analysis, said: dict[str, Any]) -> None:
    """A short table on standard output."""
    from rich.console import Console
    from rich.table import Table

    focus, axis = result.focus, result.distribution.axis
    where = {"infinity": "infinity", "beyond_infinity": "beyond infinity", "unknown": "unknown"}
    table = Table(show_header=False)
    table.add_row("focus", where.get(focus.state) or distance_text(focus.focus_distance_m))
    if focus.has_depth_of_field:
        table.add_row("depth of field", f"{distance_text(focus.near_limit_m)} to {distance_text(focus.far_limit_m)}")
    table.add_row(
        "points inside it", f"{said['points_inside']} ({said['points_nearer']} nearer, {said['points_farther']} farther)"
    )
    table.add_row(
        "depth axis", f"{axis.near_m:g} to {axis.far_m:g} m, {axis.scale}, {axis.bins} bins x {said['columns']} columns"
    )
    beyond = f"{said['points_nearer_than_axis']} nearer than the axis, {said['points_farther_than_axis']} farther"
    table.add_row("points counted", f"{said['points_on_axis']} ({beyond})")
    console = Console()
    console.print(table)
    if said["objects"]:
        objects = Table("", "object", "depth", "spread", "in focus", "points", title="objects")
        for target in result.targets.targets:
            objects.add_row(
                target_letter(target.id),
                (target.label or target.source.name.lower()) + (" (selected)" if target.selected else ""),
                "lost" if math.isnan(target.depth_m) else distance_text(target.depth_m),
                "" if math.isnan(target.depth_near_m) else f"{target.depth_near_m:.3g} to {target.depth_far_m:.3g} m",
                "yes" if target.in_focus else "no",
                str(target.point_count),
            )
        console.print(objects)
    # Not in the table, which would cut a long path.
    for line in (said["message"], said["output"], said["counts"]):
        if line:
            print(line)
