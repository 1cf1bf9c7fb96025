"""The source's strategy with exact estimates over scenes without pictures, and over a rendered one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.blur_map import BlurMap, CellGrid, blur_map_of
from auxfocus_ros.allinfocus.driving import Capture, drive
from auxfocus_ros.allinfocus.scene_camera import SceneCamera
from auxfocus_ros.allinfocus.strategy.source import source_strategy
from auxfocus_ros.allinfocus.terms import CaptureTask, End, Look, Sight
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens

HALF = 10.0
MODEL = ThinLensModel(load_lens("bench_25mm"))


@dataclass
class Scene:
    """Best positions of 8 x 10 cells of 64 px. It is a camera that shows nothing and an estimator that knows all."""

    best_steps: np.ndarray
    position_steps: float

    def move(self, position_steps: float) -> None:
        self.position_steps = position_steps

    def capture(self) -> np.ndarray:
        return np.zeros((512, 640), np.uint8)

    def estimate_steps(self, picture: np.ndarray, cell_px: int) -> Any:
        assert picture.shape == (512, 640) and cell_px == 64
        return np.abs(self.best_steps - self.position_steps).astype(np.float32)


@dataclass
class BlurTruth:
    """Tells the blur of a scene."""

    scene: Scene
    sigma_levels: float = 0.1

    def estimate(self, picture: np.ndarray, cell_px: int) -> BlurMap:
        radius = MODEL.radius_px(self.scene.position_steps, self.scene.best_steps)
        return blur_map_of(radius, CellGrid(640, 512, cell_px), self.sigma_levels)


def cells(*best_steps: float) -> np.ndarray:
    """(8, 10): upright stripes of equal width, as nearly as can be."""
    return np.broadcast_to(np.array(best_steps)[np.arange(10) * len(best_steps) // 10], (8, 10)).astype(np.float64)


def task(start: float, low: float = 1050.0, high: float = 2100.0, **changes: Any) -> CaptureTask:
    return CaptureTask(640, 512, low, high, start, **{"half_depth_of_focus_steps": HALF, **changes})


def capture(best: np.ndarray, wanted: CaptureTask, frames: int = 0) -> Capture:
    scene = Scene(best, wanted.start_position_steps)
    if frames:
        wanted = CaptureTask(**{**vars(wanted), "max_frames": frames})
    return drive(source_strategy(wanted, scene), scene, wanted)


@pytest.mark.parametrize("start", [1050.0, 1237.0, 1500.0, 1800.0, 2100.0])
@pytest.mark.parametrize("depths", [(1100.0, 1500.0, 2000.0), (2050.0, 1130.0, 1620.0)])
def test_three_depths_are_found_from_everywhere(start: float, depths: tuple[float, ...]) -> None:
    run = capture(cells(*depths), task(start))
    assert run.end.end is End.ALL_IN_FOCUS and run.end.complete
    assert run.end.known.share_in_focus == pytest.approx(1.0)
    for depth in depths:
        assert min(abs(position - depth) for position in run.positions_steps) <= HALF
    # The start, one jump to the wrong side at most, and the depths.
    assert len(run.frames) <= 5


@settings(max_examples=100, deadline=None)
@given(st.floats(1050.0, 2100.0), st.floats(1050.0, 2100.0))
def test_one_depth_is_found_with_one_wrong_turn_at_most(depth: float, start: float) -> None:
    run = capture(cells(depth), task(start))
    nearest = min(abs(position - depth) for position in run.positions_steps)
    assert len(run.frames) <= 3
    if run.end.end is End.ALL_IN_FOCUS:
        assert nearest <= HALF + 1e-6
    else:
        # Turned away from the end of the range, it would have to go within the depth of field of the start, which just missed it.
        assert run.end.end is End.VISITED and nearest <= 2 * HALF
        assert 2100.0 - start <= 2 * HALF


def test_the_first_frame_takes_all_to_lie_above_and_the_second_puts_it_right() -> None:
    run = capture(cells(1300.0, 1300.0, 1800.0), task(1500.0))
    # 7 of 10 columns lie 200 below, taken for 200 above; 300 is the other bin. In the second frame, at 1700, they lie 400 below.
    assert run.positions_steps == [1500.0, 1700.0, 1300.0, 1800.0]
    first, second = run.known[0], run.known[1]
    assert first.deviation_steps is not None and second.deviation_steps is not None
    np.testing.assert_allclose(first.deviation_steps, cells(200.0, 200.0, 300.0))
    np.testing.assert_allclose(second.deviation_steps, cells(-400.0, -400.0, 100.0))
    assert second.best_position_steps is not None
    np.testing.assert_allclose(second.best_position_steps, cells(1300.0, 1300.0, 1800.0))
    assert [round(known.share_in_focus, 3) for known in run.known] == [0.0, 0.0, 0.7, 1.0]
    assert [round(known.expected_gain, 3) for known in run.known] == [0.7, 0.7, 0.3, 0.0]
    assert "70% was in focus, 30% remains" in run.known[2].message


def test_at_the_upper_end_it_turns_at_once() -> None:
    assert capture(cells(1300.0), task(2100.0)).positions_steps == [2100.0, 1300.0]
    # 1980 of 2100: 400 further up is outside, so that is below; 60 could be either and is taken to be above.
    run = capture(cells(1580.0, 1580.0, 2040.0), task(1980.0))
    assert run.positions_steps == [1980.0, 1580.0, 2040.0]


def test_a_motor_that_counts_the_other_way_sees_the_mirrored_search() -> None:
    depths = (1240.0, 1240.0, 1700.0)
    forth = capture(cells(*depths), task(1050.0))
    back = capture(3150.0 - cells(*depths), task(2100.0))
    assert forth.positions_steps == [3150.0 - position for position in back.positions_steps]
    assert forth.end.end is back.end.end is End.ALL_IN_FOCUS


def test_what_is_in_focus_nowhere_in_the_range_ends_it() -> None:
    run = capture(cells(1500.0, 2400.0), task(1200.0))
    assert run.end.end is End.OUT_OF_RANGE and run.end.complete
    assert run.end.known.share_in_focus == pytest.approx(0.5)
    assert "50% is in focus nowhere" in run.end.message
    assert min(abs(position - 1500.0) for position in run.positions_steps) <= HALF
    assert max(run.positions_steps) <= 2100.0


class Stubborn(Scene):
    """An estimator that says of one depth forever that it is 25 steps away."""

    def estimate_steps(self, picture: np.ndarray, cell_px: int) -> Any:
        found = super().estimate_steps(picture, cell_px)
        return np.where(self.best_steps == 1500.0, np.float32(25.0), found)


def test_going_back_within_the_depth_of_field_of_a_position_ends_it() -> None:
    scene, wanted = Stubborn(cells(1500.0, 1300.0), 1480.0), task(1480.0)
    run = drive(source_strategy(wanted, scene), scene, wanted)
    assert run.end.end is End.VISITED
    assert "within the depth of field of one that was visited" in run.end.message
    assert run.end.known.share_in_focus == pytest.approx(0.5)
    gaps = np.diff(sorted(run.positions_steps))
    assert gaps.min() > HALF


def test_the_threshold_of_the_mask_follows_the_model() -> None:
    wanted = task(1500.0, half_depth_of_focus_steps=None, model=MODEL)
    run = capture(cells(1250.0, 1900.0), wanted)
    assert run.end.end is End.ALL_IN_FOCUS
    for depth in (1250.0, 1900.0):
        half = float(MODEL.half_depth_of_focus_steps(depth))
        assert min(abs(position - depth) for position in run.positions_steps) <= half * 1.01


def test_only_the_region_counts() -> None:
    # The left half alone, which lies at 1800; the right one, at 1200, is not asked for.
    run = capture(cells(1800.0, 1200.0), task(1500.0, roi=(0, 0, 320, 512)))
    assert run.positions_steps == [1500.0, 1800.0]
    assert run.end.end is End.ALL_IN_FOCUS and run.end.known.share_in_focus == pytest.approx(1.0)


def test_a_stack_is_asked_for_its_own_frames() -> None:
    frames = tuple(float(position) for position in range(1050, 2101, 75))
    run = capture(cells(1140.0, 1600.0, 2010.0), task(1500.0, positions_steps=frames))
    assert set(run.positions_steps) <= set(frames)
    # The frames nearest to the three: 1125, 1575 (25 away) and 2025.
    assert {1125.0, 1575.0, 2025.0} <= set(run.positions_steps)
    assert run.end.end is End.ALL_IN_FOCUS
    assert len(run.frames) <= 5


def test_a_moving_capture_goes_back_and_forth_for_ever() -> None:
    run = capture(cells(1300.0, 1300.0, 1800.0), task(1055.0, keep=0), frames=8)
    assert run.end.end is End.LIMIT_REACHED
    # 245 lies in the bin of 240, 505 and 495 in that of 500.
    assert run.positions_steps == [1055.0, 1295.0, 1795.0, 1295.0, 1795.0, 1295.0, 1795.0, 1295.0]
    assert [round(known.share_in_focus, 2) for known in run.known] == [0.0, 0.7, 0.3, 0.7, 0.3, 0.7, 0.3, 0.7]


def test_a_moving_capture_that_remembers_stays_when_nothing_remains() -> None:
    run = capture(cells(1300.0, 1300.0, 1800.0), task(1055.0, keep=2), frames=7)
    # In the fourth frame the second, at 1295, still counts; in the fifth it does no more.
    assert run.positions_steps == [1055.0, 1295.0, 1795.0, 1795.0, 1795.0, 1295.0, 1295.0]
    assert [round(known.share_in_focus, 2) for known in run.known] == [0.0, 0.7, 1.0, 1.0, 0.3, 1.0, 1.0]


def test_a_scene_that_moves_is_followed() -> None:
    scene, wanted = Scene(cells(1500.0), 1500.0), task(1500.0, keep=0)
    search = source_strategy(wanted, scene)
    look = next(search)
    errors = []
    for frame in range(40):
        scene.move(look.position_steps)
        look = search.send(Sight(scene.capture(), look.position_steps))
        errors.append(abs(scene.position_steps - float(scene.best_steps[0, 0])))
        scene.best_steps = scene.best_steps + (6.0 if frame < 20 else -6.0)
        assert 1050.0 <= look.position_steps <= 2100.0
    assert np.median(errors) <= 2 * HALF


@pytest.mark.parametrize("start", [1050.0, 1400.0, 2100.0])
def test_blur_maps_become_steps_by_the_model(start: float) -> None:
    scene = Scene(cells(1200.0, 1560.0, 1990.0), start)
    wanted = task(start, model=MODEL, half_depth_of_focus_steps=None)
    run = drive(source_strategy(wanted, BlurTruth(scene)), scene, wanted)
    assert run.end.end in (End.ALL_IN_FOCUS, End.VISITED)
    for depth in (1200.0, 1560.0, 1990.0):
        assert min(abs(position - depth) for position in run.positions_steps) <= 2 * HALF
    assert run.end.known.blur is not None
    assert len(run.frames) <= 8


def test_without_texture_there_is_nothing_to_judge() -> None:
    scene, wanted = Scene(np.full((8, 10), np.nan), 1500.0), task(1500.0, model=MODEL)
    run = drive(source_strategy(wanted, BlurTruth(scene)), scene, wanted)
    assert run.end.end is End.NO_TEXTURE and not run.end.complete
    assert len(run.frames) == 1
    assert run.end.known.deviation_steps is not None and np.isnan(run.end.known.deviation_steps).all()


def test_cells_without_texture_ask_for_no_frames() -> None:
    scene, wanted = Scene(cells(1700.0, np.nan), 1500.0), task(1500.0, model=MODEL)
    run = drive(source_strategy(wanted, BlurTruth(scene)), scene, wanted)
    assert run.end.end is End.ALL_IN_FOCUS
    assert run.end.known.share_in_focus == pytest.approx(0.5)


class Blinking(BlurTruth):
    """Tells nothing of the right half in every second frame."""

    frames: int = 0

    def estimate(self, picture: np.ndarray, cell_px: int) -> BlurMap:
        self.frames += 1
        found = super().estimate(picture, cell_px)
        if self.frames % 2 == 0:
            found.probability[:, 5:] = 1.0 / found.probability.shape[2]
        return found


def test_a_cell_that_a_frame_tells_nothing_of_keeps_what_was_believed() -> None:
    scene, wanted = Scene(cells(1500.0, 1900.0), 1050.0), task(1050.0, model=MODEL)
    run = drive(source_strategy(wanted, Blinking(scene)), scene, wanted)
    assert run.end.known.best_position_steps is not None
    np.testing.assert_allclose(run.known[1].best_position_steps[:, 5:], 1900.0, atol=60.0)  # type: ignore[index]
    assert min(abs(position - 1900.0) for position in run.positions_steps) <= 2 * HALF


def test_over_pictures_of_a_made_scene() -> None:
    lens = load_lens("bench_25mm")
    rng = np.random.default_rng(3)
    depths = [1250.0, 1600.0, 1950.0]
    distance_m = np.repeat([lens.focus_distance_m(position) for position in depths], [214, 213, 213])
    depth = np.broadcast_to(distance_m, (512, 640)).astype(np.float32)
    sharp = rng.integers(0, 256, (512, 640, 3), dtype=np.uint8)
    camera = SceneCamera(sharp, depth, lens, 1400.0)
    scene = Scene(camera.best_position_steps()[32::64, 32::64], 1400.0)
    wanted = task(1400.0, model=MODEL, half_depth_of_focus_steps=None)

    class Exact:
        def estimate_steps(self, picture: np.ndarray, cell_px: int) -> Any:
            assert picture.shape == (512, 640, 3)
            return np.abs(scene.best_steps - camera.position_steps)

    run = drive(source_strategy(wanted, Exact()), camera, wanted)
    assert run.end.end is End.ALL_IN_FOCUS
    for position in depths:
        half = float(MODEL.half_depth_of_focus_steps(position))
        assert min(abs(one - position) for one in run.positions_steps) <= half * 1.01


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Scenes that reach out of the range, any start, both directions of the motor, and estimates that are wrong."""
    return {
        "best": draw(st.lists(st.floats(-0.3, 1.3), min_size=1, max_size=10)),
        "start": draw(st.floats(0.0, 1.0)),
        "half": draw(st.floats(1.0, 200.0)),
        "motor": draw(st.sampled_from([1.0, -1.0])),
        "noise": draw(st.floats(0.0, 0.4)),
        "keep": draw(st.none() | st.integers(0, 3)),
    }


@settings(max_examples=150, deadline=None)
@given(situations())
def test_never_out_of_the_range_never_twice_the_same_and_always_at_an_end(case: dict[str, Any]) -> None:
    half, keep = case["half"], case["keep"]
    low, high = sorted((case["motor"] * 1050.0, case["motor"] * 2100.0))
    rng = np.random.default_rng(7)
    scene = Scene(cells(*(low + np.array(case["best"]) * (high - low)).tolist()), low + case["start"] * (high - low))
    wrong = np.exp(case["noise"] * rng.standard_normal((8, 10)))

    class Noisy:
        def estimate_steps(self, picture: np.ndarray, cell_px: int) -> Any:
            return scene.estimate_steps(picture, cell_px) * wrong

    wanted = CaptureTask(
        640,
        512,
        low,
        high,
        scene.position_steps,
        half_depth_of_focus_steps=half,
        keep=keep,
        max_frames=30 if keep is not None else 0,
    )
    run = drive(source_strategy(wanted, Noisy()), scene, wanted)
    assert all(low <= position <= high for position in run.positions_steps)
    for known in run.known:
        assert 0.0 <= known.share_in_focus <= 1.0 + 1e-9
        assert known.done is not None and known.in_focus is not None and not (known.in_focus & ~known.done).any()
    if keep is not None:
        assert len(run.frames) == 30
        return
    assert run.end.end in (End.ALL_IN_FOCUS, End.OUT_OF_RANGE, End.VISITED)
    assert np.diff(sorted(run.positions_steps)).min(initial=math.inf) > half
    assert len(run.frames) <= (high - low) / half + 1


def test_a_budget_is_kept() -> None:
    run = capture(cells(*np.linspace(1060.0, 2090.0, 10).tolist()), task(1500.0, max_frames=3))
    assert run.end.end is End.LIMIT_REACHED and not run.end.complete
    assert len(run.frames) == 3
    assert 0.0 < run.end.known.share_in_focus < 1.0


def test_what_cannot_be_done_is_refused_before_the_first_frame() -> None:
    scene = Scene(cells(1500.0), 1500.0)
    with pytest.raises(ConfigurationError, match="must know the depth of focus"):
        source_strategy(task(1500.0, half_depth_of_focus_steps=None), scene)
    with pytest.raises(ConfigurationError, match="needs a calibrated defocus model"):
        source_strategy(task(1500.0), BlurTruth(scene))


def test_a_frame_of_another_size_is_refused() -> None:
    search = source_strategy(task(1500.0), Scene(cells(1500.0), 1500.0))
    assert next(search) == Look(1500.0)
    with pytest.raises(InputError, match="a frame of 480 x 320 px came, 640 x 512 px were to be captured"):
        search.send(Sight(np.zeros((320, 480), np.uint8), 1500.0))
