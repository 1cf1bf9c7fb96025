"""Points before a camera that moves by a known motion, and textured pictures that a known homography takes into each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.monodepth.geometry.epipolar import pose, rotation_of
from auxfocus_ros.optics.camera import CameraModel

Array = np.ndarray[Any, np.dtype[np.float64]]
CAMERA = CameraModel(192, 144, 160.0, 160.0, 95.5, 71.5)


@pytest.fixture(scope="session")
def camera() -> CameraModel:
    return CAMERA


@pytest.fixture(scope="session")
def motion() -> Array:
    """A turn of 0.03 rad and a translation of length 1, to the side and forwards."""
    return pose(rotation_of(np.array([0.01, -0.025, 0.012])), np.array([0.6, 0.0, -0.8]))


@pytest.fixture(scope="session")
def seen() -> Callable[..., tuple[Array, Array]]:
    """seen(motion, count=300, noise_px=0, seed=0, plane=False): rays (N, 3) of the same points in both cameras."""

    def make(motion: Array, count: int = 300, noise_px: float = 0.0, seed: int = 0, plane: bool = False) -> tuple[Array, Array]:
        random = np.random.default_rng(seed)
        first = np.column_stack((random.uniform(-0.6, 0.6, count), random.uniform(-0.45, 0.45, count), np.ones(count)))
        depth = 1.0 / (0.1 + 0.02 * first[:, 0] + 0.03 * first[:, 1]) if plane else random.uniform(6.0, 30.0, count)
        there = (first * depth[:, None]) @ motion[:3, :3].T + motion[:3, 3]
        second = there / there[:, 2:]
        second[:, :2] += random.normal(0.0, noise_px / CAMERA.fx_px, (count, 2))
        return first, second

    return make


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """(144, 192, 3) with texture, coarse and fine, everywhere."""
    random = np.random.default_rng(3)
    layers = [
        cv2.resize(random.random((h, w, 3), np.float32), (192, 144), interpolation=cv2.INTER_CUBIC)
        for h, w in ((9, 12), (48, 64))
    ]
    return np.clip((0.5 * layers[0] + 0.5 * layers[1]) * 220 + 10, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def warped() -> Callable[[np.ndarray, Array], np.ndarray]:
    """warped(picture, turn): what a camera sees of it when rays x1 become turn @ x1, (3, 3)."""

    def warp(picture: np.ndarray, turn: Array) -> np.ndarray:
        homography = CAMERA.matrix() @ turn @ np.linalg.inv(CAMERA.matrix())
        size = (CAMERA.width_px, CAMERA.height_px)
        return np.asarray(cv2.warpPerspective(picture, homography, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))

    return warp


@pytest.fixture(scope="session")
def apart() -> Callable[[Array, Array], tuple[float, float]]:
    """apart(motion, other): radians between the rotations, degrees between the translations."""

    def measure(motion: Array, other: Array) -> tuple[float, float]:
        turn = float(np.linalg.norm(cv2.Rodrigues(motion[:3, :3] @ other[:3, :3].T)[0]))
        one, two = motion[:3, 3], other[:3, 3]
        cosine = one @ two / (np.linalg.norm(one) * np.linalg.norm(two))
        return turn, float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))

    return measure
