"""The simulator as a source of frames.

A frame is made in two stages. The first moves the world to the exposure and looks at it: pictures (several, where things move
during the exposure), labels, ranges; it runs in a thread of its own, to which the OpenGL context belongs. The lidar's rays are
cast beside it in another, and may go on while the second stage runs. That makes of it all what a real camera would have
delivered: defocus, light, noise, and the truth beside it.

Live, when a frame takes longer than there is time, the next one's first stage runs beside this one's second, so that both cores
work; a frame then says when its lens position was read (`exposed_at_s`). Otherwise frames are made strictly one after the other,
so that a run depends on nothing but its seed and on what it is told between frames.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.depth_defocus import defocus_by_map, defocus_map
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import Frame, JointReading, LensReading
from auxfocus_ros.rig.gimbal import GimbalCommand
from auxfocus_ros.rig.simulation.camera_blur import add_moments, picture_flow
from auxfocus_ros.rig.simulation.camera_sensor import SensorConfig, expose
from auxfocus_ros.rig.simulation.motion_blur import SubframeMean, image_motion_px, subframe_times
from auxfocus_ros.rig.simulation.range_sensors import Ranges, RangeSensors
from auxfocus_ros.rig.simulation.renderer import Renderer
from auxfocus_ros.rig.simulation.scene_file import SceneDescription, load_scene
from auxfocus_ros.rig.simulation.true_things import CameraMotion, ThingPose, true_things
from auxfocus_ros.rig.simulation.world import OPTICAL_FRAME, World, stamp_ns
from auxfocus_ros.rig.simulation.world_model import ThingModel
from auxfocus_ros.rig.source import OnProblem, SourceCounts, ignore_problem
from auxfocus_ros.rig.truth import FrameTruth
from auxfocus_ros.rig.urdf import load_urdf

T = TypeVar("T")
RENDER_TIMEOUT_S = 60.0
"""A first stage that takes longer hangs: software rendering of the largest picture takes under a second."""
AHEAD_FROM = 0.8
"""Live, stages overlap once both together take more than this share of a frame's time."""

FIRST_NEAREST_M = 2.0
"""How near things are taken to be before the first picture, to judge how much it is blurred by motion."""

LIVE_SUBFRAMES = 3
"""Live, no more moments of an exposure are drawn: something that passes close by would halve the rate."""
SIGHT_SHARE, SIGHT_M = 1e-3, 2e-3
"""A point that is so little behind what stands first in the way is that itself."""
MOTION_PX = 1.5
"""How far anything may move between two moments of one exposure: less is a blur of less than half a pixel (rms)."""
NEAREST_THING_M = 0.3
"""A moving thing counts as no nearer than this when its motion in the picture is judged."""


@dataclass(frozen=True, eq=False)
class _Look:
    """What the first stage has seen; depth_m and labels are of the exposure's middle."""

    index: int
    time_s: float
    middle_s: float
    lens_position: float
    camera: CameraModel
    picture: np.ndarray
    depth_m: np.ndarray
    labels: np.ndarray | None
    ranges: Future[Ranges]
    joints: tuple[JointReading, ...]
    world_from_base: RigidTransform
    motion: CameraMotion
    things: tuple[ThingPose, ...]
    exposed_at_s: float
    took_s: float


@dataclass(frozen=True)
class _ExposurePlan:
    """How an exposure is made: `drawn` pictures, odd, and of each `moved` moments along the camera's motion, odd."""

    drawn: int
    moved: int


def _odd(count: int) -> int:
    """At least as many, and one in the middle."""
    return count + 1 - count % 2


class SimulationSource:
    """A simulated rig as a `Source`; see the module's text.

    Attributes:
        scene: the scene with the options of this source. lens: the camera's, with the picture's own pixel pitch.
        truth_wanted: frames carry their truth; switch it off where nobody looks, to save the labels' drawing.
        robot: the gimbal's URDF.
    """

    has_depth: bool
    follows_lens = True

    def __init__(
        self,
        path: str | Path,
        lens: Lens | None = None,
        *,
        seed: int | None = None,
        rate_hz: float | None = None,
        width_px: int | None = None,
        height_px: int | None = None,
        depth_sensor: str | None = None,
        mount: str | None = None,
        light: float | None = None,
        noise: bool | None = None,
        rolling: bool | None = None,
        stabilise: bool | None = None,
        defocus: bool = True,
        position_steps: float | None = None,
        endless: bool = False,
        live: bool = False,
        on_problem: OnProblem = ignore_problem,
    ) -> None:
        """Open a scene.

        Args:
            path: a shipped scene's name or a scene file.
            lens: wins over the scene's.
            seed, rate_hz, width_px, height_px, depth_sensor, mount, light, noise, rolling, stabilise: win over the scene's
                (`SceneDescription.with_options`); light: level of the light, 1: as the scene was made.
            defocus: render the lens's defocus; without it pictures are sharp all over.
            position_steps: where the glass is at first, motor steps; None: at the hyperfocal distance.
            endless: one pass never ends.
            live: frames are wanted in real time; see the module's text.
            on_problem: as every source's; a simulator has none of those problems.

        Raises:
            ConfigurationError: see `load_scene`, `World`, `load_lens`. MissingLibraryError: no MuJoCo, or no OpenGL.
        """
        from auxfocus_ros.optics.lens_file import load_lens

        self.scene: SceneDescription = load_scene(path).with_options(
            seed=seed, rate_hz=rate_hz, width_px=width_px, height_px=height_px, depth_sensor=depth_sensor, mount=mount,
            light=light, noise=noise, rolling=rolling, stabilise=stabilise,
        )  # fmt: skip
        settings = self.scene.camera
        chosen = lens if lens is not None else load_lens(settings.lens)
        self.lens = replace(chosen, pixel_pitch_m=settings.sensor_width_m / settings.width_px)
        self.robot = load_urdf(self.scene.gimbal.urdf)
        self.name = f"scene {self.scene.name}"
        self.duration_s = math.inf if endless else self.scene.duration_s
        self.rate_hz = self.scene.rate_hz
        self.has_depth = self.scene.depth_sensor.kind != "none"
        self.counts = SourceCounts()
        self.truth_wanted = True
        self._defocus, self._live = defocus, live
        self._light_level: float | None = None
        self._world = World(self.scene, self.robot)
        self._ranges = RangeSensors(self.scene, self.robot, self._world.parts)
        self._sensor = SensorConfig(
            exposure_s=settings.exposure_s, reference_exposure_s=settings.reference_exposure_s, gain=settings.gain,
            full_well_e=settings.full_well_e, read_noise_e=settings.read_noise_e, auto_gain=settings.auto_gain,
        )  # fmt: skip
        self._position = self.lens.hyperfocal_position_steps
        if position_steps is not None:
            if not self.lens.contains(position_steps):
                raise ConfigurationError(
                    f"position_steps is {position_steps:g}, outside the range of lens '{self.lens.name}', "
                    f"{self.lens.min_position_steps:g} to {self.lens.max_position_steps:g} steps"
                )
            self._position = float(position_steps)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="simulation")
        self._lidar_thread = ThreadPoolExecutor(1, thread_name_prefix="lidar")
        self._scan: Future[Ranges] = Future()
        self._scan.set_result(Ranges("", RigidTransform.identity()))
        self._renderer: Renderer | None = None
        self._closed = False
        self._costs = [0.0, 0.0]
        self._nearest_m = FIRST_NEAREST_M
        try:
            _answer(self._thread.submit(self._make_renderer))
        except BaseException:
            self.close()
            raise

    # Source

    def frames(self) -> Iterator[Frame]:
        """One pass from the beginning of the scene; every pass is the same."""
        if self._closed:
            raise InputError(f"{self.name} is closed")
        count = math.inf if math.isinf(self.duration_s) else max(1, round(self.duration_s * self.rate_hz))
        _answer(self._on_thread(self._world.reset))
        self._nearest_m = FIRST_NEAREST_M
        ahead: Future[_Look] | None = None
        index = 0
        while index < count:
            pending = ahead if ahead is not None else self._on_thread(self._look, index)
            look = _answer(pending)
            ahead = self._on_thread(self._look, index + 1) if self._overlaps() and index + 1 < count else None
            frame = self._finish(look)
            self.counts.frames += 1
            index += 1
            yield frame

    def set_lens_position(self, position_steps: float) -> None:
        """Where the glass is now, motor steps. What is not finite is not a position and changes nothing."""
        if math.isfinite(position_steps):
            self._position = float(position_steps)

    def command_gimbal(self, command: GimbalCommand) -> list[str]:
        """Send the gimbal somewhere; what was limited, in words. Raises InputError for a command that cannot be."""
        return self._world.command(command)

    def set_light(self, level: float | None) -> None:
        """Dim the light: 1 is the scene as it was made; None: as the scene says. Raises InputError below 0, above 100, or NaN."""
        if level is not None and not 0.0 <= level <= 100.0:
            raise InputError(f"light level {level}: it must be from 0 to 100, 1 is the scene as it was made")
        self._light_level = level

    def sees(self, points_m: np.ndarray) -> np.ndarray:
        """(N,) whether nothing stands between the camera and points (N, 3) of its optical frame, at the last frame's moment."""
        pose = self._world.world_from(OPTICAL_FRAME)
        away_m = np.linalg.norm(points_m, axis=1)
        directions = (points_m / away_m[:, None]) @ pose.rotation.T
        return np.asarray(self._world.first_hits_m(pose.translation_m, directions) >= away_m * (1.0 - SIGHT_SHARE) - SIGHT_M)

    def close(self) -> None:
        """Let the OpenGL context go."""
        if self._closed:
            return
        self._closed = True
        if self._renderer is not None:
            self._thread.submit(self._renderer.close)
            self._renderer = None
        self._thread.shutdown(wait=True)
        self._lidar_thread.shutdown(wait=True)

    # First stage, in the simulation's thread

    def _on_thread(self, work: Any, *arguments: Any) -> Future[Any]:
        return self._thread.submit(work, *arguments)

    def _make_renderer(self) -> None:
        settings = self.scene.camera
        self._renderer = Renderer(self._world.model, settings.width_px, settings.height_px)

    def _look(self, index: int) -> _Look:
        world, settings, renderer = self._world, self.scene.camera, self._renderer
        assert renderer is not None
        begun_s = time.monotonic()
        position = self._position
        rng = np.random.default_rng((self.scene.seed, 1, index))
        time_s = index / self.rate_hz
        end_s = time_s + settings.exposure_s
        if self._ranges.rolling:
            end_s = max(end_s, time_s + self._ranges.scan_s)
        joints = world.advance(end_s)
        camera = self._camera(position)
        world_turn, world_shift = world.optical_motion(time_s + 0.5 * settings.exposure_s)
        plan = self._exposure_plan(time_s, camera, world_turn, world_shift)
        moments = time_s + (np.arange(plan.drawn) + 0.5) / plan.drawn * settings.exposure_s
        middle_s = float(moments[plan.drawn // 2])
        drawn: list[tuple[np.ndarray, np.ndarray]] = []
        # The middle comes last: all truth is of that moment, and the world stays there.
        for moment in [*np.delete(moments, plan.drawn // 2), middle_s]:
            world.look(float(moment))
            pose = world.world_from(OPTICAL_FRAME)
            if moment == middle_s:
                wait([self._scan], RENDER_TIMEOUT_S)  # the last frame's: what is held for it must not change
                scan = self._scan = self._lidar_thread.submit(self._ranges.begin(world, middle_s, rng))
            drawn.append(renderer.picture(world.view, camera, pose))
        labels = renderer.labels(world.view, camera, pose, world.parts.labels) if self.truth_wanted else None
        things = tuple(self._pose_of(thing, middle_s) for thing in world.parts.things)
        motion, base = CameraMotion(pose, world_turn, world_shift), world.world_from(self.robot.root)
        if not self._ranges.is_lidar or self._ranges.rolling:
            ranges = self._ranges.measure(_answer(scan), world, renderer, camera, drawn[-1][1], rng)
            scan = Future()
            scan.set_result(self._ranges.sweep(world, ranges, time_s, rng) if self._ranges.rolling else ranges)
        picture, depth = self._exposed(drawn, plan, camera, motion), drawn[-1][1]
        look = _Look(
            index, time_s, middle_s, position, camera, picture, depth, labels, scan, tuple(joints), base, motion,
            things, begun_s, time.monotonic() - begun_s,
        )  # fmt: skip
        self._costs[0] = look.took_s
        self._nearest_m = float(np.quantile(drawn[-1][1][::8, ::8], 0.01))
        return look

    def _exposed(
        self, drawn: Sequence[tuple[np.ndarray, np.ndarray]], plan: _ExposurePlan, camera: CameraModel, motion: CameraMotion
    ) -> np.ndarray:
        """The mean of all moments of an exposure, from what was drawn: (picture, depth) of each."""
        settings = self.scene.camera
        if plan.drawn * plan.moved == 1:
            return drawn[0][0]
        mean = SubframeMean(settings.height_px, settings.width_px)
        for picture, depth in drawn:
            if plan.moved == 1:
                mean.add(picture)
            else:
                flow = picture_flow(depth, camera, motion.angular_rad_per_s, motion.linear_m_per_s)
                add_moments(mean, picture, flow, settings.exposure_s / plan.drawn, plan.moved)
        return mean.mean()

    def _pose_of(self, thing: ThingModel, moment_s: float) -> ThingPose:
        settings, velocity = thing.settings, self._world.velocity_of(thing, moment_s)
        moving = bool(np.abs(velocity).max() > 1e-9)
        return ThingPose(thing.id, settings.name, settings.label, moving, self._world.middle_of(thing), velocity)

    def _camera(self, position_steps: float) -> CameraModel:
        """Intrinsics at a lens position: the picture breathes with the sensor's distance."""
        settings = self.scene.camera
        focal_px = self.lens.sensor_distance_m(position_steps) / self.lens.pixel_pitch_m
        middle_x, middle_y = 0.5 * (settings.width_px - 1), 0.5 * (settings.height_px - 1)
        return CameraModel(settings.width_px, settings.height_px, focal_px, focal_px, middle_x, middle_y)

    def _exposure_plan(self, time_s: float, camera: CameraModel, turn: np.ndarray, shift: np.ndarray) -> _ExposurePlan:
        """As many pictures as things that move by themselves need, and as many moments of each as the camera's motion needs."""
        settings = self.scene.camera
        half_size_px = (0.5 * settings.width_px, 0.5 * settings.height_px)
        largest = min(settings.subframes, LIVE_SUBFRAMES) if self._live else settings.subframes
        largest -= 1 - largest % 2
        own_px = self._own_speed_px_per_s(time_s, camera) * settings.exposure_s
        camera_px = image_motion_px(turn, shift, self._nearest_m, camera.fx_px, settings.exposure_s, half_size_px=half_size_px)
        drawn = _odd(len(subframe_times(settings.exposure_s, own_px / MOTION_PX, largest)))
        return _ExposurePlan(
            drawn, _odd(len(subframe_times(settings.exposure_s, camera_px / drawn / MOTION_PX, max(1, largest // drawn))))
        )

    def _own_speed_px_per_s(self, time_s: float, camera: CameraModel) -> float:
        """How fast the fastest thing that may stand in the picture moves in it by itself; `look` has been called."""
        world = self._world
        optical_from_world = world.world_from(OPTICAL_FRAME).inverse()
        fastest = 0.0
        for thing in world.parts.things:
            velocity = world.velocity_of(thing, time_s)
            if not velocity.any():
                continue
            x, y, z = optical_from_world.apply(world.middle_of(thing)[None])[0]
            vx, vy, vz = optical_from_world.rotation @ velocity
            size = float(world.model.geom_rbound[list(thing.geoms)].max())
            reach_x = (0.5 * camera.width_px) / camera.fx_px * max(z, 0.0) + 2.0 * size
            reach_y = (0.5 * camera.height_px) / camera.fy_px * max(z, 0.0) + 2.0 * size
            if z < -size or abs(x) > reach_x or abs(y) > reach_y:
                continue
            # Its middle moves across the line of sight; its rim also as it grows or shrinks.
            near = max(z - size, NEAREST_THING_M)
            across = math.hypot(vx - vz * x / near, vy - vz * y / near) + abs(vz) * size / near
            fastest = max(fastest, camera.fx_px * across / near)
        return fastest

    # Second stage, in the caller's thread

    def _overlaps(self) -> bool:
        return self._live and sum(self._costs) > AHEAD_FROM / self.rate_hz

    def _finish(self, look: _Look) -> Frame:
        begun_s = time.monotonic()
        settings = self.scene.camera
        rng = np.random.default_rng((self.scene.seed, 2, look.index))
        defocus = defocus_map(look.depth_m, self.lens, look.lens_position)
        picture = defocus_by_map(look.picture, defocus) if self._defocus else look.picture
        level = self._light_level if self._light_level is not None else self.scene.light.at(look.time_s)
        if settings.noise or level != 1.0 or settings.exposure_s != settings.reference_exposure_s or settings.gain != 1.0:
            picture = expose(picture, level, self._sensor, rng if settings.noise else None)
        focus_m = float(self.lens.focus_distance_m(look.lens_position))
        near_m, far_m = self.lens.depth_of_field_m(look.lens_position)
        ranges = _answer(look.ranges)
        truth = None
        if look.labels is not None:
            truth = FrameTruth(
                self.scene.name, self.scene.seed, look.middle_s, settings.exposure_s, level, look.lens_position, focus_m,
                look.world_from_base, look.world_from_base.inverse().compose(look.motion.world_from_optical), look.labels,
                look.depth_m, defocus, true_things(look.things, look.labels, look.depth_m, look.motion, self.lens,
                look.lens_position), ranges.point_labels,
            )  # fmt: skip
        stamp = stamp_ns(look.time_s)
        frame = Frame(
            stamp_ns=stamp,
            picture=picture,
            camera=look.camera,
            points=ranges.points,
            depth_m=ranges.depth_m,
            optical_from_points=ranges.optical_from_points,
            points_frame=ranges.frame,
            camera_frame=OPTICAL_FRAME,
            points_offset_s=ranges.offset_s,
            lens=LensReading(stamp, look.lens_position, False, focus_m, float(near_m), float(far_m)),
            joints=look.joints,
            range=ranges.range,
            truth=truth,
            exposed_at_s=look.exposed_at_s,
        )
        self._costs[1] = time.monotonic() - begun_s
        return frame


def _answer(future: Future[T]) -> T:
    """What a thread of ours has worked out. Raises InputError when it does not answer in time."""
    try:
        return future.result(RENDER_TIMEOUT_S)
    except FutureTimeoutError as error:
        if not future.done():
            raise InputError(
                f"the simulator has not answered for {RENDER_TIMEOUT_S:g} s: is the machine out of memory?"
            ) from error
        raise
