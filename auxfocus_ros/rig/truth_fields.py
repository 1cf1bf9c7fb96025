"""A frame's truth as FocusTruth spells it: the one table that recordings and the node both fill their message from."""

from __future__ import annotations

import math

from auxfocus_ros.rig.message_fields import Fields, header_fields, roi_fields, time_fields, transform_fields, xyz_fields
from auxfocus_ros.rig.truth import FrameTruth, ThingTruth

STATE_TRACKED, STATE_LOST = 1, 3  # of FocusTarget
SOURCE_OBJECT = 4


def focus_truth_fields(truth: FrameTruth, stamp_ns: int, frame: str) -> Fields:
    """FocusTruth of one frame.

    Args:
        truth: of the frame.
        stamp_ns, frame: the picture's stamp and optical frame.

    Returns:
        Every field by name: numbers, texts, mappings for messages in it, a list of mappings for `things`.
    """
    return {
        "header": header_fields(stamp_ns, frame),
        "scene": truth.scene,
        "seed": int(truth.seed),
        "scene_time_s": float(truth.scene_time_s),
        "exposure_s": float(truth.exposure_s),
        "light_level": float(truth.light_level),
        "lens_position_steps": float(truth.lens_position_steps),
        "focus_distance_m": float(truth.focus_distance_m),
        "world_from_base": transform_fields(truth.world_from_base),
        "base_from_optical": transform_fields(truth.base_from_optical),
        "things": [true_thing_fields(thing, stamp_ns, frame) for thing in truth.things],
    }


def true_thing_fields(thing: ThingTruth, stamp_ns: int, frame: str) -> Fields:
    """TrueThing of one thing; arguments as above."""
    return {
        "target": _target_fields(thing, stamp_ns, frame),
        "name": thing.name,
        "moving": bool(thing.moving),
        "pixels": int(thing.pixels),
        "best_position_steps": float(thing.best_position_steps),
        "error_steps": float(thing.error_steps),
        "error_dpt": float(thing.error_dpt),
        "blur_radius_px": float(thing.blur_radius_px),
    }


def _target_fields(thing: ThingTruth, stamp_ns: int, frame: str) -> Fields:
    """FocusTarget: what is out of sight is 'lost' (its depth is NaN), yet its place is known, so it is not 'none'."""
    seen = thing.pixels > 0
    return {
        "header": header_fields(stamp_ns, frame),
        "id": int(thing.id),
        "label": thing.label,
        "state": STATE_TRACKED if seen else STATE_LOST,
        "source": SOURCE_OBJECT,
        "selected": False,
        "confidence": 1.0,
        "roi": roi_fields(thing.box_px),
        "position_m": xyz_fields(thing.position_m),
        "depth_m": float(thing.depth_m),
        "depth_sigma_m": 0.0 if seen else math.nan,
        "depth_near_m": float(thing.depth_near_m),
        "depth_far_m": float(thing.depth_far_m),
        "depth_velocity_m_per_s": float(thing.velocity_m_per_s[2]),
        "point_count": int(thing.pixels),
        "in_focus": bool(thing.in_focus),
        "last_seen": time_fields(stamp_ns if seen else 0),  # a single frame knows of no earlier one
    }
