"""Depth of a camera's pictures as they come, and its scale over time from whatever tells one.

Each picture is shown to the network. What was measured beside it (lidar points, a rangefinder's beam) and what is known of the
camera (where it was, how high it stands) gives that frame's estimates of the scale, each source for itself, and the tracker says
what all of them together make of it. Without any the depth stays relative, with the reasons.

For a motion, a picture is remembered with its depth and the place of the camera until the camera has moved far enough for the
optical flow from there to tell depth. That is done at the network's size: flow of whole pictures takes longer than the network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.flow import dense_flow, sure_flow
from auxfocus_ros.monodepth.inference import DepthEstimate, DepthEstimator
from auxfocus_ros.monodepth.scale import (
    Readings,
    ScaleEstimate,
    ScaleOptions,
    ScaleTracker,
    TrackerOptions,
    no_scale,
    scale_from_height,
    scale_from_motion,
    scale_from_points,
)
from auxfocus_ros.optics.camera import CameraModel

__all__ = ["WHAT_HELPS", "KnownBeside", "LiveDepth", "SeenDepth", "require_something_to_see"]

WHAT_HELPS = "lidar points, a rangefinder, or a known motion or height of the camera would tell the scale"
DARK = 12
"""A picture whose brightest hundredth is not above this grey value is black."""
EVEN = 3.0
"""A picture whose grey values spread by less shows nothing."""
LOOK_EVERY_S = 0.2
"""So often, at most, a motion is looked at: what lies between two looks is nearly the same."""
REMEMBERED_S = 2.0
"""A picture that is older is not compared with any more: what it shows has left the view, or has moved by itself."""
TURNED_RAD = 0.25
"""Nor is one from which the camera has turned away by so much."""


class KnownBeside(Protocol):
    """What is known beside a picture; None: not. In its optical frame, metres."""

    @property
    def points_m(self) -> NDArray[Any] | None:
        """(N, 3), measured points."""
        ...

    @property
    def beam_m(self) -> NDArray[Any] | None:
        """(1, 3), where a rangefinder's beam ends."""
        ...

    @property
    def world_from_camera(self) -> NDArray[np.float64] | None:
        """(4, 4), where the camera is, in a frame that stands still, z up."""
        ...

    @property
    def reading_sigma_m(self) -> float:
        """Error of a measured point or beam, one standard deviation."""
        ...

    @property
    def camera_height_m(self) -> float:
        """Of the camera above level ground; 0: not known."""
        ...

    @property
    def problem(self) -> str:
        """What of it was there and could not be used, in words; empty: nothing."""
        ...


@dataclass(frozen=True, eq=False)
class SeenDepth:
    """Depth of one picture.

    depth: (H, W) float32, z, > 0; +inf infinitely far, NaN nothing known; metres where `scale.metric`, else the network's unit.
    scale: already in `depth` where it is metric. place_sigma: relative error of the depth at one place, one standard deviation,
    the scale's included; inf where it is relative. said: why the depth is relative; empty where it is not.
    """

    depth: NDArray[np.float32]
    camera: CameraModel
    scale: ScaleEstimate
    place_sigma: float
    said: str


@dataclass(frozen=True, eq=False)
class _Remembered:
    """An earlier picture at the network's size, with its depth and the place of the camera."""

    grey: NDArray[np.uint8]
    depth: NDArray[np.float32]
    world_from_camera: NDArray[np.float64]
    stamp_s: float


class LiveDepth:
    """Pictures in, depth with its scale out; for one thread."""

    def __init__(
        self, estimator: DepthEstimator, options: ScaleOptions | None = None, tracker_options: TrackerOptions | None = None
    ) -> None:
        """estimator: sees the depth. options, tracker_options: of the scale."""
        self._estimator = estimator
        self._options = options or ScaleOptions()
        self._tracker = ScaleTracker(tracker_options)
        self._remembered: _Remembered | None = None
        self._looked_s = -math.inf
        self._motion_says: ScaleEstimate | None = None

    def see(
        self,
        picture: NDArray[np.uint8],
        camera: CameraModel,
        stamp_s: float,
        ask: Callable[[], KnownBeside] | None = None,
    ) -> SeenDepth:
        """Depth of the next picture.

        Args:
            picture: (H, W, 3) uint8 BGR. camera: its intrinsics. stamp_s: its stamp, seconds.
            ask: for what is known beside it, once the network has seen it: readings may come later than pictures.

        Raises:
            InputError: a picture in which nothing can be seen, or that the intrinsics do not fit. ConfigurationError: a user's
            network that fails on it.
        """
        require_something_to_see(picture)
        seen = self._estimator.estimate(picture, camera)
        known = ask() if ask is not None else None
        found = self._found(seen, picture, stamp_s, known) if known is not None else {}
        for estimate in found.values():
            self._tracker.update(stamp_s, estimate)
        scale = self._tracker.at(stamp_s)
        if scale.metric:
            place_sigma = math.hypot(scale.sigma_relative, self._options.depth_error)
            return SeenDepth(seen.depth_m * np.float32(scale.scale), seen.camera, scale, place_sigma, "")
        problems = [f"{source}: {estimate.problem}" for source, estimate in found.items() if estimate.problem]
        if known is not None and known.problem:
            problems.append(known.problem)
        said = "; ".join([*(problems or [scale.problem]), WHAT_HELPS])
        return SeenDepth(seen.depth_m, seen.camera, scale, math.inf, said)

    def _found(
        self, seen: DepthEstimate, picture: NDArray[np.uint8], stamp_s: float, known: KnownBeside
    ) -> dict[str, ScaleEstimate]:
        """What each source says of this picture's scale; those that say nothing are not among them."""
        found: dict[str, ScaleEstimate] = {}
        measured: tuple[tuple[Literal["points", "rangefinder"], NDArray[Any] | None], ...] = (
            ("points", known.points_m),
            ("rangefinder", known.beam_m),
        )
        for source, points_m in measured:
            if points_m is not None:
                readings = Readings.of_points(points_m, seen.camera, known.reading_sigma_m)
                found[source] = scale_from_points(seen.depth_m, readings, self._options, source=source)
        if known.world_from_camera is not None:
            moved = self._by_motion(seen, picture, stamp_s, known.world_from_camera)
            if moved is not None:
                found["motion"] = moved
        if known.camera_height_m > 0.0:
            found["height"] = self._by_height(seen, known.camera_height_m, known.world_from_camera)
        return found

    def _by_height(self, seen: DepthEstimate, height_m: float, world_from_camera: NDArray[np.float64] | None) -> ScaleEstimate:
        up = None if world_from_camera is None else world_from_camera[2, :3]  # the world's z in the camera's frame (REP 103)
        try:
            return scale_from_height(seen.depth_m, seen.camera, height_m, self._options, up=up)
        except InputError as error:
            return no_scale(str(error))

    def _by_motion(
        self, seen: DepthEstimate, picture: NDArray[np.uint8], stamp_s: float, world_from_camera: NDArray[np.float64]
    ) -> ScaleEstimate | None:
        """What the motion since the remembered picture says; in between, why it last said nothing. None: nothing."""
        if not 0.0 <= stamp_s - self._looked_s < LOOK_EVERY_S:
            self._looked_s = stamp_s
            self._motion_says = self._look(seen, picture, stamp_s, world_from_camera)
            return self._motion_says
        return None if self._motion_says is None or self._motion_says.metric else self._motion_says

    def _look(
        self, seen: DepthEstimate, picture: NDArray[np.uint8], stamp_s: float, world_from_camera: NDArray[np.float64]
    ) -> ScaleEstimate | None:
        size = self._estimator.network_size_px(seen.camera.width_px, seen.camera.height_px)
        grey = np.asarray(cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA), np.uint8)
        depth = np.asarray(cv2.resize(seen.depth_m, size, interpolation=cv2.INTER_NEAREST), np.float32)
        now = _Remembered(grey, depth, world_from_camera, stamp_s)
        before = self._remembered
        if before is None or before.grey.shape != grey.shape or not 0.0 < stamp_s - before.stamp_s <= REMEMBERED_S:
            self._remembered = now
            return None
        motion = np.asarray(np.linalg.solve(world_from_camera, before.world_from_camera), np.float64)  # p_now = R p_before + t
        try:
            flow, sure = self._flow(before.grey, grey, motion)
            estimate = scale_from_motion(before.depth, flow, sure, seen.camera.scaled_to(*size), motion, options=self._options)
        except InputError as error:
            estimate = no_scale(str(error))
        turned_rad = math.acos(min(max((float(np.trace(motion[:3, :3])) - 1.0) / 2.0, -1.0), 1.0))
        if estimate.metric or turned_rad > TURNED_RAD:
            self._remembered = now
        return estimate

    def _flow(
        self, first: NDArray[np.uint8], second: NDArray[np.uint8], motion: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Flow and where it is sure; none of either where the camera has not moved, which then is said without it."""
        if np.linalg.norm(motion[:3, 3]) < self._options.least_translation_m:
            return np.zeros((*first.shape, 2), np.float32), np.zeros(first.shape, bool)
        forward, backward = dense_flow(first, second), dense_flow(second, first)
        return forward, sure_flow(forward, backward)


def require_something_to_see(picture: NDArray[np.uint8]) -> None:
    """Raise InputError for a picture that is black, or of one even shade: whatever a network makes of it means nothing."""
    small = picture[:: max(1, picture.shape[0] // 64), :: max(1, picture.shape[1] // 64)]
    brightest, spread = float(np.quantile(small, 0.99)), float(small.std())
    if brightest <= DARK:
        raise InputError(f"the picture is black (nearly all of it is below {DARK} of 255): no depth can be seen in it")
    if spread < EVEN:
        raise InputError("the picture is of one even shade: no depth can be seen in it")
