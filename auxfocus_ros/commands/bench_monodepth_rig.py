"""The simulated rig of `auxfocus bench monodepth --part autofocus`: shipped scenes at instants, their targets, and depth of them.

The scene stands still for the run. The picture is drawn sharp by the simulator and blurred as the lens's position wants, so that
every way of focusing sees the same; range sensors and rangefinder are the simulator's own, with their noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.scene_camera import SceneCamera
from auxfocus_ros.autofocus.live.aim import Aim, Aimer
from auxfocus_ros.autofocus.live.events import BoxPx
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.rig.frame import Frame

SCENES = ("corridor", "portrait_walk", "road", "drone_orbit", "table_top")
LEAST_PX = 1500
LEAST_SHARE = 0.6
"""Of a region: what must show its thing, within the depth of focus."""


@dataclass(frozen=True, eq=False)
class RigTarget:
    """Something to be focused. box_px: of what is seen of it. depth_m: the median of what its region shows of it."""

    name: str
    box_px: BoxPx
    depth_m: float


@dataclass(frozen=True, eq=False)
class RigView:
    """A scene at an instant.

    picture: (H, W, 3) uint8, sharp all over. depth_m: (H, W) true, +inf: sky. measured_m: (H, W) of the scene's own range sensor,
    0: no reading. beam_m: what the rangefinder along the camera's axis reads; NaN or +inf: nothing. targets: fit to be focused.
    """

    scene: str
    time_s: float
    picture: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    measured_m: NDArray[np.float32]
    beam_m: float
    camera: CameraModel
    lens: Lens
    targets: tuple[RigTarget, ...]

    def beam_at(self) -> tuple[int, int]:
        """(row, column) that the rangefinder looks at."""
        return round(self.camera.cy_px), round(self.camera.cx_px)


def views_of(scene: str, every_s: float, most: int) -> Iterator[RigView]:
    """A shipped scene at instants; at most so many, from its beginning. Raises MissingLibraryError without MuJoCo or OpenGL."""
    from auxfocus_ros.commands.bench_allinfocus_video_scenes import FINER, SOFTNESS_PX
    from auxfocus_ros.commands.bench_monodepth_scenes import measured_depth
    from auxfocus_ros.rig.simulation.source import SimulationSource

    measuring = SimulationSource(scene, rate_hz=1.0 / every_s, noise=True, defocus=False)
    settings = measuring.scene.camera
    drawing = SimulationSource(
        scene, rate_hz=1.0 / every_s, width_px=FINER * settings.width_px, height_px=FINER * settings.height_px,
        depth_sensor="none", noise=False, defocus=False,
    )  # fmt: skip
    try:
        for number, (seen, drawn) in enumerate(zip(measuring.frames(), drawing.frames(), strict=True)):
            if number == most:
                return
            assert seen.truth is not None and drawn.truth is not None and seen.range is not None
            smaller = cv2.resize(drawn.picture, (settings.width_px, settings.height_px), interpolation=cv2.INTER_AREA)
            picture = np.asarray(cv2.GaussianBlur(smaller, (0, 0), SOFTNESS_PX), np.uint8)
            depth_m = np.ascontiguousarray(drawn.truth.depth_m[::FINER, ::FINER], np.float32)
            targets = targets_of(seen, picture, depth_m, measuring.lens)
            yield RigView(
                scene, seen.truth.scene_time_s, picture, depth_m, measured_depth(seen), seen.range.range_m, seen.camera,
                measuring.lens, targets,
            )  # fmt: skip
    finally:
        measuring.close()
        drawing.close()


def targets_of(frame: Frame, picture: np.ndarray, depth_m: NDArray[np.float32], lens: Lens) -> tuple[RigTarget, ...]:
    """The things of a frame that can be asked for, the larger first.

    Their region, as the node would look at it, has texture, and for the most part shows them, within the depth of focus and the
    lens's range; the rangefinder points at something else.
    """
    from auxfocus_ros.autofocus.controller.regions import region_fault
    from auxfocus_ros.optics.defocus_model import ThinLensModel

    assert frame.truth is not None
    labels, model = frame.truth.labels, ThinLensModel(lens)
    beam_on = labels[round(frame.camera.cy_px), round(frame.camera.cx_px)]
    found = []
    for thing in sorted(frame.truth.things, key=lambda thing: -thing.pixels):
        if thing.pixels < LEAST_PX or thing.id == beam_on:
            continue
        region = region_of(thing.box_px)
        depths_m, shows = region(depth_m), region(labels) == thing.id
        if not shows.any():
            continue
        median_m = float(np.median(depths_m[shows]))
        best = float(model.best_position_steps(median_m))
        off = np.abs(model.best_position_steps(depths_m) - best)
        fits = shows & (off <= model.half_depth_of_focus_steps(best))
        if lens.contains(best) and fits.mean() >= LEAST_SHARE and region_fault(region(picture)) is None:
            found.append(RigTarget(f"{thing.name} at {median_m:.1f} m", thing.box_px, median_m))
    return tuple(found)


def region_of(box_px: BoxPx) -> Callable[[np.ndarray], np.ndarray]:
    """What cuts of a picture, or of anything that lies over it, the part that the autofocus node judges of a target."""
    return lambda picture: Aimer(Aim("target"), "both", 0.0).cut(picture, box_px)


class RigCamera:
    """Looks at one target of a view through the lens. It is a `driving.Camera`. position_steps: where the lens stands."""

    def __init__(self, scene: SceneCamera, target: RigTarget, told: Callable[[NDArray[np.uint8]], DepthReading | None]) -> None:
        """`scene`: the view behind its lens. `told`: what is known of the target's depth when a picture has been taken."""
        self.position_steps = scene.position_steps
        self._scene, self._told, self._region = scene, told, region_of(target.box_px)
        self._picture = scene.truth

    def move(self, position_steps: float) -> None:
        """The lens goes exactly there."""
        self._scene.move(position_steps)
        self.position_steps = self._scene.position_steps

    def capture(self) -> np.ndarray:
        """The target's region."""
        self._picture = self._scene.capture()
        return self._region(self._picture)

    def depth(self) -> DepthReading | None:
        """Of the target, by the last picture."""
        return self._told(self._picture)
