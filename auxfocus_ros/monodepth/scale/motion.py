"""Scale from a motion of the camera whose length in metres is known, from joint states or odometry.

Either what the motion does to the picture is triangulated (`readings_from_motion`, the same fit as for measured points
follows), or the known translation is compared with one in the network's own unit (`scale_from_translation`). A camera that
only turns shows the same picture whatever the scale: a gimbal's rotation alone gives none, and this is said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.scale.estimate import ScaleEstimate, no_scale
from auxfocus_ros.monodepth.scale.options import ScaleOptions
from auxfocus_ros.monodepth.scale.points import scale_from_points
from auxfocus_ros.monodepth.scale.readings import Readings
from auxfocus_ros.optics.camera import CameraModel

MOST_PLACES = 4000
LEAST_PLACES = 20
LEAST_SHARE = 0.3  # of the places looked at that must be shifted enough: what moves by itself is a smaller share
OFF_LINE_SIGMAS = 4.0  # flow that leaves the epipolar line by more is of something that moves, or wrong
LARGEST_ANGLE_RAD = 0.5


def scale_from_motion(
    predicted: NDArray[Any],
    flow_px: NDArray[Any],
    keep: NDArray[np.bool_],
    camera: CameraModel,
    motion: NDArray[np.float64],
    *,
    options: ScaleOptions | None = None,
    translation_sigma_m: float = 0.0,
) -> ScaleEstimate:
    """The factor that brings the first picture's predicted depth to what the known motion makes of the optical flow.

    Args:
        predicted: (H, W) depth of the first picture, up to a factor.
        flow_px: (H, W, 2), from the first picture to the second. keep: (H, W), where it is sure, of what stands still.
        camera: intrinsics of both pictures, without distortion.
        motion: (4, 4), p2 = R p1 + t in metres. translation_sigma_m: error of t, one standard deviation.

    Raises:
        InputError: arrays that do not fit each other, a camera with distortion.
    """
    options = options or ScaleOptions()
    if problem := _stands(motion, translation_sigma_m, options):
        return no_scale(problem)
    if np.shape(predicted) != np.shape(flow_px)[:2]:
        raise InputError(f"predicted depth and flow must have one size, found {np.shape(predicted)} and {np.shape(flow_px)}")
    readings, parallax_px, looked_at = readings_from_motion(flow_px, keep, camera, motion, options)
    if len(readings) < max(LEAST_PLACES, LEAST_SHARE * looked_at):
        return no_scale(
            f"the known motion of {_length(motion):.3g} m shifts {len(readings)} of {looked_at} places by "
            f"{options.least_parallax_px:g} px or more: too small a translation for how far away things are"
        )
    x, y = (readings.u_px - camera.cx_px) / camera.fx_px, (readings.v_px - camera.cy_px) / camera.fy_px
    turned_px = options.rotation_sigma_rad * camera.fx_px * (1.0 + x**2 + y**2)  # what a wrong rotation shifts a place by
    turning = float(np.mean(turned_px / parallax_px))
    common = float(np.hypot(turning, translation_sigma_m / _length(motion)))
    return scale_from_points(predicted, readings, options, source="motion", common_sigma=common)


def readings_from_motion(
    flow_px: NDArray[Any],
    keep: NDArray[np.bool_],
    camera: CameraModel,
    motion: NDArray[np.float64],
    options: ScaleOptions | None = None,
) -> tuple[Readings, NDArray[np.float64], int]:
    """Depths at places of the first picture, in metres, from optical flow and a known motion; an even grid of at most some
    4000 places.

    With x1, x2 the rays of a point in both pictures, z2 x2 = z R x1 + t; eliminating z2 leaves two equations a z + b = 0 in z,
    of which the component along a is the depth, and the one across it says how far the flow leaves the epipolar line.

    Args, errors: as for `scale_from_motion`.

    Returns:
        The readings, (N,) how far in pixels the translation shifted each one, and of how many places looked at they are.
    """
    options = options or ScaleOptions()
    height, width = camera.height_px, camera.width_px
    if np.shape(flow_px) != (height, width, 2) or np.shape(keep) != (height, width):
        raise InputError(
            f"the camera has {width} x {height} px: wanted flow ({height}, {width}, 2) and a mask of its size, found "
            f"{np.shape(flow_px)} and {np.shape(keep)}"
        )
    if any(camera.distortion):
        raise InputError("depth from motion needs pictures without distortion: rectify them first")
    step = max(1, int(np.ceil(np.sqrt(height * width / MOST_PLACES))))
    v, u = (a.ravel() for a in np.mgrid[step // 2 : height : step, step // 2 : width : step])
    used = keep[v, u] & np.isfinite(flow_px[v, u]).all(axis=1)
    u, v = u[used], v[used]
    focal, centre = np.array([camera.fx_px, camera.fy_px]), np.array([camera.cx_px, camera.cy_px])
    place = np.stack([u, v], axis=1).astype(float)
    first, second = (place - centre) / focal, (place + flow_px[v, u] - centre) / focal
    turned = np.column_stack([first, np.ones(len(first))]) @ motion[:3, :3].T  # (N, 3) R x1
    t = motion[:3, 3]
    a_px = (second * turned[:, 2:] - turned[:, :2]) * focal  # (N, 2)
    b_px = (second * t[2] - t[:2]) * focal
    length = np.linalg.norm(a_px, axis=1)
    sigma_px = np.hypot(options.flow_sigma_px, options.rotation_sigma_rad * camera.fx_px)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = -(a_px * b_px).sum(axis=1) / length**2
        farther_m = depth_m * turned[:, 2] + t[2]  # z in the second camera
        parallax_px = length * depth_m / farther_m
        off_line_px = np.abs(a_px[:, 0] * b_px[:, 1] - a_px[:, 1] * b_px[:, 0]) / length / farther_m
        sigma_m = depth_m * sigma_px / parallax_px
        good = (depth_m > 0.0) & (farther_m > 0.0) & (parallax_px >= options.least_parallax_px)
        good &= off_line_px <= OFF_LINE_SIGMAS * sigma_px
    return Readings(u[good], v[good], depth_m[good], sigma_m[good]), parallax_px[good], len(u)


def scale_from_translation(
    relative: NDArray[np.float64],
    motion: NDArray[np.float64],
    options: ScaleOptions | None = None,
    *,
    translation_sigma_m: float = 0.0,
) -> ScaleEstimate:
    """The factor between a known translation and the same one in the unit of the network's depth.

    Args:
        relative: (4, 4), from a pose network that was trained together with the depth network.
        motion: (4, 4), the same motion with t in metres. translation_sigma_m: its error, one standard deviation.
    """
    options = options or ScaleOptions()
    if problem := _stands(motion, translation_sigma_m, options):
        return no_scale(problem)
    known, unit = motion[:3, 3], relative[:3, 3]
    length, unit_length = float(np.linalg.norm(known)), float(np.linalg.norm(unit))
    if not (np.isfinite(unit_length) and unit_length > 1e-9):
        return no_scale(f"the camera moved by {length:.3g} m, of which the pictures show nothing")
    angle = float(np.arccos(np.clip(known @ unit / (length * unit_length), -1.0, 1.0)))
    if angle > LARGEST_ANGLE_RAD:
        return no_scale(
            f"the known translation and that of the pictures point {np.degrees(angle):.0f} degrees apart, at most "
            f"{np.degrees(LARGEST_ANGLE_RAD):.0f} may be"
        )
    sigma = float(np.hypot(options.depth_error, translation_sigma_m / length))
    return ScaleEstimate(length / unit_length, sigma, "motion", 1)


def _length(motion: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(motion[:3, 3]))


def _stands(motion: NDArray[np.float64], translation_sigma_m: float, options: ScaleOptions) -> str:
    """Why a motion cannot give a scale: it has no translation, or none that stands out of its error; empty where it has."""
    length = _length(motion)
    if not np.isfinite(motion).all():
        return "the known motion is not finite"
    if length >= max(options.least_translation_m, 3.0 * translation_sigma_m):
        return ""
    turn = float(np.arccos(np.clip((np.trace(motion[:3, :3]) - 1.0) / 2.0, -1.0, 1.0)))
    what = "stood still" if turn < 1e-3 else f"only turned, by {np.degrees(turn):.1f} degrees"
    return f"the camera {what} ({1000 * length:.2g} mm of translation): that tells no scale"
