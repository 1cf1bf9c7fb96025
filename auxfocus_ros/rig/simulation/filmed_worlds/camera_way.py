"""How the camera of a filmed world goes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from auxfocus_ros.optics.rigid import RigidTransform


@dataclass(frozen=True)
class CameraWay:
    """A steady motion that trembles.

    start_m: (3,) at frame 0. heading_rad: about z, 0 looks along x. pitch_rad: positive looks down. step_m: (ahead, to the left,
    up) each frame, in the level frame of its heading. turn_rad: (of the heading, of the pitch) each frame. shake_rad, shake_m:
    root mean squares. roll_rad: at rest.
    """

    start_m: tuple[float, float, float]
    heading_rad: float
    pitch_rad: float
    step_m: tuple[float, float, float]
    turn_rad: tuple[float, float]
    shake_rad: float
    shake_m: float
    roll_rad: float = 0.0

    def poses(self, frames: int, lot: np.random.Generator) -> list[RigidTransform]:
        """World from optical frame of every frame."""
        place, found = np.array(self.start_m), []
        for frame in range(frames):
            heading = self.heading_rad + self.turn_rad[0] * frame + self.shake_rad * lot.normal()
            pitch = self.pitch_rad + self.turn_rad[1] * frame + self.shake_rad * lot.normal()
            roll = self.roll_rad + self.shake_rad * lot.normal()
            found.append(RigidTransform(_looking(heading, pitch, roll), place + self.shake_m * lot.normal(size=3)))
            ahead, left, up = self.step_m
            cos, sin = math.cos(heading), math.sin(heading)
            place = place + np.array([cos * ahead - sin * left, sin * ahead + cos * left, up])
        return found


def _looking(heading: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3) world from optical: x right, y down, z forward."""
    cos, sin = math.cos(pitch), math.sin(pitch)
    forward = np.array([math.cos(heading) * cos, math.sin(heading) * cos, -sin])
    right = np.array([math.sin(heading), -math.cos(heading), 0.0])
    down = np.cross(forward, right)
    turned = math.cos(roll) * right + math.sin(roll) * down
    return np.stack([turned, np.cross(forward, turned), forward], axis=1)
