"""What is said of a frame: a real photograph under a known blur, and what the methods would do of it, as they do when driven."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.frame.autofocuser import BLUR_COLUMNS, COLUMNS, NO_NETWORK, PATCH_PX, TOO_SMALL, Autofocuser
from auxfocus_ros.autofocus.driving import drive
from auxfocus_ros.autofocus.methods import METHODS, method
from auxfocus_ros.autofocus.plane_camera import PlaneCamera
from auxfocus_ros.autofocus.terms import DepthReading, Task
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel

LENS = load_lens("bench_25mm")
MODEL = ThinLensModel(LENS)
BEST, FAR, NEAR = 1500.0, 1420.0, 1580.0
"""Where the plane is in focus, and a lens that stands 80 steps off it on either side."""
DEPTH_M = float(LENS.focus_distance_m(BEST))
DEPTH = DepthReading(DEPTH_M, 0.02 * DEPTH_M)


@pytest.fixture(scope="module")
def patches(samples: Path) -> dict[float, np.ndarray]:
    """By the lens's position: 512 px of a photograph of a circuit board."""
    sharp = cv2.imread(str(samples / "autofocus_planes" / "motherboard-circuits.jpg"))[:720, :720]
    return {at: PlaneCamera(sharp, MODEL, BEST, at, size_px=PATCH_PX).capture() for at in (FAR, BEST, NEAR)}


@pytest.fixture(scope="module")
def asked() -> Autofocuser:
    return Autofocuser(LENS)


def middle(patch: np.ndarray, edge: int = 240) -> np.ndarray:
    begin = (PATCH_PX - edge) // 2
    return patch[begin : begin + edge, begin : begin + edge]


def moved_in_memory(picture: np.ndarray, offset: int) -> np.ndarray:
    """A copy that begins so many bytes after an address that 64 divides."""
    room = np.empty(picture.nbytes + 128, np.uint8)
    begin = -room.ctypes.data % 64 + offset
    copy = room[begin : begin + picture.nbytes].reshape(picture.shape)
    copy[...] = picture
    return copy


def test_it_gives_the_columns_of_the_table(asked: Autofocuser, patches: dict[float, np.ndarray]) -> None:
    assert NAMES[NAMES.index("blur_radius_px") :] == COLUMNS
    assert tuple(asked.columns(middle(patches[FAR]), FAR, None)) == COLUMNS
    assert asked.problems == ()


@pytest.mark.parametrize(("at", "sign"), [(FAR, -1.0), (NEAR, 1.0)])
def test_with_a_depth_the_deviation_has_its_size_and_its_sign(
    asked: Autofocuser, patches: dict[float, np.ndarray], at: float, sign: float
) -> None:
    said = asked.columns(middle(patches[at]), at, DEPTH)
    assert said["blur_radius_px"] == pytest.approx(float(MODEL.radius_px(at, BEST)), rel=0.15)
    assert said["deviation_steps"] == pytest.approx(sign * 80.0, abs=12.0)
    assert said["deviation_m"] == pytest.approx(float(LENS.focus_distance_m(at)) - DEPTH_M, rel=0.2)


def test_in_focus_ours_stays(asked: Autofocuser, patches: dict[float, np.ndarray]) -> None:
    said = asked.columns(middle(patches[BEST]), BEST, DEPTH)
    assert said["says_bayes"] == "in_focus" and said["next_bayes_steps"] == BEST
    assert abs(said["deviation_steps"]) <= 10.0


def test_ours_goes_where_depth_and_blur_say(asked: Autofocuser, patches: dict[float, np.ndarray]) -> None:
    said = asked.columns(middle(patches[NEAR]), NEAR, DEPTH)
    assert said["says_bayes"] == "looks"
    assert said["next_bayes_steps"] == pytest.approx(BEST, abs=10.0)
    assert said["next_depth_steps"] == pytest.approx(BEST, abs=1e-6)


class Moved(Exception):
    """The lens was told to go somewhere."""


class Still:
    """A camera that shows one frame, until it is moved."""

    def __init__(self, picture: np.ndarray, position_steps: float) -> None:
        self.picture, self.position_steps = picture, position_steps

    def move(self, position_steps: float) -> None:
        self.position_steps = position_steps
        raise Moved

    def capture(self) -> np.ndarray:
        return self.picture

    def depth(self) -> DepthReading:
        return DEPTH


@pytest.mark.parametrize("at", [FAR, BEST])
@pytest.mark.parametrize("name", METHODS)
def test_the_next_move_is_the_one_that_a_run_makes_first(
    asked: Autofocuser, patches: dict[float, np.ndarray], name: str, at: float
) -> None:
    task = Task(LENS.min_position_steps, LENS.max_position_steps, at, MODEL, depth=DEPTH)
    camera = Still(patches[at] if METHODS[name].patch_px else middle(patches[at]), at)
    with suppress(Moved):
        drive(method(name)(task), camera, task)
    said = asked.columns(middle(patches[at]), at, DEPTH, patches[at])
    assert said[f"next_{name}_steps"] == pytest.approx(camera.position_steps, abs=0.5)


def test_the_same_arguments_give_the_same_answers_whatever_was_asked_before(
    asked: Autofocuser, patches: dict[float, np.ndarray]
) -> None:
    first = asked.columns(middle(patches[NEAR], 255), NEAR, None)
    asked.columns(middle(patches[FAR], 96), FAR, DEPTH)
    for offset in range(0, 64, 8):  # also where it lies in memory
        again = moved_in_memory(middle(patches[NEAR], 255), offset)
        assert asked.columns(again, NEAR, None) == first
    assert Autofocuser(LENS).columns(middle(patches[NEAR], 255), NEAR, None) == first


def test_what_looks_at_a_patch_needs_one(asked: Autofocuser, patches: dict[float, np.ndarray]) -> None:
    alone = asked.columns(middle(patches[FAR]), FAR, None)
    assert alone["says_source"] == TOO_SMALL and alone["next_source_steps"] is None
    beside = asked.columns(middle(patches[FAR]), FAR, None, patches[FAR])
    assert beside["says_source"] in ("looks", "in_focus")
    assert {name for name in COLUMNS if alone[name] != beside[name]} == {"says_source", "next_source_steps"}
    of_region = asked.columns(patches[FAR], FAR, None)
    assert of_region["next_source_steps"] == beside["next_source_steps"]


def test_of_a_small_region_blur_is_not_told_and_searches_go_on(asked: Autofocuser, patches: dict[float, np.ndarray]) -> None:
    said = asked.columns(middle(patches[FAR], 40), FAR, DEPTH)
    assert {said[name] for name in BLUR_COLUMNS} == {None}
    assert said["says_bayes"] == TOO_SMALL and said["next_bayes_steps"] is None
    assert said["says_hill_climbing"] == "looks" and said["next_depth_steps"] == pytest.approx(BEST, abs=1e-6)


@pytest.mark.parametrize(("level", "says"), [(128, "no_texture"), (3, "too_dark"), (255, "saturated")])
def test_what_shows_nothing_has_no_blur_and_no_deviation(asked: Autofocuser, level: int, says: str) -> None:
    region = np.full((128, 128), level, np.uint8)
    said = asked.columns(region, FAR, None)
    assert said["says_bayes"] == says and said["next_bayes_steps"] == FAR
    assert said["says_depth"] == "no_depth" and said["next_depth_steps"] == FAR
    assert {said[name] for name in BLUR_COLUMNS} == {None}
    by_depth = asked.columns(region, FAR, DEPTH)  # bayes goes by the depth, the picture says as little as before
    assert by_depth["next_bayes_steps"] == pytest.approx(BEST, abs=1e-6)
    assert {by_depth[name] for name in BLUR_COLUMNS} == {None}


def test_a_lens_out_of_its_range_is_brought_back_first(asked: Autofocuser, patches: dict[float, np.ndarray]) -> None:
    said = asked.columns(middle(patches[FAR]), 1000.0, None)
    assert said["next_hill_climbing_steps"] == LENS.min_position_steps


@pytest.mark.parametrize(("lens", "position"), [(None, FAR), (LENS, None), (LENS, math.nan)])
def test_without_lens_or_position_there_is_the_blur_alone(
    patches: dict[float, np.ndarray], lens: None, position: float | None
) -> None:
    said = Autofocuser(lens).columns(middle(patches[FAR]), position, DEPTH)
    assert {name for name in COLUMNS if said[name] is not None} == {"blur_radius_px", "blur_sigma_px"}


@pytest.mark.parametrize("picture", [np.zeros((128, 128), np.float32), np.zeros((128, 128, 4), np.uint8)])
def test_what_is_no_picture_is_refused(asked: Autofocuser, picture: np.ndarray) -> None:
    with pytest.raises(InputError, match="wanted \\(H, W\\)"):
        asked.columns(picture, FAR, None)


@pytest.fixture
def no_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Weights that are cut short."""
    from auxfocus_ros.autofocus import methods, networks

    def missing(_: Path | None = None) -> None:
        raise ConfigurationError("weights are cut short")

    monkeypatch.setattr(networks, "load_radius_estimator", missing)
    monkeypatch.setattr(networks, "load_reference_estimator", missing)
    methods._reference_networks.cache_clear()
    yield
    methods._reference_networks.cache_clear()


@pytest.mark.usefixtures("no_networks")
def test_networks_that_cannot_be_read_are_said_and_done_without(patches: dict[float, np.ndarray]) -> None:
    lacking = Autofocuser(LENS)
    assert [problem.what for problem in lacking.problems] == [
        "weights are cut short: focusing goes on without the blur estimator",
        "autofocus method 'source' is not asked: weights are cut short",
    ]
    said = lacking.columns(patches[FAR], FAR, DEPTH)
    assert said["says_source"] == NO_NETWORK and said["next_source_steps"] is None
    assert {said[name] for name in BLUR_COLUMNS} == {None}
    assert said["says_bayes"] == "looks" and abs(said["next_bayes_steps"] - BEST) <= 40.0
