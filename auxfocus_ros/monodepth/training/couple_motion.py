"""What moved in the picture between two frames, and whether any of it tells depth.

The photometric error of a pair speaks of depth only through parallax: what a camera that stands still or only turns sees is
matched by any depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.gate import StaticAndDynamic
from auxfocus_ros.monodepth.geometry.flow import both_flows, sure_flow
from auxfocus_ros.optics.camera import CameraModel

SAME_SCENE = 0.15
"""Part of the pixels that must be found in the other frame and back again; after a cut it is mostly a few hundredths."""
ALIKE = 0.7
"""Correlation of what was found with what was looked for, in the middle of the textured ones; after a cut mostly below a half."""
WINDOW_PX, LEAST_CONTRAST = 9, 4.0
"""In which it is correlated; brightness levels, standard deviation, of what counts as textured."""
LEAST_STATIC = 0.05
LEAST_PARALLAX_PX = 0.3
"""How far the fifth of the static pixels with the most parallax must have moved beyond what a turning camera explains."""
TURNS = 3
"""Rounds in which the rotation is fitted again, with less weight on what it does not explain."""
MOST_POINTS = 5000
CUT = "a cut between the frames, or nothing that can be recognised in both"
NOT_STATIC = "too little of the picture is static"
STILL, TURNED = "the camera stands still", "pure rotation: the camera hardly does more than turn, which shows no depth"


@dataclass(frozen=True, eq=False)
class CoupleMotion:
    """Two pictures compared.

    flow_px: (H, W, 2) from the first to the second. counts: (H, W), static, and found again on the way back. problem: why the
    couple cannot be learned from, in words; empty: it can.
    """

    flow_px: NDArray[np.float32]
    counts: NDArray[np.bool_]
    problem: str


def couple_motion(first: StaticAndDynamic, second: StaticAndDynamic, camera: CameraModel) -> CoupleMotion:
    """The motion between two pictures of one size; camera: of both."""
    first_grey, second_grey = (
        np.asarray(cv2.cvtColor(np.ascontiguousarray(one.picture), cv2.COLOR_BGR2GRAY), np.uint8) for one in (first, second)
    )
    flow, back = both_flows(first_grey, second_grey)
    sure = sure_flow(flow, back)
    counts = np.asarray(sure & ~first.movable)
    if sure.mean() < SAME_SCENE or likeness(first_grey, second_grey, flow, sure) < ALIKE:
        return CoupleMotion(flow, counts, CUT)
    return CoupleMotion(flow, counts, _without_parallax(flow, counts, camera))


def likeness(
    first: NDArray[np.uint8], second: NDArray[np.uint8], flow_px: NDArray[np.float32], where: NDArray[np.bool_]
) -> float:
    """Median correlation, -1 to 1, of textured windows of a grey picture with what the flow finds in another; 0 if none is."""
    rows, columns = np.indices(first.shape, np.float32)
    found = cv2.remap(second, columns + flow_px[..., 0], rows + flow_px[..., 1], cv2.INTER_LINEAR)
    one, other = first.astype(np.float32), found.astype(np.float32)

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(plane, (WINDOW_PX, WINDOW_PX)))

    one_mean, other_mean = mean(one), mean(other)
    one_var, other_var = mean(one * one) - one_mean**2, mean(other * other) - other_mean**2
    textured = where & (one_var > LEAST_CONTRAST**2)
    if not textured.any():
        return 0.0
    correlation = (mean(one * other) - one_mean * other_mean) / np.sqrt(one_var * np.maximum(other_var, 1.0)).clip(1e-3)
    return float(np.median(correlation[textured]))


def _without_parallax(flow: NDArray[np.float32], counts: NDArray[np.bool_], camera: CameraModel) -> str:
    if counts.mean() < LEAST_STATIC:
        return NOT_STATIC
    rows, columns = np.nonzero(counts)
    step = max(1, len(rows) // MOST_POINTS)
    start, moved = np.column_stack([columns, rows])[::step], flow[counts][::step]
    if _most(np.linalg.norm(moved, axis=1)) < LEAST_PARALLAX_PX:
        return STILL
    return TURNED if _most(beyond_rotation_px(start, moved, camera)) < LEAST_PARALLAX_PX else ""


def _most(lengths_px: NDArray[Any]) -> float:
    return float(np.percentile(lengths_px, 80))


def beyond_rotation_px(start_px: NDArray[Any], flow_px: NDArray[Any], camera: CameraModel) -> NDArray[np.float64]:
    """How far points moved beyond what the rotation of the camera explains that fits them best.

    Args:
        start_px: (N, 2), column and row in the first picture. flow_px: (N, 2), how far they went.
        camera: of both pictures.

    Returns:
        (N,), pixels.

    Source: the rotation between two bundles of rays, Kabsch 1976, refitted with weights 1 / error.
    """
    first, second = rays(start_px, camera), rays(start_px + flow_px, camera)
    weight, rotation = np.ones(len(first)), np.eye(3)
    for _ in range(TURNS):
        u, _, vt = np.linalg.svd((second * weight[:, None]).T @ first)
        rotation = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
        missed = np.linalg.norm(second - first @ rotation.T, axis=1)
        weight = 1.0 / np.maximum(missed, max(float(np.median(missed)), 1e-9))
    turned = first @ rotation.T
    seen = turned[:, :2] / turned[:, 2:] * [camera.fx_px, camera.fy_px] + [camera.cx_px, camera.cy_px]
    return np.asarray(np.linalg.norm(start_px + flow_px - seen, axis=1))


def rays(points_px: NDArray[Any], camera: CameraModel) -> NDArray[np.float64]:
    """Unit vectors (N, 3) towards pixels (N, 2) of a camera without distortion."""
    plane = (points_px - np.array([camera.cx_px, camera.cy_px])) / [camera.fx_px, camera.fy_px]
    found = np.column_stack([plane, np.ones(len(plane))])
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))
