"""Frames as a simulated rig gives them, made by hand: data for those who write frames and truth down, not a simulator."""

from __future__ import annotations

import math

import numpy as np

from auxfocus_ros.optics import CameraModel, Lens, RigidTransform, load_lens
from auxfocus_ros.rig.frame import Frame, JointReading, LensReading, RangeReading, structured_points
from auxfocus_ros.rig.truth import FrameTruth, ThingTruth
from auxfocus_ros.rig.urdf import load_urdf

WIDTH_PX, HEIGHT_PX = 32, 24
START_NS = 1_000_000_000
STEP_NS = 50_000_000
EXPOSURE_S = 0.004
LENS = load_lens("bench_25mm")
ROBOT = load_urdf("pan_tilt_gimbal")
PAN_RAD_PER_S, TILT_RAD = 2.0, 0.25
POSITION_STEPS = 1300.0
OUT_OF_SIGHT = ThingTruth(
    3, "parked_van", "car", False, 0, (0, 0, 0, 0), np.array([0.5, 0.25, -8.0]), np.zeros(3), math.nan, math.nan, math.nan,
    math.nan, math.nan, math.nan, math.nan, False,
)  # fmt: skip


def walker(position_steps: float, lens: Lens = LENS) -> ThingTruth:
    """Somebody at 4 m who goes away at 1.5 m/s."""
    best, focus_m = float(lens.position_for_distance(4.0)), float(lens.focus_distance_m(position_steps))
    return ThingTruth(
        1, "walker", "person", True, 30, (10, 4, 5, 6), np.array([-0.125, 0.0625, 4.25]), np.array([0.25, 0.0, 1.5]),
        4.0, 3.75, 4.5, best, best - position_steps, 0.25 - 1.0 / focus_m, float(lens.defocus_px(position_steps, 4.0)), True,
    )  # fmt: skip


def pan_at(stamp_ns: int) -> float:
    """The gimbal turns steadily from straight ahead."""
    return PAN_RAD_PER_S * (stamp_ns - START_NS) * 1e-9


def simulated_frame(
    index: int, *, mount: str = "fixed", position_steps: float = POSITION_STEPS, truth: bool = True, depth: bool = False
) -> Frame:
    """Frame `index` of a pan: 20 a second, joint readings at 100 Hz, the cloud (or depth image) in mid-exposure."""
    rng = np.random.default_rng(index)
    stamp_ns = START_NS + index * STEP_NS
    joints = tuple(
        JointReading(at_ns, ("pan_joint", "tilt_joint"), (pan_at(at_ns), TILT_RAD), (PAN_RAD_PER_S, 0.0))
        for at_ns in range(stamp_ns - STEP_NS + STEP_NS // 5, stamp_ns + 1, STEP_NS // 5)
    )
    positions = {"pan_joint": pan_at(stamp_ns), "tilt_joint": TILT_RAD}
    near_m, far_m = LENS.depth_of_field_m(position_steps)
    focus_m = float(LENS.focus_distance_m(position_steps))
    depth_m = np.full((HEIGHT_PX, WIDTH_PX), np.inf, np.float32)
    depth_m[4:10, 10:15] = 4.0
    labels = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint16)
    labels[4:10, 10:15] = 1
    known = FrameTruth(
        "by_hand", 7, index * STEP_NS * 1e-9 + 0.5 * EXPOSURE_S, EXPOSURE_S, 0.5, position_steps, focus_m,
        RigidTransform.from_quaternion(0.0, 0.0, 0.6, 0.8, [1.0, 2.0, 1.5]),
        ROBOT.transform("base_link", "camera_optical_frame", positions), labels, depth_m,
        np.asarray(LENS.defocus_px(position_steps, depth_m), np.float32), (walker(position_steps), OUT_OF_SIGHT),
        None if depth else np.arange(50, dtype=np.uint16) % 2,
    )  # fmt: skip
    points_frame = {"fixed": "lidar_base_link", "gimbal": "lidar_gimbal_link"}[mount]
    scan = structured_points(
        rng.uniform(1.0, 9.0, (50, 3)).astype(np.float32), intensity=rng.uniform(0, 1, 50).astype(np.float32)
    )
    focal_px = 40.0 + 0.001 * position_steps  # the picture breathes
    return Frame(
        stamp_ns=stamp_ns,
        picture=rng.integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), np.uint8),
        camera=CameraModel(WIDTH_PX, HEIGHT_PX, focal_px, focal_px, 15.5, 11.5),
        points=None if depth else scan,
        depth_m=rng.uniform(1.0, 9.0, (HEIGHT_PX, WIDTH_PX)).astype(np.float32) if depth else None,
        optical_from_points=ROBOT.transform("camera_optical_frame", points_frame, positions),
        points_frame="" if depth else points_frame,
        points_offset_s=0.5 * EXPOSURE_S,
        lens=LensReading(stamp_ns, position_steps, False, focus_m, float(near_m), float(far_m)),
        joints=joints if index else joints[-1:],
        range=RangeReading(stamp_ns + 2_000_000, 3.5 if index else math.inf, "rangefinder_link", 0.2, 50.0, 0.0625),
        truth=known if truth else None,
    )
