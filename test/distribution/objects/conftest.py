"""Scenes of boxes on level ground, with exact truth: what a pinhole camera at a known height sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.optics import CameraModel

WIDTH, HEIGHT, FOCAL = 640, 360, 500.0


@dataclass(frozen=True)
class Block:
    """An upright box on the ground: left, right in metres to the right of the camera, height, and depth of its front and back."""

    left_m: float
    right_m: float
    height_m: float
    near_m: float
    far_m: float


class BlockWorld:
    """Renders blocks on ground `eye_m` below a level camera."""

    def __init__(self) -> None:
        self.camera = CameraModel(WIDTH, HEIGHT, FOCAL, FOCAL, 0.5 * (WIDTH - 1), 0.5 * (HEIGHT - 1))
        self.eye_m = 1.5

    def render(self, blocks: Sequence[Block], reach_m: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
        """(depth (H, W) float32 in metres, 0: nothing within reach; labels (H, W), 1 and on: blocks, 0: ground or nothing)."""
        u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
        ray_x, ray_y = (u - self.camera.cx_px) / FOCAL, (v - self.camera.cy_px) / FOCAL
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.where(ray_y > 0, self.eye_m / ray_y, np.inf)
            labels = np.zeros((HEIGHT, WIDTH), int)
            for label, block in enumerate(blocks, 1):
                low = np.array([block.left_m, self.eye_m - block.height_m, block.near_m])
                high = np.array([block.right_m, self.eye_m, block.far_m])
                ray = np.stack([ray_x, ray_y, np.ones_like(ray_x)])
                enter, leave = low[:, None, None] / ray, high[:, None, None] / ray
                first, last = np.minimum(enter, leave).max(axis=0), np.maximum(enter, leave).min(axis=0)
                hit = (first < last) & (first > 0) & (first < depth)
                depth[hit], labels[hit] = first[hit], label
        depth[depth > reach_m] = 0.0
        labels[depth == 0] = 0
        return depth.astype(np.float32), labels

    def boxes(self, labels: np.ndarray) -> list[tuple[int, int, int, int]]:
        """(left, top, width, height) of each block."""
        found = []
        for label in range(1, labels.max() + 1):
            rows, columns = np.nonzero(labels == label)
            found.append((columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1))
        return found

    def scan(self, depth: np.ndarray, rows_apart: int, columns_apart: int) -> ProjectedPoints:
        """What a lidar of rings so many pixels apart would say."""
        v, u = np.mgrid[rows_apart // 2 : HEIGHT : rows_apart, 0:WIDTH:columns_apart].reshape(2, -1)
        z = depth[v, u]
        u, v, z = u[z > 0].astype(np.float32), v[z > 0].astype(np.float32), z[z > 0]
        x = (u - np.float32(self.camera.cx_px)) / np.float32(FOCAL) * z
        y = (v - np.float32(self.camera.cy_px)) / np.float32(FOCAL) * z
        return ProjectedPoints(u, v, z, x, y)


@pytest.fixture
def block_world() -> BlockWorld:
    """A camera 1.5 m above level ground."""
    return BlockWorld()


@pytest.fixture
def make_block() -> type[Block]:
    """The class of a block."""
    return Block
