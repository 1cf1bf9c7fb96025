"""The columns of `frames.parquet`: name, type, unit and meaning, declared once for the writer, the reader and the docs.

Distances are +inf at infinity and null where they are not known. Positions are the lens's, in motor steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auxfocus_ros.autofocus.methods import METHODS
from auxfocus_ros.autofocus.sharpness import MEASURES

Kind = Literal["int64", "int32", "float64", "bool", "string", "counts", "targets"]
"""counts: a list of uint32; targets: a list of structs of TARGET_FIELDS."""


@dataclass(frozen=True)
class Column:
    """One column. unit: '' where it has none."""

    name: str
    kind: Kind
    unit: str
    text: str


DEPTH_BINS, NEAREST_BIN_M, FARTHEST_BIN_M = 64, 0.1, 200.0
"""Of `depth_counts`: even in the logarithm of depth; what is nearer or farther counts in the first or last."""

TARGET_FIELDS = (
    Column("id", "int64", "", "the same from frame to frame, also from part to part"),
    Column("label", "string", "", "class or name, may be empty"),
    Column("source", "string", "", "where it comes from: object, large_object, face, person, detector, point, box, whole_frame"),
    Column("state", "string", "", "tracked: seen in this frame; held: not seen for at most hold_s; lost: for longer"),
    Column("selected", "bool", "", "the target of interest"),
    Column("left_px", "int32", "px", "left edge of its box in the picture"),
    Column("top_px", "int32", "px", "of the box"),
    Column("width_px", "int32", "px", "of the box"),
    Column("height_px", "int32", "px", "of the box"),
    Column("depth_m", "float64", "m", "its depth; of one that is held the last that was seen"),
    Column("depth_sigma_m", "float64", "m", "one standard deviation of it"),
    Column("in_focus", "bool", "", "its depth lies within the depth of field; null: one of the two is not known"),
)

FRAME_COLUMNS = (
    Column("frame", "int64", "", "number in the recording, from 0"),
    Column("stamp_ns", "int64", "ns", "start of exposure by the sensor's clock"),
    Column("time_s", "float64", "s", "since the recording's first picture, by stamps"),
    Column("picture_width_px", "int32", "px", "of the picture as it was recorded"),
    Column("picture_height_px", "int32", "px", "of the picture as it was recorded"),
    Column("range_offset_s", "float64", "s", "stamp of the cloud or depth image less the picture's; null: there is none"),
    # depth
    Column("readings", "int64", "", "depth readings that the picture shows; 0: no depth"),
    Column("depth_p05_m", "float64", "m", "a twentieth of the readings is nearer"),
    Column("depth_p25_m", "float64", "m", "a quarter is"),
    Column("depth_median_m", "float64", "m", "a half is"),
    Column("depth_p75_m", "float64", "m", "three quarters are"),
    Column("depth_p95_m", "float64", "m", "nineteen twentieths are"),
    Column("depth_counts", "counts", "", f"readings in {DEPTH_BINS} bins from {NEAREST_BIN_M} m to {FARTHEST_BIN_M:g} m, log"),
    Column("in_depth_of_field", "float64", "", "share of the readings within the depth of field"),
    # focus
    Column("lens_position_steps", "float64", "steps", "where the lens stood; null: not known"),
    Column("lens_moving", "bool", "", "whether it moved, as the lens state says it"),
    Column("lens_age_s", "float64", "s", "picture's stamp less the lens state's; one more than 2 s off is not used"),
    Column("focus_state", "string", "", "unknown, finite, infinity or beyond_infinity"),
    Column("focus_distance_m", "float64", "m", "what is focused at; null also beyond infinity"),
    Column("near_limit_m", "float64", "m", "where the depth of field begins"),
    Column("far_limit_m", "float64", "m", "where the depth of field ends"),
    Column("depth_of_focus_steps", "float64", "steps", "whole width of the depth of focus: of a thing that is focused now"),
    # targets
    Column("targets", "targets", "", "all that were seen, held or lost, the most important first"),
    Column("target_id", "int64", "", "of the target of interest, else of the most important one that is seen; null: none"),
    Column("target_depth_m", "float64", "m", "its depth"),
    Column("target_in_focus", "bool", "", "its depth lies within the depth of field"),
    Column("target_best_steps", "float64", "steps", "position that would focus it, by its depth; may be out of range"),
    Column("target_off_steps", "float64", "steps", "the lens's position less that"),
    # the region that is looked at
    Column("region_left_px", "int32", "px", "of the region that is looked at: the target's, else the middle of the picture"),
    Column("region_top_px", "int32", "px", "of that region"),
    Column("region_width_px", "int32", "px", "of that region"),
    Column("region_height_px", "int32", "px", "of that region"),
    *(
        Column(f"sharpness_{name}", "float64", "", f"of the region, by {name.replace('_', ' ')}; greater is sharper")
        for name in MEASURES
    ),
    # what autofocus says
    Column("blur_radius_px", "float64", "px", "of the region's blur disk, by the step estimator; null: too dark, white or plain"),
    Column("blur_sigma_px", "float64", "px", "one standard deviation of that"),
    Column(
        "deviation_steps",
        "float64",
        "steps",
        "lens position less the best one by that blur; on the depth's side of the two, where the depth is known; "
        "else on the possible or nearer one, and the sign says nothing",
    ),
    Column(
        "deviation_m",
        "float64",
        "m",
        "the same as focus distances: where the lens focuses less where it should; above 0: behind the thing",
    ),
    *(
        Column(f"next_{name}_steps", "float64", "steps", f"where {name} would go, begun on this frame, or leave the lens")
        for name in METHODS
    ),
    *(
        Column(
            f"says_{name}",
            "string",
            "",
            f"why: {name} looks (wants a frame from there), or ends there in_focus, unsure or for a reason; null: not asked",
        )
        for name in METHODS
    ),
)
"""Every frame is a row; what could not be known is null, and `summary.json` says why."""

NAMES = tuple(column.name for column in FRAME_COLUMNS)
