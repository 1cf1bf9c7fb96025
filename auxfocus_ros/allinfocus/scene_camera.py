"""A camera that looks at a scene of known depth through a lens: strategies and fusion are tried on it, as the truth is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.plane_camera import LIGHTS, Light
from auxfocus_ros.optics.defocus import from_linear, scale_about, to_linear
from auxfocus_ros.optics.depth_defocus import breathing_scale, defocus_scene, fill_depth
from auxfocus_ros.optics.lens import Lens


class SceneCamera:
    """A sharp picture with its depth, seen through a lens. It is a `driving.Camera`.

    truth: (H, W, 3) uint8, what is sharp everywhere. depth_m: (H, W) float32, without holes. lens: as given.
    """

    def __init__(
        self,
        sharp: np.ndarray,
        depth_m: NDArray[np.float32],
        lens: Lens,
        position_steps: float,
        *,
        f_number: float | None = None,
        light: Light = LIGHTS[0],
        gamma: float = 2.2,
        breathing: bool = False,
        seed: int = 0,
    ) -> None:
        """Point it.

        Args:
            sharp: (H, W, 3) uint8, sharp all over.
            depth_m: (H, W) metres; holes are filled.
            lens: the lens, whose pixel pitch is of this picture.
            position_steps: where it stands.
            f_number: in place of the lens's.
            light: the noise.
            gamma: of `sharp` and of what is captured.
            breathing: frames change their scale as the sensor moves away from its place at infinity focus.
            seed: of the noise.
        """
        self.truth, self.depth_m = sharp, fill_depth(depth_m)
        self.lens = lens if f_number is None else replace(lens, f_number=f_number)
        self.position_steps = float(position_steps)
        self._light, self._gamma, self._breathing = light, gamma, breathing
        self._rng = np.random.default_rng(seed)

    def move(self, position_steps: float) -> None:
        """The lens goes exactly there."""
        self.position_steps = float(position_steps)

    def capture(self) -> np.ndarray:
        """(H, W, 3) uint8: blurred, scaled where it breathes, noisy, rounded."""
        picture, depth = self.truth, self.depth_m
        if self._breathing:
            scale = breathing_scale(self.lens, self.position_steps)
            picture, depth = scale_about(picture, scale), scale_about(depth, scale, None, cv2.INTER_NEAREST)
        seen = to_linear(defocus_scene(picture, depth, self.lens, self.position_steps, "disk", self._gamma), self._gamma)
        light = np.maximum(seen * np.float32(self._light.exposure), 0.0)
        noise = np.sqrt(self._light.read**2 + self._light.shot**2 * light).astype(np.float32)
        return from_linear(light + noise * self._rng.standard_normal(light.shape, dtype=np.float32), self._gamma)

    def best_position_steps(self) -> NDArray[np.float64]:
        """(H, W): where each pixel is in focus, not bounded by the lens's range."""
        return np.asarray(self.lens.position_for_distance(self.depth_m.astype(np.float64)))
