"""A world in time: the platform driven along its path, the gimbal moved by its motors, things on their paths.

Physics goes in fixed steps and is kept apart from what is looked at: `advance` steps it, `look` sets a second copy of the state
to any moment in between (joints interpolated, everything else exactly), from which pictures and scans are taken.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import JointReading
from auxfocus_ros.rig.gimbal import GimbalCommand, GimbalSetpoint, limits_of
from auxfocus_ros.rig.simulation.gimbal_control import JointController, check_pan_tilt, looking_at, stabilised_angles
from auxfocus_ros.rig.simulation.opengl import load_mujoco
from auxfocus_ros.rig.simulation.scene_file import SceneDescription
from auxfocus_ros.rig.simulation.shake import PlatformShake
from auxfocus_ros.rig.simulation.world_model import GLASS_GROUP, RIG_GROUP, ThingModel, compile_world
from auxfocus_ros.rig.urdf import Robot

STEP_S = 0.005
JOINT_STATE_EVERY = 2
"""Steps between two joint readings: 100 Hz."""
FOLLOW_EVERY = 2
"""Steps between two looks at what the gimbal follows."""
DIFFERENCE_S = 1e-3
"""Between the two places from which a thing's velocity is worked out."""
JUMP_M_PER_S = 200.0
"""What is faster than this has jumped to the start of its path."""
CAMERA_RADIUS_M = 0.04
"""Nothing may come nearer to the camera than this."""
EPOCH_NS = 1_000_000_000
"""Stamp of the scene's beginning: a stamp of 0 means 'none'."""
OPTICAL_FRAME = "camera_optical_frame"
RANGEFINDER_FRAME = "rangefinder_link"


@dataclass(frozen=True)
class _Joints:
    """The gimbal at one step."""

    time_s: float
    angles: np.ndarray
    speeds: np.ndarray


class World:
    """A compiled scene that can be stepped and looked at. Not safe for several threads at once, but for `command`."""

    def __init__(self, scene: SceneDescription, robot: Robot) -> None:
        """Compile.

        Raises:
            ConfigurationError: see `compile_world`; a gimbal that is no pan and tilt; a thing inside the camera.
        """
        check_pan_tilt(robot)
        for frame in (OPTICAL_FRAME, RANGEFINDER_FRAME):
            if frame not in robot.links:
                raise ConfigurationError(f"the gimbal '{robot.name}' has no link '{frame}', which the simulator needs")
        mujoco = load_mujoco()
        self._mujoco = mujoco
        self.scene, self.robot = scene, robot
        self.parts = compile_world(scene, robot)
        self.model: Any = self.parts.model
        self.model.opt.timestep = STEP_S
        self._state = mujoco.MjData(self.model)
        self.view: Any = mujoco.MjData(self.model)
        self._held = mujoco.MjData(self.model)
        self._limits = limits_of(robot)
        self._names = tuple(joint.name for joint in robot.moving_joints)
        self._lower = np.array([limit.lower_rad for limit in self._limits])
        self._upper = np.array([limit.upper_rad for limit in self._limits])
        self._highest_speed = np.array([limit.max_speed_rad_per_s for limit in self._limits])
        self._camera_height_m = float(
            robot.transform(robot.root, OPTICAL_FRAME, dict.fromkeys(self._names, 0.0)).translation_m[2]
        )
        shake = scene.platform.shake
        self._shake = PlatformShake(shake.rotation_rad, shake.translation_m, shake.frequency_hz, scene.seed)
        mujoco.mj_kinematics(self.model, self.view)
        self._middles = {thing.id: self._middle_in_body(thing) for thing in self.parts.things}
        self._followed = self._find_followed()
        self.reset()
        self._controller = JointController(self._limits, self._inertia())
        self._check_camera_is_free()

    # Time

    def reset(self) -> None:
        """Back to the beginning: the gimbal at its first angles, at rest; commands are forgotten."""
        gimbal = self.scene.gimbal
        start = [
            float(np.clip(angle, limit.lower_rad, limit.upper_rad))
            for angle, limit in zip((gimbal.pan_rad, gimbal.tilt_rad), self._limits, strict=True)
        ]
        self._mujoco.mj_resetData(self.model, self._state)
        self._step_count = 0
        self._setpoint = GimbalSetpoint(self._limits, start, 0.0)
        self._commanded = False
        self._wanted: np.ndarray | None = None
        start_pose = self._platform(0.0)
        self._poses = (start_pose, start_pose)
        if self._followed is not None:
            start = list(self._clipped(self._angles_to_followed(0.0)))
            self._setpoint = GimbalSetpoint(self._limits, start, 0.0)
        self._aim = self._target = np.array(start)
        angles = self._reference(0.0)
        for address, angle in zip(self.parts.joint_q, angles, strict=True):
            self._state.qpos[address] = angle
        self._history: deque[_Joints] = deque([_Joints(0.0, angles.copy(), np.zeros(len(angles)))], maxlen=400)
        if hasattr(self, "_controller"):
            self._controller.reset()
        self._wanted = None
        self.look(0.0)

    def command(self, command: GimbalCommand) -> list[str]:
        """Send the gimbal somewhere; it then follows nothing else until the next reset.

        Returns:
            What was limited, in words.

        Raises:
            InputError: a command that cannot be; nothing changes.
        """
        said = self._setpoint.command(command, self._step_count * STEP_S)
        self._commanded = True
        return said

    def advance(self, time_s: float) -> list[JointReading]:
        """Step the physics until it has reached a time; joint readings that came up on the way."""
        readings = [] if self._step_count else [self.joints_at(0.0)]
        while self._step_count * STEP_S < time_s - 1e-9:
            self._step()
            if self._step_count % JOINT_STATE_EVERY == 0:
                readings.append(self.joints_at(self._step_count * STEP_S))
        return readings

    def joints_at(self, time_s: float) -> JointReading:
        """The gimbal's joints at a time that `advance` has reached."""
        angles, speeds = self._joints(time_s)
        return JointReading(stamp_ns(time_s), self._names, tuple(angles.tolist()), tuple(speeds.tolist()))

    def look(self, time_s: float) -> None:
        """Set `view` to a moment that `advance` has reached."""
        view, parts = self.view, self.parts
        view.qpos[:] = self._state.qpos
        position, rotation = self._platform(time_s)
        view.qpos[parts.platform_q : parts.platform_q + 7] = [*position, *self._quaternion(rotation)]
        for address, angle in zip(parts.joint_q, self._joints(time_s)[0], strict=True):
            view.qpos[address] = angle
        for thing in parts.things:
            if thing.settings.path is not None:
                point = thing.settings.path.at(time_s)
                view.mocap_pos[thing.mocap] = point.position_m
                half = 0.5 * point.heading_rad
                view.mocap_quat[thing.mocap] = [math.cos(half), 0.0, 0.0, math.sin(half)]
                for address, amplitude, stride, phase in thing.swings:
                    view.qpos[address] = amplitude * math.sin(2.0 * math.pi * point.travelled_m / stride + phase)
        self._mujoco.mj_kinematics(self.model, view)
        self._mujoco.mj_camlight(self.model, view)

    def hold(self) -> Any:
        """`view` as it is now, to be read while the world goes on, until the next call."""
        self._mujoco.mj_copyData(self._held, self.model, self.view)
        return self._held

    # What stands where, in `view`

    def world_from(self, frame: str) -> RigidTransform:
        """Where a link of the rig is: p_world = R p_link + t."""
        body = self.parts.bodies[frame]
        return RigidTransform(self.view.xmat[body].reshape(3, 3), self.view.xpos[body])

    def middle_of(self, thing: ThingModel) -> np.ndarray:
        """(3,) middle of a thing in the world, metres: a point of its body, so that swinging limbs do not move it."""
        view = self.view
        return np.asarray(view.xpos[thing.body] + view.xmat[thing.body].reshape(3, 3) @ self._middles[thing.id])

    def velocity_of(self, thing: ThingModel, time_s: float) -> np.ndarray:
        """(3,) velocity of a thing's middle in the world, metres per second; 0 where its path jumps."""
        path = thing.settings.path
        if path is None:
            return np.zeros(3)
        before_s = max(0.0, time_s - 0.5 * DIFFERENCE_S)
        places = [
            point.position_m + _about_z(point.heading_rad) @ self._middles[thing.id]
            for point in (path.at(before_s), path.at(before_s + DIFFERENCE_S))
        ]
        velocity = (places[1] - places[0]) / DIFFERENCE_S
        return velocity if float(np.abs(velocity).max()) < JUMP_M_PER_S else np.zeros(3)

    def _middle_in_body(self, thing: ThingModel) -> np.ndarray:
        """(3,) middle of a thing's geoms in the frame of its body, weighted by their size, its limbs hanging as the model has
        them."""
        geoms, view = list(thing.geoms), self.view
        weights = self.model.geom_rbound[geoms] ** 3 + 1e-12
        middle = (view.geom_xpos[geoms] * weights[:, None]).sum(axis=0) / weights.sum()
        return np.asarray(view.xmat[thing.body].reshape(3, 3).T @ (middle - view.xpos[thing.body]))

    def optical_motion(self, time_s: float) -> tuple[np.ndarray, np.ndarray]:
        """(angular velocity, velocity) of the optical frame at a time, in that frame, rad/s and m/s; `view` is left at the
        time."""
        before = time_s - STEP_S
        if before < 0.0:
            return np.zeros(3), np.zeros(3)
        self.look(before)
        earlier = self.world_from(OPTICAL_FRAME)
        self.look(time_s)
        now = self.world_from(OPTICAL_FRAME)
        turn = cv2.Rodrigues(earlier.rotation.T @ now.rotation)[0].ravel()
        shift = now.rotation.T @ (now.translation_m - earlier.translation_m)
        return turn / STEP_S, shift / STEP_S

    def first_hits_m(self, origin_m: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """(N,) distance along each unit direction (N, 3) to what stands first in the way, glass and the rig left out; +inf:
        nothing."""
        groups = np.ones(6, np.uint8)
        groups[[GLASS_GROUP, RIG_GROUP]] = 0
        count = len(directions)
        geoms, distances = np.empty(count, np.int32), np.empty(count)
        rays = np.ascontiguousarray(directions, np.float64).reshape(-1)
        self._mujoco.mj_multiRay(
            self.model, self.view, np.asarray(origin_m, np.float64), rays, groups, 1, -1, geoms, distances, None, count, 1e6
        )
        return np.where(geoms >= 0, distances, np.inf)

    # Within

    def _step(self) -> None:
        time_s = self._step_count * STEP_S
        state, parts = self._state, self.parts
        before, at = self._poses
        after = self._platform(time_s + STEP_S)
        self._poses = (at, after)
        linear, angular = _velocity(before, at)
        next_linear, next_angular = _velocity(at, after)
        q, v = parts.platform_q, parts.platform_v
        state.qpos[q : q + 7] = [*at[0], *self._quaternion(at[1])]
        state.qvel[v : v + 6] = [*linear, *angular]
        self._mujoco.mj_step1(self.model, state)
        mass, inertia = self.model.body_mass, self.model.body_inertia
        body = int(self.model.dof_bodyid[v])
        # So much force that the platform moves as it should, whatever hangs on it.
        state.qfrc_applied[v : v + 3] = mass[body] * ((next_linear - linear) / STEP_S - self.model.opt.gravity)
        state.qfrc_applied[v + 3 : v + 6] = inertia[body] * (next_angular - angular) / STEP_S
        joint_q, joint_v = list(parts.joint_q), list(parts.joint_v)
        wanted = self._reference(time_s)
        speed = np.zeros(len(wanted)) if self._wanted is None else (wanted - self._wanted) / STEP_S
        self._wanted = wanted
        state.qfrc_applied[joint_v] = self._controller.torque(
            state.qpos[joint_q], state.qvel[joint_v], wanted, speed, state.qfrc_bias[joint_v], STEP_S
        )
        self._mujoco.mj_step2(self.model, state)
        self._step_count += 1
        self._history.append(_Joints(self._step_count * STEP_S, state.qpos[joint_q].copy(), state.qvel[joint_v].copy()))

    def _reference(self, time_s: float) -> np.ndarray:
        """Where the joints should be, radians, within their limits."""
        if self._followed is not None and not self._commanded:
            if self._step_count % FOLLOW_EVERY == 0:
                self._target = self._clipped(self._angles_to_followed(time_s))
            step = self._highest_speed * STEP_S
            self._aim = self._aim + np.minimum(np.maximum(self._target - self._aim, -step), step)
        else:
            self._aim = np.asarray(self._setpoint.at(time_s)[0], dtype=np.float64)
        if not self.scene.gimbal.stabilise:
            return self._clipped(self._aim)
        # The attitude of this step: `_step` has moved on to (this, the next).
        level = _about_z(self._level(time_s)[1])
        return self._clipped(stabilised_angles(float(self._aim[0]), float(self._aim[1]), self._poses[0][1].T @ level))

    def _clipped(self, angles: Any) -> np.ndarray:
        return np.minimum(np.maximum(angles, self._lower), self._upper)

    def _joints(self, time_s: float) -> tuple[np.ndarray, np.ndarray]:
        history = self._history
        index = bisect_right(history, time_s + 1e-12, key=lambda entry: entry.time_s)
        if index == 0:
            return history[0].angles, history[0].speeds
        if index == len(history):
            return history[-1].angles, history[-1].speeds
        a, b = history[index - 1], history[index]
        share = (time_s - a.time_s) / (b.time_s - a.time_s)
        return a.angles + share * (b.angles - a.angles), a.speeds + share * (b.speeds - a.speeds)

    def _level(self, time_s: float) -> tuple[np.ndarray, float]:
        """(position, heading) of the platform without its shaking."""
        point = self.scene.platform.path.at(time_s)
        return point.position_m, point.heading_rad

    def _platform(self, time_s: float) -> tuple[np.ndarray, np.ndarray]:
        """(position, rotation) of the platform in the world."""
        position, heading = self._level(time_s)
        shift, turn = self._shake.at(time_s)
        return position + shift, _about_z(heading) @ cv2.Rodrigues(np.asarray(turn, dtype=np.float64))[0]

    def _quaternion(self, rotation: np.ndarray) -> np.ndarray:
        """(w, x, y, z), MuJoCo's order."""
        quaternion = np.empty(4)
        self._mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(rotation).reshape(9))
        return quaternion

    def _find_followed(self) -> ThingModel | None:
        name = self.scene.gimbal.follow
        if not name:
            return None
        thing = next((thing for thing in self.parts.things if thing.settings.name == name), None)
        if thing is None:
            known = ", ".join(thing.settings.name for thing in self.parts.things) or "none"
            raise ConfigurationError(
                f"scene '{self.scene.name}': gimbal.follow: there is no thing '{name}'; the things are {known}"
            )
        return thing

    def _angles_to_followed(self, time_s: float) -> tuple[float, float]:
        """(pan, tilt) on the level platform that look at the middle of the followed thing."""
        thing = self._followed
        assert thing is not None
        above_m = self.scene.gimbal.follow_height_m
        height = np.array([0.0, 0.0, self._middles[thing.id][2] if above_m is None else above_m])
        path = thing.settings.path
        target = (self.model.body_pos[thing.body] if path is None else path.at(time_s).position_m) + height
        position, heading = self._level(time_s)
        direction = _about_z(heading).T @ (target - position) - np.array([0.0, 0.0, self._camera_height_m])
        return looking_at(direction)

    def _inertia(self) -> np.ndarray:
        """(n,) inertia about each joint, kg m^2, at the start."""
        self._mujoco.mj_forward(self.model, self._state)
        inertia = []
        for address in self.parts.joint_v:
            unit, row = np.zeros(self.model.nv), np.zeros(self.model.nv)
            unit[address] = 1.0
            self._mujoco.mj_mulM(self.model, self._state, row, unit)
            inertia.append(row[address])
        return np.array(inertia)

    def _check_camera_is_free(self) -> None:
        """Raise ConfigurationError where a thing stands in the camera at any time of a pass (looked at fifty times a second)."""
        model, view = self.model, self.view
        # Planes have no bounding radius: they are always looked at.
        reach = np.where(model.geom_rbound > 0.0, model.geom_rbound + CAMERA_RADIUS_M, np.inf)
        reach[model.geom_group == RIG_GROUP] = -1.0
        for time_s in np.arange(0.0, self.scene.duration_s, 0.02):
            self.look(float(time_s))
            camera = self.world_from(OPTICAL_FRAME).translation_m
            for geom in np.flatnonzero(np.linalg.norm(view.geom_xpos - camera, axis=1) < reach):
                if _distance(self._mujoco, model, view, int(geom), camera) < CAMERA_RADIUS_M:
                    owner = model.body(int(model.geom_bodyid[geom])).name
                    name = model.geom(geom).name or f"a geom of body '{owner}'"
                    raise ConfigurationError(
                        f"scene '{self.scene.name}': {name} is inside the camera at {time_s:.1f} s (camera at "
                        f"{camera[0]:.2f}, {camera[1]:.2f}, {camera[2]:.2f} m): move it, or the platform"
                    )
        self.look(0.0)


def stamp_ns(time_s: float) -> int:
    """Stamp of a moment of the scene."""
    return EPOCH_NS + round(time_s * 1e9)


def _about_z(angle_rad: float) -> np.ndarray:
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _velocity(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(velocity in the world, angular velocity in the body) that takes one pose to the other within a step; 0 for a jump."""
    linear = (b[0] - a[0]) / STEP_S
    if float(np.abs(linear).max()) > JUMP_M_PER_S:
        return np.zeros(3), np.zeros(3)
    return linear, cv2.Rodrigues(a[1].T @ b[1])[0].ravel() / STEP_S


def _distance(mujoco: Any, model: Any, data: Any, geom: int, point: np.ndarray) -> float:
    """Distance from a geom's surface to a point, metres, negative within: for the primitives exactly, for others from their
    bounds."""
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    local = data.geom_xmat[geom].reshape(3, 3).T @ (point - data.geom_xpos[geom])
    types = mujoco.mjtGeom
    if kind == types.mjGEOM_PLANE:
        return float(local[2])
    if kind == types.mjGEOM_SPHERE:
        return float(np.linalg.norm(local) - size[0])
    if kind == types.mjGEOM_CAPSULE:
        nearest = np.array([0.0, 0.0, np.clip(local[2], -size[1], size[1])])
        return float(np.linalg.norm(local - nearest) - size[0])
    if kind == types.mjGEOM_CYLINDER:
        outside = np.array([math.hypot(local[0], local[1]) - size[0], abs(local[2]) - size[1]])
    elif kind == types.mjGEOM_ELLIPSOID:
        # Not the distance, but of its sign and size near the surface.
        return float((np.linalg.norm(local / size) - 1.0) * size.min())
    elif kind == types.mjGEOM_BOX:
        outside = np.abs(local) - size
    else:
        # Meshes and height fields: a thing whose bounding box holds the camera may well be a hall around it.
        return math.inf
    return float(np.linalg.norm(np.maximum(outside, 0.0)) + min(float(outside.max()), 0.0))
