"""Defocus of scenes with depth: edges between near and far, slanted planes, holes, and the real room."""

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import depth_defocus, load_lens
from auxfocus_ros.optics.defocus import defocus_plane, disk_kernel
from auxfocus_ros.optics.depth_defocus import (
    breathing_scale,
    defocus_by_map,
    defocus_map,
    defocus_scene,
    fill_depth,
)
from auxfocus_ros.optics.lens import Lens

HEIGHT, WIDTH = 240, 320
BOX = np.zeros((HEIGHT, WIDTH), bool)
BOX[60:180, 100:220] = True


def texture(height: int = HEIGHT, width: int = WIDTH, seed: int = 0, colours: int = 3) -> np.ndarray:
    """Blobs of about 2 px, uint8 (height, width, colours)."""
    noise = np.random.default_rng(seed).normal(128.0, 160.0, (height, width, colours))
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 1.2), 0, 255).astype(np.uint8)


def spread_radius_px(edge: np.ndarray) -> float:
    """Radius of the disk whose edge spread this is: twice the standard deviation of the slope of a step's image."""
    slope = np.diff(edge.astype(np.float64))
    x = np.arange(len(slope))
    mean = (slope * x).sum() / slope.sum()
    return 2.0 * math.sqrt((slope * (x - mean) ** 2).sum() / slope.sum())


@pytest.fixture(scope="module")
def lens() -> Lens:
    """The bench lens on the room's camera, opened wide."""
    bench = load_lens("bench_25mm")
    return replace(bench, pixel_pitch_m=bench.focal_length_m / 518.0, f_number=0.8)


# Edges between near and far


@pytest.mark.parametrize("radius", [0.2, 0.5, 1.0, 3.0, 6.0, 12.0, 25.0, 60.0])
def test_a_sharp_near_object_stays_as_it_is_to_the_pixel_and_nothing_of_it_gets_into_the_blur_behind(radius: float) -> None:
    behind = texture()
    defocus = np.where(BOX, 0.0, radius).astype(np.float32)
    green, white = (np.where(BOX[..., None], np.array(colour, np.uint8), behind) for colour in ((40, 200, 90), (255, 255, 255)))
    defocused = defocus_by_map(green, defocus)
    np.testing.assert_array_equal(defocused[BOX], green[BOX])
    np.testing.assert_array_equal(defocused[~BOX], defocus_by_map(white, defocus)[~BOX])


@pytest.mark.parametrize("radius", [0.5, 1.3, 2.0, 4.0, 6.0, 9.0, 14.0, 25.0])
def test_a_blurred_near_object_spreads_over_the_sharp_background_as_its_own_blur_does(radius: float) -> None:
    shape = np.where(BOX, 255, 0).astype(np.uint8)
    defocused = defocus_by_map(shape, np.where(BOX, -radius, 0.0).astype(np.float32), gamma=1.0)
    # Over black the object's light is its opacity, so this is the object alone, blurred, between two rungs as well. (At a radius
    # below the first rung it shares the sharp layer with the background, and its rim is a little too opaque.)
    assert np.abs(defocused.astype(int) - defocus_plane(shape, radius, gamma=1.0)).max() <= (20 if radius < 0.7 else 12)
    assert spread_radius_px(defocused[120, :160]) == pytest.approx(radius, abs=0.2 if radius < 0.7 else 0.1, rel=0.05)
    # Beyond its reach the background is untouched, to the pixel.
    scene = np.where(BOX, 255, texture(colours=1)).astype(np.uint8)
    defocused = defocus_by_map(scene, np.where(BOX, -radius, 0.0).astype(np.float32))
    far_off = ~cv2.dilate(BOX.astype(np.uint8), np.ones((2 * math.ceil(1.25 * radius) + 7,) * 2, np.uint8)).astype(bool)
    np.testing.assert_array_equal(defocused[far_off], scene[far_off])
    assert defocused[60:180, 99].mean() > scene[60:180, 99].mean() + 5


DEPTH_STEPS = {
    "sharp before blurred": np.where(BOX, 0, 9),
    "blurred before sharp": np.where(BOX, -9, 0),
    "both blurred": np.where(BOX, -6, 4),
    "both blurred widely": np.where(BOX, -30, 30),
    "both behind focus": np.where(BOX, 2, 7),
    "both before focus": np.where(BOX, -7.3, -2.2),
    "noise": np.random.default_rng(1).uniform(-12, 12, (HEIGHT, WIDTH)),
    "slanted": np.linspace(-15, 15, WIDTH)[None] * np.ones((HEIGHT, 1)),
    "slanted behind a box": np.where(BOX, -12, np.linspace(-8, 15, HEIGHT)[::-1, None]),
}


@pytest.mark.parametrize("name", DEPTH_STEPS)
@pytest.mark.parametrize("exact", [False, True])
def test_no_halos_an_even_wall_stays_even_whatever_its_depth(name: str, exact: bool) -> None:
    for level in (8, 60, 250):
        wall = np.full((HEIGHT, WIDTH, 3), level, np.uint8)
        defocused = defocus_by_map(wall, DEPTH_STEPS[name].astype(np.float32), exact=exact).astype(int)
        assert np.abs(defocused - level).max() <= 1


def test_colours_behind_a_blurred_edge_come_from_beside_it() -> None:
    # Left of the middle a near, strongly blurred red curtain, right of it a sharp blue wall: purple at the edge, never dark.
    picture = np.zeros((128, 256, 3), np.float32)
    picture[:, :128, 2] = picture[:, 128:, 0] = 1.0
    defocus = np.zeros((128, 256), np.float32)
    defocus[:, :128] = -12.0
    defocused = defocus_by_map(picture, defocus, gamma=1.0)
    np.testing.assert_allclose(defocused.sum(axis=2), 1.0, atol=1e-3)
    assert defocused[..., 1].max() < 1e-6
    red = defocused[64, :, 2]
    assert red[:112].min() > 0.999 and red[144:].max() < 1e-3
    assert 0.45 < red[127:129].mean() < 0.55


# The radius between layers


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_edge_spread_has_the_radius_that_was_asked_for_at_every_radius(sign: float, exact: bool) -> None:
    for radius in (0.3, 0.7, 1.0, 1.9, 3.3, 5.0, 7.0, 10.5, 17.0, 30.0):
        spreads = []
        # The reduced layers lie on a grid: an edge is blurred a little more or less by where it falls on it.
        for place in (128, 131, 134):
            edge = np.zeros((96, 256), np.float32)
            edge[:, place:] = 1.0
            defocused = defocus_by_map(edge, np.full(edge.shape, sign * radius, np.float32), gamma=1.0, exact=exact)
            spreads.append(spread_radius_px(defocused[48]))
        assert np.mean(spreads) == pytest.approx(radius, rel=1e-3 if exact else 0.03)
        assert spreads == pytest.approx([radius] * 3, rel=1e-3 if exact else 0.05, abs=0.0 if exact else 0.1)


def test_a_slanted_textured_plane_is_what_blurring_every_pixel_by_itself_gives() -> None:
    height, width, pad = 72, 200, 16
    picture = texture(height, width, seed=3, colours=1).reshape(height, width).astype(np.float32) / 255.0
    row = np.linspace(-7.0, 9.0, width, dtype=np.float32)
    light, weight = np.zeros((height + 2 * pad, width + 2 * pad)), np.zeros((height + 2 * pad, width + 2 * pad))
    for x, radius in enumerate(row):
        kernel = disk_kernel(abs(float(radius)))
        half = kernel.shape[0] // 2
        for y in range(height):
            place = (slice(y + pad - half, y + pad + half + 1), slice(x + pad - half, x + pad + half + 1))
            light[place] += kernel * picture[y, x]
            weight[place] += kernel
    truth = (light / np.maximum(weight, 1e-9))[pad:-pad, pad:-pad]
    inner = (slice(10, -10), slice(10, -10))
    for exact in (False, True):
        got = defocus_by_map(picture, np.tile(row, (height, 1)), gamma=1.0, exact=exact)
        error = (got - truth)[inner]
        assert -10.0 * math.log10(float((error**2).mean())) > (38.0 if not exact else 40.0)
        # No bands: the error's mean along the columns, where the rungs lie, is far below one grey level's visibility.
        assert np.abs(error.mean(axis=0)).max() < 0.02


@settings(deadline=None, max_examples=25)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    colours=st.sampled_from([1, 3]),
    farthest=st.floats(-30.0, 30.0),
    depth=st.floats(0.0, 40.0),
    kernel=st.sampled_from(["disk", "gaussian"]),
    layers=st.integers(3, 60),
    exact=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_any_size_and_any_depth_stays_within_the_colours_that_are_there(  # noqa: PLR0917
    height: int, width: int, colours: int, farthest: float, depth: float, kernel: str, layers: int, exact: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shape = (height, width) if colours == 1 else (height, width, 3)
    picture = rng.integers(40, 200, shape, dtype=np.uint8)
    defocus = (farthest - depth * rng.random((height, width))).astype(np.float32)
    defocused = defocus_by_map(picture, defocus, kernel, layers=layers, exact=exact)
    assert defocused.shape == picture.shape and defocused.dtype == np.uint8
    # Light is averaged with positive weights: nothing darker or brighter than what was there (1 level for rounding).
    assert defocused.min() >= picture.min() - 1 and defocused.max() <= picture.max() + 1


def test_tiles_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = texture(250, 330)
    defocus = np.where(BOX, -11.0, np.linspace(14.0, -3.0, HEIGHT)[:, None])
    defocus = cv2.copyMakeBorder(defocus, 5, 5, 5, 5, cv2.BORDER_REPLICATE).astype(np.float32)
    whole = defocus_by_map(picture, defocus).astype(int)
    monkeypatch.setattr(depth_defocus, "TILE_PX", (48, 64))
    assert np.abs(defocus_by_map(picture, defocus) - whole).max() <= 1


def test_a_scene_that_is_sharp_all_over_is_a_copy() -> None:
    picture = texture()
    sharp = defocus_by_map(picture, np.zeros((HEIGHT, WIDTH), np.float32))
    np.testing.assert_array_equal(sharp, picture)
    assert sharp is not picture


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_type_and_shape_stay(dtype: type) -> None:
    scale = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1.0
    for shape in ((50, 70), (50, 70, 3)):
        picture: np.ndarray = (np.random.default_rng(0).random(shape) * scale).astype(dtype)
        defocused = defocus_by_map(picture, np.full((50, 70), 3.0, np.float32), gamma=1.0)
        assert defocused.dtype == dtype and defocused.shape == shape
        assert defocused.mean() == pytest.approx(picture.mean(), rel=0.01)


# Depth to radius


@pytest.mark.parametrize("focus_m", [0.4, 1.0, 3.0, 9.0, math.inf])
def test_the_map_is_the_lens_s_own_defocus(lens: Lens, focus_m: float) -> None:
    position = lens.position_for_distance(focus_m)
    depth = np.array([[0.3, 0.7, 1.0, 2.5], [7.0, 100.0, 1e6, np.inf]], np.float32)
    np.testing.assert_allclose(defocus_map(depth, lens, position), lens.defocus_px(position, depth), rtol=2e-5, atol=2e-5)


def test_the_map_goes_on_beyond_infinity_focus(lens: Lens) -> None:
    infinity, near = lens.position_for_distance(math.inf), lens.position_for_distance(1.0)
    beyond = infinity + 40.0 * np.sign(infinity - near)
    defocus = defocus_map(np.array([[1.0, np.inf]], np.float32), lens, float(beyond))
    # Everything lies before where such a lens is focused: behind infinity.
    assert (defocus < 0).all() and defocus[0, 0] < defocus[0, 1]
    np.testing.assert_allclose(defocus, lens.defocus_px(float(beyond), np.array([[1.0, np.inf]])), rtol=1e-5)


def test_breathing_enlarges_about_the_principal_point(lens: Lens) -> None:
    near = lens.position_for_distance(0.5)
    # Sensor at f u / (u - f) = 25 x 500 / 475 = 26.3158 mm: 1.052632 times the focal length.
    assert breathing_scale(lens, near) == pytest.approx(500.0 / 475.0)
    assert breathing_scale(lens, lens.position_for_distance(math.inf)) == pytest.approx(1.0)
    picture = np.zeros((120, 160), np.uint8)
    picture[:, 120:] = 255
    depth = np.full((120, 160), 0.5, np.float32)
    edge = defocus_scene(picture, depth, lens, near, breathing=True, centre_px=(70.0, 60.0))[60]
    # The edge stands 49.5 px from the principal point, then 52.1: at 122.1.
    assert (edge < 128).sum() == pytest.approx(122.6, abs=1.0)
    assert (defocus_scene(picture, depth, lens, near)[60] < 128).sum() == 120


# Holes in depth


def test_holes_take_the_farther_side_in_narrow_gaps_and_the_nearest_reading_elsewhere() -> None:
    depth = np.full((60, 200), 4.0, np.float32)
    depth[:, 100:] = 1.0
    depth[10, 95:104] = 0.0  # the shadow between far and near: 9 of 200 pixels, less than 6 %
    depth[20, 120:124] = np.nan  # within the near thing
    depth[:, :30] = -1.0  # a margin: only one side
    depth[30:, 150:] = 0.0  # a large corner
    filled = fill_depth(depth)
    assert filled.dtype == np.float32 and (filled > 0).all()
    assert (filled[10, 95:104] == 4.0).all() and (filled[20, 120:124] == 1.0).all()
    assert (filled[:, :30] == 4.0).all() and (filled[30:, 150:] == 1.0).all()
    assert np.isnan(depth[20, 120]), "the caller's depth is left alone"


@settings(deadline=None, max_examples=50)
@given(height=st.integers(1, 50), width=st.integers(1, 700), share=st.floats(0.0, 1.0), seed=st.integers(0, 2**31))
def test_filling_keeps_readings_and_invents_none(height: int, width: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    depth = rng.choice(np.array([0.5, 2.0, 9.0, np.inf], np.float32), (height, width))
    empty = rng.random((height, width)) < share
    depth[empty] = rng.choice(np.array([0.0, -1.0, np.nan], np.float32), int(empty.sum()))
    if empty.all():
        with pytest.raises(InputError, match="no reading"):
            fill_depth(depth)
        return
    filled = fill_depth(depth)
    np.testing.assert_array_equal(filled[~empty], depth[~empty])
    assert set(np.unique(filled)) <= set(np.unique(depth[~empty]))


def test_integer_and_double_depth_are_taken() -> None:
    for dtype in (np.uint16, np.int32, np.float64):
        depth = np.array([[2, 0, 0, 0, 0, 5]], dtype)
        assert fill_depth(depth).dtype == np.float32


# The real room


def test_the_room_focused_near_and_far(shared_data: Path, lens: Lens) -> None:
    room = shared_data / "rgbd_room"
    picture = np.asarray(cv2.imread(str(room / "color" / "1.png")))
    depth = np.asarray(cv2.imread(str(room / "depth" / "1.pgm"), cv2.IMREAD_UNCHANGED)).astype(np.float32) / 1000.0
    wide = replace(lens, f_number=0.5)
    near, far = (defocus_scene(picture, depth, wide, wide.position_for_distance(u)) for u in (1.3, 7.0))

    def detail(image: np.ndarray, where: np.ndarray) -> float:
        return float(np.abs(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.CV_32F))[where].mean())

    # Away from depth edges, where colour and depth do not lie quite on each other.
    close, distant = (
        cv2.erode(((depth > a) & (depth < b)).astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
        for a, b in ((1.15, 1.45), (6.0, 8.0))
    )
    assert close.sum() > 2000 and distant.sum() > 10000
    assert 0.7 * detail(picture, close) < detail(near, close) < 1.1 * detail(picture, close)
    assert 0.7 * detail(picture, distant) < detail(far, distant) < 1.1 * detail(picture, distant)
    assert detail(far, close) < 0.35 * detail(picture, close)
    assert detail(near, distant) < 0.35 * detail(picture, distant)
    # The reduced resolution of wide layers does not show.
    exact = defocus_scene(picture, depth, wide, wide.position_for_distance(7.0), exact=True)
    assert np.abs(exact.astype(int) - far).mean() < 0.2


# Bad input


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"depth_m": np.ones((5, 5), np.float32)}, r"\(5, 5\)"),
        ({"depth_m": np.zeros((20, 30), np.float32)}, "no reading"),
        ({"depth_m": np.full((20, 30), np.nan, np.float32)}, "no reading"),
        ({"depth_m": np.ones((20, 30), bool)}, "bool"),
        ({"picture": np.zeros((20, 30, 2), np.uint8)}, r"\(20, 30, 2\)"),
        ({"picture": np.zeros((20, 30), np.int64)}, "int64"),
        ({"position_steps": math.nan}, "position nan"),
        ({"position_steps": -1e9}, "no sensor distance at position"),
        ({"kernel": "star"}, "no blur kernel 'star'"),
        ({"gamma": -2.0}, "gamma is -2"),
        ({"layers": 2}, "layers is 2"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(lens: Lens, change: dict[str, object], says: str) -> None:
    right: dict[str, object] = {
        "picture": np.zeros((20, 30), np.uint8),
        "depth_m": np.linspace(1.0, 5.0, 600, dtype=np.float32).reshape(20, 30),
        "lens": lens,
        "position_steps": lens.position_for_distance(1.0),
    }
    defocus_scene(**right)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=says) as caught:
        defocus_scene(**{**right, **change})  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_map_with_nan_is_refused() -> None:
    defocus = np.zeros((20, 30), np.float32)
    defocus[3, 4] = np.nan
    with pytest.raises(InputError, match="NaN"):
        defocus_by_map(np.zeros((20, 30), np.uint8), defocus)
