"""Which range sensors a scene's rig has, where they ride, and what they say for a frame.

A lidar's cloud and a fixed depth camera's lie in the sensor's own frame; a depth camera on the gimbal gives a depth image
registered to the picture. The rangefinder always looks along with the camera.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import RangeReading, points_of_depth
from auxfocus_ros.rig.simulation.beams import PATTERNS
from auxfocus_ros.rig.simulation.depth_sensors import DepthCamera, Rangefinder
from auxfocus_ros.rig.simulation.lidar import Lidar, LidarNoise, cloud_of, join_clouds
from auxfocus_ros.rig.simulation.renderer import Renderer
from auxfocus_ros.rig.simulation.scene_file import SceneDescription
from auxfocus_ros.rig.simulation.world import OPTICAL_FRAME, RANGEFINDER_FRAME, World, stamp_ns
from auxfocus_ros.rig.simulation.world_model import WorldModel
from auxfocus_ros.rig.urdf import Robot

LIDAR_FRAMES = {"gimbal": "lidar_gimbal_link", "fixed": "lidar_base_link"}
DEPTH_FRAMES = {"gimbal": OPTICAL_FRAME, "fixed": "depth_base_optical_frame"}
SECTORS = 10
"""Poses from which a rolling scan is taken: the platform moves little in a tenth of a scan."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """What the range sensors say for one frame; see `Frame` for the fields."""

    frame: str
    optical_from_points: RigidTransform
    points: np.ndarray | None = None
    depth_m: np.ndarray | None = None
    point_labels: np.ndarray | None = None
    offset_s: float = math.nan
    range: RangeReading | None = None


class RangeSensors:
    """The rig's range sensors; see the module's text."""

    def __init__(self, scene: SceneDescription, robot: Robot, parts: WorldModel) -> None:
        """Raises ConfigurationError where the gimbal has no frame for the sensor's mount."""
        settings = scene.depth_sensor
        self._kind, self._noise, self._exposure_s = settings.kind, settings.noise, scene.camera.exposure_s
        self.is_lidar = settings.kind in PATTERNS
        self.rolling = settings.rolling and self.is_lidar
        self.frame = (LIDAR_FRAMES if self.is_lidar else DEPTH_FRAMES)[settings.mount]
        if settings.kind != "none" and self.frame not in robot.links:
            raise ConfigurationError(f"the gimbal '{robot.name}' has no link '{self.frame}' to mount the {settings.kind} on")
        self._lidar: Lidar | None = None
        self.scan_s = 0.0
        if self.is_lidar:
            pattern = PATTERNS[settings.kind]
            self._lidar = Lidar(parts.model, pattern, LidarNoise(enabled=settings.noise), parts.glass)
            self.scan_s = 1.0 / pattern.rate_hz
        self._depth_camera = DepthCamera()
        self._rangefinder = Rangefinder()

    def begin(self, world: World, moment_s: float, rng: np.random.Generator) -> Callable[[], Ranges]:
        """Begin to measure at the moment that the world is looked at; nothing is drawn.

        Args:
            world: looked at `moment_s`, scene time. rng: of the noise; nobody else may use it until the work is done.

        Returns:
            The rest of the work, which any one thread may do while the world goes on, once, before the next `begin`.
        """
        ranges = Ranges("", RigidTransform.identity(), range=self._read_range(world, moment_s, rng))
        if self._kind == "none":
            return lambda: ranges
        pose = world.world_from(self.frame)
        placed = replace(
            ranges,
            frame=self.frame,
            optical_from_points=world.world_from(OPTICAL_FRAME).inverse().compose(pose),
            offset_s=0.5 * self._exposure_s,
        )
        if self._lidar is None or self.rolling:
            return lambda: placed
        held = world.hold()

        def cast() -> Ranges:
            points, labels = self._cast(world, held, pose, moment_s, None, rng)
            points["t"] = 0  # the whole scan at one moment
            return replace(placed, points=points, point_labels=labels)

        return cast

    def measure(  # noqa: PLR0917 - what a frame knows
        self, ranges: Ranges, world: World, renderer: Renderer, camera: CameraModel, depth_m: np.ndarray, rng: np.random.Generator
    ) -> Ranges:
        """Add what is measured on a drawn depth image, at the same moment.

        Args:
            ranges: from `begin`'s work. world: still looked at that moment.
            renderer: draws for a depth camera that does not look along with the picture. camera: of the picture.
            depth_m: (H, W), the picture's true depth. rng: of the noise, after that work.
        """
        if self._kind != "depth_camera":
            return ranges
        if self.frame == OPTICAL_FRAME:
            return replace(ranges, depth_m=self._measured(depth_m, camera.fx_px, rng))
        fixed = fixed_depth_camera(camera)
        seen = renderer.depth(world.view, fixed, world.world_from(self.frame))
        return replace(ranges, points=points_of_depth(self._measured(seen, fixed.fx_px, rng), fixed))

    def sweep(self, world: World, ranges: Ranges, begins_s: float, rng: np.random.Generator) -> Ranges:
        """Take a rolling scan that begins at `begins_s`, from where the sensor was all along; the world ends up looked at its
        end."""
        assert self._lidar is not None
        parts = []
        for sector in range(SECTORS):
            window = (sector * self.scan_s / SECTORS, (sector + 1) * self.scan_s / SECTORS)
            world.look(begins_s + 0.5 * (window[0] + window[1]))
            pose = world.world_from(self.frame)
            parts.append(self._cast(world, world.view, pose, begins_s, window, rng))
        points, labels = zip(*parts, strict=True)
        return replace(ranges, points=join_clouds(points), point_labels=np.concatenate(labels), offset_s=0.0)

    def _cast(  # noqa: PLR0917 - what a cast needs
        self,
        world: World,
        data: Any,
        pose: RigidTransform,
        begins_s: float,
        window: tuple[float, float] | None,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """(points in the sensor's frame, the thing each came back from), where everything is as `data` says."""
        assert self._lidar is not None
        echoes = self._lidar.echoes(world.model, data, pose.translation_m, pose.rotation, begins_s, window=window, rng=rng)
        points = cloud_of(self._lidar.pattern.scan(begins_s), echoes)
        return points, np.where(echoes.geom >= 0, world.parts.labels[np.maximum(echoes.geom, 0)], 0).astype(np.uint16)

    def _measured(self, depth_m: np.ndarray, focal_px: float, rng: np.random.Generator) -> np.ndarray:
        if not self._noise:
            return np.where(np.isfinite(depth_m), depth_m, np.float32(0.0))
        return np.asarray(self._depth_camera.measure(depth_m, focal_px, rng))

    def _read_range(self, world: World, moment_s: float, rng: np.random.Generator) -> RangeReading:
        pose, finder = world.world_from(RANGEFINDER_FRAME), self._rangefinder
        direction = pose.rotation[:, 0]
        range_m = finder.read(world.model, world.view, pose.translation_m, direction, rng if self._noise else None)
        return RangeReading(
            stamp_ns(moment_s), float(range_m), RANGEFINDER_FRAME, finder.range_min_m, finder.range_max_m, finder.beam_width_rad
        )


def fixed_depth_camera(camera: CameraModel) -> CameraModel:
    """Intrinsics of the depth camera on the platform, of the picture's size."""
    focal_px = 0.5 * camera.width_px / math.tan(0.5 * DepthCamera().field_rad)
    return CameraModel(
        camera.width_px, camera.height_px, focal_px, focal_px, 0.5 * (camera.width_px - 1), 0.5 * (camera.height_px - 1)
    )
