"""A recording of fixed focus that answers to the lens."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, Lens, RigidTransform, defocus_scene, load_lens
from auxfocus_ros.rig import Frame, LensReading, Source, SourceCounts, structured_points
from auxfocus_ros.rig.refocus import RefocusedSource, depth_from_points

CAMERA = CameraModel(160, 120, 130.0, 131.0, 70.0, 60.0, "none", ())
NEAR_M, FAR_M = 0.6, 5.0


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A near box before a far wall, both with texture: picture and depth."""
    noise = np.random.default_rng(0).normal(128.0, 120.0, (120, 160, 3))
    picture = np.clip(cv2.GaussianBlur(noise, (0, 0), 1.0), 0, 255).astype(np.uint8)
    depth = np.full((120, 160), FAR_M, np.float32)
    depth[30:90, 20:80] = NEAR_M
    return picture, depth


class Recording:
    """A source of a few equal frames."""

    def __init__(self, count: int = 3, **changes: object) -> None:
        picture, depth = scene()
        fields: dict[str, object] = {"picture": picture, "camera": CAMERA, "depth_m": depth, **changes}
        self.name, self.duration_s, self.rate_hz = "test", 0.1 * count, 10.0
        self.has_depth = fields["depth_m"] is not None or "points" in changes
        self.follows_lens = False
        self.counts = SourceCounts()
        self.positions: list[float] = []
        self.closed = 0
        self._frames = [Frame(stamp_ns=100 * i, **fields) for i in range(count)]  # type: ignore[arg-type]

    def frames(self) -> Iterator[Frame]:
        for frame in self._frames:
            self.counts.frames += 1
            yield frame

    def set_lens_position(self, position_steps: float) -> None:
        self.positions.append(position_steps)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture(scope="module")
def lens() -> Lens:
    return replace(load_lens("bench_25mm"), f_number=1.0)


def detail(picture: np.ndarray, where: tuple[slice, slice]) -> float:
    return float(np.abs(cv2.Laplacian(picture[where].astype(np.float32).mean(axis=2), cv2.CV_32F)).mean())


BOX, WALL = (slice(45, 75), slice(35, 65)), (slice(40, 80), slice(110, 150))


def test_it_is_a_source_and_passes_on_what_it_wraps(lens: Lens) -> None:
    recording = Recording()
    source = RefocusedSource(recording, lens)
    assert isinstance(source, Source)
    assert (source.name, source.duration_s, source.rate_hz) == ("test", pytest.approx(0.3), 10.0)
    assert source.has_depth and source.follows_lens
    assert [frame.stamp_ns for frame in source.frames()] == [0, 100, 200]
    assert len(list(source.frames())) == 3, "a second pass begins anew"
    assert source.counts.frames == 6
    source.set_lens_position(1200.0)
    assert recording.positions == [1200.0]
    source.close()
    source.close()
    assert recording.closed == 2


def test_until_a_position_is_known_the_picture_is_as_recorded(lens: Lens) -> None:
    source = RefocusedSource(Recording(), lens)
    assert next(source.frames()).picture is not None
    np.testing.assert_array_equal(next(source.frames()).picture, scene()[0])
    source.set_lens_position(math.nan)
    np.testing.assert_array_equal(next(source.frames()).picture, scene()[0])


def test_the_picture_follows_the_lens_from_frame_to_frame(lens: Lens) -> None:
    reading = LensReading(0, 5.0, False, 2.0, 1.0, 3.0)
    source = RefocusedSource(Recording(lens=reading), lens)
    sharp, depth = scene()
    frames = source.frames()
    source.set_lens_position(lens.position_for_distance(NEAR_M))
    near = next(frames)
    source.set_lens_position(lens.position_for_distance(FAR_M))
    far = next(frames)
    assert detail(near.picture, BOX) == pytest.approx(detail(sharp, BOX), rel=0.02)
    assert detail(near.picture, WALL) < 0.5 * detail(sharp, WALL)
    assert detail(far.picture, WALL) == pytest.approx(detail(sharp, WALL), rel=0.02)
    assert detail(far.picture, BOX) < 0.5 * detail(sharp, BOX)
    # It is the optics' own rendering with the pitch that fits the intrinsics, p = f / fx.
    fitting = replace(lens, pixel_pitch_m=0.025 / 130.0)
    np.testing.assert_array_equal(far.picture, defocus_scene(sharp, depth, fitting, lens.position_for_distance(FAR_M)))
    # Everything else is the recorded frame's, but for what the recording said of its own lens.
    assert (far.stamp_ns, far.camera, far.lens) == (100, CAMERA, None)
    assert far.depth_m is not None
    np.testing.assert_array_equal(far.depth_m, depth)
    np.testing.assert_array_equal(sharp, scene()[0])


def test_the_f_number_is_free(lens: Lens) -> None:
    position = lens.position_for_distance(NEAR_M)
    wall = [
        detail(next(RefocusedSource(Recording(), lens, f_number=n, position_steps=position).frames()).picture, WALL)
        for n in (1.0, 2.0, 4.0)
    ]
    assert wall[0] < 0.7 * wall[1] and wall[1] < 0.9 * wall[2]


def test_breathing_scales_picture_depth_and_intrinsics_alike(lens: Lens) -> None:
    position = lens.position_for_distance(NEAR_M)
    frame = next(RefocusedSource(Recording(), lens, position_steps=position, breathing=True).frames())
    # v / f = u / (u - f) = 600 / 575 mm.
    scale = 600.0 / 575.0
    assert frame.camera.fx_px == pytest.approx(130.0 * scale) and frame.camera.fy_px == pytest.approx(131.0 * scale)
    assert (frame.camera.cx_px, frame.camera.cy_px) == (70.0, 60.0)
    assert frame.depth_m is not None
    # The box spans 19.5 to 79.5 across: 50.5 px left of the principal point and 9.5 px right of it, times the scale.
    columns = np.flatnonzero(frame.depth_m[60] == np.float32(NEAR_M))
    assert columns[0] == pytest.approx(70.0 - 50.5 * scale, abs=1.0)
    assert columns[-1] == pytest.approx(70.0 + 9.5 * scale, abs=1.0)


def test_grey_pictures_and_smaller_depth_images_are_taken(lens: Lens) -> None:
    grey = cv2.cvtColor(scene()[0], cv2.COLOR_BGR2GRAY)
    recording = Recording(picture=grey, picture_encoding="mono8", depth_m=scene()[1][::2, ::2])
    frame = next(RefocusedSource(recording, lens, position_steps=lens.position_for_distance(FAR_M)).frames())
    assert frame.picture.shape == grey.shape and frame.picture.dtype == np.uint8
    assert frame.depth_m is not None and frame.depth_m.shape == (60, 80)
    assert grey[BOX].std() > 1.5 * frame.picture[BOX].std()


def test_a_cloud_does_where_there_is_no_depth_image(lens: Lens) -> None:
    # Rays through every fourth pixel, in a frame that looks along x as a lidar does.
    v, u = np.mgrid[2:120:4, 2:160:4]
    z = scene()[1][v, u]
    optical = np.stack([(u - 70.0) / 130.0 * z, (v - 60.0) / 131.0 * z, z], axis=-1).reshape(-1, 3)
    optical_from_lidar = RigidTransform(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.array([0.1, 0.0, 0.0]))
    points = structured_points(optical_from_lidar.inverse().apply(optical).astype(np.float32))
    recording = Recording(depth_m=None, points=points, optical_from_points=optical_from_lidar)
    frame = next(RefocusedSource(recording, lens, position_steps=lens.position_for_distance(FAR_M)).frames())
    sharp = scene()[0]
    assert detail(frame.picture, WALL) == pytest.approx(detail(sharp, WALL), rel=0.05)
    assert detail(frame.picture, BOX) < 0.6 * detail(sharp, BOX)
    assert frame.points is points and frame.depth_m is None


def test_depth_from_points_takes_the_nearest_and_fills_the_rest() -> None:
    points = np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 7.0], [np.nan, 0.0, 1.0], [0.0, 0.0, -1.0], [100.0, 0.0, 1.0]], np.float32)
    depth = depth_from_points(points, CAMERA)
    assert depth.shape == (120, 160) and depth.dtype == np.float32
    np.testing.assert_allclose(depth, 2.0)
    with pytest.raises(InputError, match="no point of the cloud falls into the picture"):
        depth_from_points(points[2:], CAMERA)
    with pytest.raises(InputError, match="no point"):
        depth_from_points(points[:0], CAMERA)


@pytest.mark.parametrize(
    ("changes", "position_steps", "says"),
    [
        ({"depth_m": np.zeros((120, 160), np.float32)}, 1500.0, "no reading"),
        ({}, -1e9, "no sensor distance"),
    ],
)
def test_what_cannot_be_rendered_is_told_once_and_shown_as_recorded(
    lens: Lens, changes: dict[str, object], position_steps: float, says: str
) -> None:
    told: list[str] = []
    source = RefocusedSource(Recording(3, **changes), lens, position_steps=position_steps, on_problem=told.append)
    frames = list(source.frames())
    assert len(frames) == 3
    np.testing.assert_array_equal(frames[2].picture, scene()[0])
    assert len(told) == 1 and says in told[0] and "\n" not in told[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"f_number": 0.0}, "f_number"),
        ({"kernel": "star"}, "star"),
        ({"gamma": math.nan}, "gamma"),
        ({"layers": 1000}, "layers"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(lens: Lens, options: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        RefocusedSource(Recording(), lens, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="neither depth images nor points"):
        RefocusedSource(Recording(depth_m=None), lens)


def test_the_bundled_room_answers_to_the_lens(samples: Path, lens: Lens) -> None:
    path = samples / "rgbd_room"
    if not path.is_dir():
        pytest.skip(f"the bundled sample is not here: {path}")
    from auxfocus_ros.rig import open_source

    source = open_source("recording", path, rig="room_rgbd", lens=lens, refocus=True)
    try:
        recorded = next(source.frames()).picture
        source.set_lens_position(lens.position_for_distance(1.2))
        blurred = next(source.frames()).picture
    finally:
        source.close()
    assert detail(blurred, (slice(100, 300), slice(100, 400))) < 0.6 * detail(recorded, (slice(100, 300), slice(100, 400)))
