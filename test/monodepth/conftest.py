"""A small world to learn from: a wall, boxes before it of which one may move, filmed in passing, with known depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel

WIDTH_PX, HEIGHT_PX, FOCAL_PX = 96, 64, 80.0
BUILDING, OBJECT, VEHICLE = 1, 3, 5
# Left, right, top, bottom, z in metres, class.
SURFACES = (
    (-40.0, 40.0, -40.0, 40.0, 6.0, BUILDING),
    (-2.2, -1.0, -0.9, 0.8, 4.0, OBJECT),
    (0.9, 1.7, -0.2, 1.3, 3.2, OBJECT),
    (-0.6, 0.4, -0.5, 0.5, 3.0, VEHICLE),
)
Film = Callable[..., Sequence]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Of PyTorch: the same weights in every run, and nothing taken from what runs beside."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def film() -> Film:
    """film(frames=8, way_m=(0.08, 0, 0.03), thing_m=(0, 0, 0), turn_rad=0.0, seed=0): how camera and thing move a frame."""
    return _film


def _film(
    frames: int = 8,
    way_m: tuple[float, float, float] = (0.08, 0.0, 0.03),
    thing_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    turn_rad: float = 0.0,
    seed: int = 0,
) -> Sequence:
    random = np.random.default_rng(seed)
    textures = [_texture(random) for _ in SURFACES]
    poses = []
    for number in range(frames):
        pose = np.eye(4)
        pose[:3, :3] = cv2.Rodrigues(np.array([0.0, number * turn_rad, 0.0]))[0]
        pose[:3, 3] = np.array(way_m) * number
        poses.append(pose)
    planes = [_frame(pose, np.array(thing_m) * number, textures) for number, pose in enumerate(poses)]
    pictures, depths, classes = (np.stack(parts) for parts in zip(*planes, strict=True))
    camera = CameraModel(WIDTH_PX, HEIGHT_PX, FOCAL_PX, FOCAL_PX, (WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2)
    return Sequence(f"toy {seed}", pictures, camera, np.arange(frames) * 0.1, np.stack(poses), depths, classes)


def _texture(random: np.random.Generator) -> np.ndarray:
    """(256, 256, 3), even at its seams, coarse and fine."""
    sizes = (16, 64, 128)
    layers = [cv2.resize(random.random((size, size, 3), np.float32), (256, 256), interpolation=cv2.INTER_CUBIC) for size in sizes]
    tone = random.random(3, np.float32) * 0.5 + 0.5
    return np.clip((0.5 * layers[0] + 0.3 * layers[1] + 0.2 * layers[2]) * tone * 255, 0, 255).astype(np.uint8)


def _frame(
    world_from_camera: np.ndarray, thing_m: np.ndarray, textures: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture, depth and classes, by a ray through each pixel."""
    v, u = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(float)
    rays = np.stack([(u - (WIDTH_PX - 1) / 2) / FOCAL_PX, (v - (HEIGHT_PX - 1) / 2) / FOCAL_PX, np.ones_like(u)], -1)
    ways, start = rays @ world_from_camera[:3, :3].T, world_from_camera[:3, 3]
    picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    depth, classes = np.full(u.shape, np.inf, np.float32), np.zeros(u.shape, np.uint8)
    for (left, right, top, bottom, z, kind), texture in zip(SURFACES, textures, strict=True):
        shift = thing_m if kind == VEHICLE else np.zeros(3)
        far = (z + shift[2] - start[2]) / ways[..., 2]  # which is depth, as a ray's own z is 1
        x, y = start[0] + far * ways[..., 0] - shift[0], start[1] + far * ways[..., 1] - shift[1]
        hit = (far > 0) & (far < depth) & (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        maps = (np.mod(x * 60.0, 256).astype(np.float32), np.mod(y * 60.0, 256).astype(np.float32))
        seen = cv2.remap(texture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        picture[hit], depth[hit], classes[hit] = seen[hit], far[hit], kind
    return picture, depth, classes
