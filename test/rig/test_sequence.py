"""Sequences for benchmarks: as many points and pixels as asked for, and the geometry stays true."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig import Frame, fields_xyz, open_source, structured_points
from auxfocus_ros.rig.sequence import make_sequence, resampled_cloud, window_at, window_camera, window_picture

CAMERA = CameraModel(1920, 1200, 2152.8, 2155.5, 971.3, 605.9, "plumb_bob", (-0.1192, 0.162, 0.00073985, 0.0014, 0.0))


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 100), st.floats(-2, 2), st.floats(-1, 1))
def test_intrinsics_follow_the_window(time_s: float, x: float, y: float) -> None:
    window = window_at(CAMERA, 1280, 720, time_s)
    left, top, scale = window
    assert -1e-6 <= left <= 1920 - 1280 * scale + 1e-6 and -1e-6 <= top <= 1200 - 720 * scale + 1e-6
    point = np.array([[x, y, 5.0]], np.float32)
    u, v = CAMERA.project(point)
    u_window, v_window = window_camera(CAMERA, 1280, 720, window).project(point)
    # A pixel of the result is `scale` pixels wide; both edges of a picture lie half a pixel before its first centre.
    np.testing.assert_allclose((u_window + 0.5) * scale + left, u + 0.5, atol=2e-3)
    np.testing.assert_allclose((v_window + 0.5) * scale + top, v + 0.5, atol=2e-3)


def test_the_picture_moves_as_its_intrinsics_do() -> None:
    """A white dot at a known pixel must be found where the window's geometry says."""
    picture = np.zeros((1200, 1920), np.uint8)
    picture[598:603, 998:1003] = 255  # centre (1000, 600)
    for time_s in (0.0, 1.7, 4.1):
        left, top, scale = window_at(CAMERA, 1280, 720, time_s)
        small = window_picture(picture, 1280, 720, (left, top, scale)).astype(float)
        rows, columns = np.indices(small.shape)
        found = (small * columns).sum() / small.sum(), (small * rows).sum() / small.sum()
        wanted = (1000.5 - left) / scale - 0.5, (600.5 - top) / scale - 0.5
        np.testing.assert_allclose(found, wanted, atol=0.05)


@pytest.mark.parametrize("count", [10, 500, 3000])
def test_exactly_so_many_points_on_the_rays_of_the_scan(count: int) -> None:
    rng = np.random.default_rng(3)
    scan = rng.normal(scale=20.0, size=(500, 3)).astype(np.float32)
    cloud = resampled_cloud(scan, np.arange(500, dtype=np.float32), count, rng)
    assert cloud.shape == (count,) and cloud.dtype.itemsize == 16
    xyz, source = fields_xyz(cloud), scan[cloud["intensity"].astype(int)]
    along = np.einsum("ij,ij->i", xyz, source) / np.linalg.norm(source, axis=1)
    across = np.linalg.norm(np.cross(xyz, source), axis=1) / np.linalg.norm(source, axis=1)
    assert across.max() < 1e-4
    assert np.abs(along - np.linalg.norm(source, axis=1)).max() < 0.03


def test_a_sequence_from_the_bundled_road(samples: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    options: Any = {"seconds": 0.2, "points": 20_000, "width_px": 640, "height_px": 360, "seed": 7}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    output = tmp_path / "one" / "a.mcap"
    path = make_sequence(samples / "rgb_lidar_road", output, progress=lambda *s: steps.append(s), **options)
    again = make_sequence(samples / "rgb_lidar_road", tmp_path / "two" / "a.mcap", **options)
    assert steps == [(number, 6) for number in range(1, 7)]
    assert path.is_file() and [child.name for child in (tmp_path / "one").iterdir()] == ["a.mcap"]
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()
    source = open_source("recording", path)
    frames = list(source.frames())
    assert len(frames) == 6 and source.rate_hz == pytest.approx(30.0)
    assert all(frame.picture.shape == (360, 640, 3) for frame in frames)
    assert all(frame.points is not None and len(frame.points) == 20_000 for frame in frames)
    assert len({frame.camera for frame in frames}) == 6
    assert not np.array_equal(frames[0].picture, frames[1].picture)
    np.testing.assert_allclose(np.diff([frame.stamp_ns for frame in frames]) * 1e-9, 1 / 30, atol=1e-8)


def test_a_sequence_from_a_room_lands_on_what_the_depth_image_saw(samples: Path, tmp_path: Path) -> None:
    folder = make_sequence(samples / "rgbd_room", tmp_path / "room", seconds=0.1, rate_hz=10, points=50_000)
    assert (folder / "metadata.yaml").is_file()
    (frame,) = open_source("recording", folder).frames()
    (room, *_) = open_source("recording", samples / "rgbd_room").frames()
    optical = frame.optical_points_m()
    u_px, v_px = room.camera.project(optical)
    inside = (u_px > 1) & (u_px < 638) & (v_px > 1) & (v_px < 478)
    assert inside.mean() > 0.99 and room.depth_m is not None
    depth_there = room.depth_m[np.round(v_px[inside]).astype(int), np.round(u_px[inside]).astype(int)]
    assert np.median(np.abs(depth_there - optical[inside, 2])) < 0.01


class OneFrame:
    """A source of one frame without depth."""

    name = "blind"

    def __init__(self, points: np.ndarray | None) -> None:
        self.frame = Frame(0, np.zeros((1200, 1920, 3), np.uint8), CAMERA, points=points)

    def frames(self) -> list[Frame]:
        return [self.frame]


def test_what_cannot_be(tmp_path: Path) -> None:
    cloud = structured_points(np.ones((3, 3), np.float32))
    with pytest.raises(InputError, match="needs frames with points or a depth image"):
        make_sequence(OneFrame(None), tmp_path / "a", seconds=0.1)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="points 0: wanted a number above zero"):
        make_sequence(OneFrame(cloud), tmp_path / "a", points=0)  # type: ignore[arg-type]
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigurationError, match="is there already"):
        make_sequence(OneFrame(cloud), tmp_path / "a", seconds=0.1)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="there is no folder"):
        make_sequence(OneFrame(cloud), tmp_path / "no" / "a", seconds=0.1)  # type: ignore[arg-type]
    assert sorted(child.name for child in tmp_path.iterdir()) == ["a"]
