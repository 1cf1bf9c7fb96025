"""Our strategy on made scenes, whose blur maps are exact or noisy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.blur_map import BlurMap, CellGrid, blur_map_of
from auxfocus_ros.allinfocus.driving import Capture, drive
from auxfocus_ros.allinfocus.strategy.cover import cover_strategy
from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.allinfocus.terms import CaptureTask, End, Sight
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import DefocusModel, ThinLensModel

VGA = ThinLensModel(load_lens("vga_25mm"))
LOW, HIGH = VGA.min_position_steps, VGA.max_position_steps
CELL_PX = 64


class EvenBlur:
    """An uncalibrated lens: blur grows evenly with the way."""

    def __init__(self, gain: float) -> None:
        self.gain = gain

    def radius_px(self, position, best):
        return self.gain * np.abs(np.asarray(position) - best)


class MadeScene:
    """Cells that are in focus at given positions (NaN: no texture); the camera over them, and the estimator of its frames."""

    def __init__(self, best, blur, start: float, *, error_levels: float = 0.0, sigma_levels: float = 0.05, seed: int = 0) -> None:
        self.best, self.blur, self.position_steps = np.asarray(best, np.float64), blur, start
        self._error, self._sigma = error_levels, sigma_levels
        self._rng = np.random.default_rng(seed)

    def move(self, position_steps: float) -> None:
        self.position_steps = position_steps

    def capture(self):
        return np.zeros(tuple(CELL_PX * n for n in self.best.shape), np.uint8)

    def estimate(self, picture, cell_px: int) -> BlurMap:
        radius = np.asarray(self.blur.radius_px(self.position_steps, self.best))
        level = np.log2(radius + 0.5) + self._error * self._rng.standard_normal(radius.shape)
        return blur_map_of(np.exp2(level) - 0.5, CellGrid(picture.shape[1], picture.shape[0], cell_px), self._sigma)


def planes(shares, low: float = LOW, high: float = HIGH, shape=(6, 12)) -> np.ndarray:
    """(rows, columns) of equally wide upright planes, each in focus at a share of the range."""
    at = low + (high - low) * np.asarray(shares, np.float64)
    return np.repeat(at, shape[1] // len(at))[None, :].repeat(shape[0], axis=0)


def captured(scene: MadeScene, model: DefocusModel | None = VGA, options: CoverOptions | None = None, **more) -> Capture:
    """A capture of a scene with the lens's whole range."""
    rows, columns = scene.best.shape
    low, high = (LOW, HIGH) if model is None else (model.min_position_steps, model.max_position_steps)
    wanted = {"min_position_steps": low, "max_position_steps": high, "start_position_steps": scene.position_steps, **more}
    task = CaptureTask(columns * CELL_PX, rows * CELL_PX, model=model, **wanted)
    return drive(cover_strategy(task, scene, options or CoverOptions()), scene, task)


def share_in_focus(capture: Capture, best, model: DefocusModel = VGA) -> float:
    """Of all cells, by the true positions."""
    away = np.abs(np.asarray(capture.positions_steps)[:, None, None] - best)
    return float((away <= model.half_depth_of_focus_steps(best)).any(axis=0).mean())


@pytest.mark.parametrize("depths", [(0.3,), (0.2, 0.8), (0.1, 0.5, 0.9), (0.1, 0.3, 0.5, 0.7)])
@pytest.mark.parametrize("start", [0.0, 1.0])
@pytest.mark.parametrize("falling", [False, True])
def test_from_an_end_one_frame_for_each_depth_and_the_first(depths, start, falling):
    best = planes([1.0 - share for share in depths] if falling else depths)
    capture = captured(MadeScene(best, VGA, LOW + start * (HIGH - LOW)))
    assert share_in_focus(capture, best) == 1.0
    assert capture.journal.captures == len(depths) + 1
    assert capture.end.end in (End.ALL_IN_FOCUS, End.NOT_WORTH_IT, End.VISITED)
    assert capture.end.complete
    assert capture.end.known.share_in_focus > 0.9


@pytest.mark.parametrize("depths", [(0.3,), (0.2, 0.8), (0.1, 0.5, 0.9)])
def test_from_the_middle_one_more_for_the_sign(depths):
    best = planes(depths)
    capture = captured(MadeScene(best, VGA, LOW + 0.45 * (HIGH - LOW)))
    assert share_in_focus(capture, best) == 1.0
    assert capture.journal.captures <= len(depths) + 2


def test_a_lens_whose_steps_go_the_other_way():
    from dataclasses import replace

    from auxfocus_ros.optics.mapping import LinearMapping

    lens = VGA.lens
    turned = LinearMapping(-lens.mapping.step_m, LOW + HIGH - lens.infinity_position_steps)
    model = ThinLensModel(replace(lens, mapping=turned))
    best = planes((0.2, 0.8))
    capture = captured(MadeScene(best, model, LOW), model)
    assert share_in_focus(capture, best, model) == 1.0
    assert capture.journal.captures == 3


def test_depth_needs_no_first_frame_and_is_visited_in_one_sweep():
    best = planes((0.2, 0.5, 0.8))
    depth_m = np.array([[VGA.lens.focus_distance_m(at) for at in row] for row in best])
    capture = captured(MadeScene(best, VGA, LOW), depth_m=depth_m, depth_sigma=0.01)
    assert share_in_focus(capture, best) == 1.0
    assert capture.journal.captures == 3
    assert capture.journal.reversals == 0


def test_wrong_depth_is_outvoted():
    best = planes((0.2, 0.8))
    wrong = np.full(best.shape, VGA.lens.focus_distance_m(LOW + 0.5 * (HIGH - LOW)))
    capture = captured(MadeScene(best, VGA, LOW), depth_m=wrong, depth_sigma=0.01)
    assert share_in_focus(capture, best) == 1.0
    assert capture.journal.captures <= 5


def test_unknown_depth_is_found_by_frames():
    best = planes((0.2, 0.8))
    half_known = np.where(best < 500.0, VGA.lens.focus_distance_m(float(best[0, 0])), np.nan)
    capture = captured(MadeScene(best, VGA, LOW), depth_m=half_known, depth_sigma=0.01)
    assert share_in_focus(capture, best) == 1.0
    assert capture.journal.captures <= 4


def test_noise_costs_frames_and_no_focus():
    best = planes((0.2, 0.8), VGA.min_position_steps, VGA.max_position_steps)
    scene = MadeScene(best, VGA, 500.0, error_levels=0.3, sigma_levels=0.3)
    capture = captured(scene, VGA)
    assert share_in_focus(capture, best, VGA) >= 0.95
    assert capture.journal.captures <= 8


def test_without_texture_there_is_nothing_to_be_known():
    capture = captured(MadeScene(np.full((4, 6), np.nan), VGA, 500.0))
    assert capture.end.end == End.NO_TEXTURE
    assert not capture.end.complete
    assert capture.journal.captures == 2


def test_what_has_no_texture_asks_for_no_frames():
    best = planes((0.5, 0.5))
    best[:, 3:] = np.nan
    capture = captured(MadeScene(best, VGA, LOW))
    assert capture.journal.captures == 2
    assert not capture.end.known.done[:, 3:].any()
    assert capture.end.known.done[:, :3].all()
    assert np.isnan(capture.end.known.best_position_steps[:, 3:]).all()


def test_what_is_in_focus_nowhere_is_said():
    best = planes((0.3, 1.1))
    capture = captured(MadeScene(best, VGA, LOW))
    assert capture.end.end == End.OUT_OF_RANGE
    assert capture.journal.captures <= 4
    assert capture.end.known.share_in_focus == pytest.approx(0.5, abs=0.05)


def test_only_the_region_counts():
    best = planes((0.2, 0.8))
    rows, columns = best.shape
    roi = (columns * CELL_PX // 2, 0, columns * CELL_PX // 2, rows * CELL_PX)
    capture = captured(MadeScene(best, VGA, LOW), roi=roi)
    assert capture.journal.captures <= 3
    there = LOW + 0.8 * (HIGH - LOW)
    assert capture.positions_steps[-1] == pytest.approx(there, abs=float(VGA.half_depth_of_focus_steps(there)))


def test_the_budget_of_frames():
    capture = captured(MadeScene(planes((0.1, 0.5, 0.9)), VGA, LOW), max_frames=2)
    assert capture.end.end == End.LIMIT_REACHED
    assert not capture.end.complete
    assert capture.journal.captures == 2


@pytest.mark.parametrize("gain", [0.02, 0.08, 0.25])
def test_the_gain_of_an_unknown_lens_is_found(gain):
    from auxfocus_ros.allinfocus.strategy.cover import Covering

    best = planes((0.15, 0.5, 0.8))
    scene = MadeScene(best, EvenBlur(gain), LOW, sigma_levels=0.1)
    task = CaptureTask(best.shape[1] * CELL_PX, best.shape[0] * CELL_PX, LOW, HIGH, LOW)
    machine = Covering(task, CoverOptions())
    for position in (LOW, 0.5 * (LOW + HIGH), HIGH):
        scene.move(position)
        machine.see(scene.estimate(scene.capture(), CELL_PX), position)
    found = np.exp(machine.belief.gain_share @ np.log(machine.axis.gains))
    assert found == pytest.approx(gain, rel=0.2)


def test_an_unknown_lens_on_a_stack():
    positions = tuple(float(i) for i in range(25))
    best = planes((0.25, 0.75), 0.0, 24.0)
    scene = MadeScene(best, EvenBlur(1.5), 0.0, sigma_levels=0.1)
    capture = captured(
        scene, None, min_position_steps=0.0, max_position_steps=24.0, positions_steps=positions, start_position_steps=0.0
    )
    away = np.abs(np.asarray(capture.positions_steps)[:, None, None] - best).min(axis=0)
    assert away.max() <= 1.0
    assert capture.journal.captures <= 6


MADE = {
    "shares": st.lists(st.floats(-0.2, 1.2), min_size=1, max_size=4),
    "start": st.floats(0.0, 1.0),
    "error": st.floats(0.0, 1.0),
    "blank": st.floats(0.0, 1.0),
    "calibrated": st.booleans(),
    "frames": st.one_of(st.none(), st.integers(2, 12)),
    "seed": st.integers(0, 99),
}


@settings(max_examples=25, deadline=None)
@given(made=st.fixed_dictionaries(MADE))
def test_it_ends_within_the_range_and_nowhere_twice(made):
    rng = np.random.default_rng(made["seed"])
    low, high = VGA.min_position_steps, VGA.max_position_steps
    best = low + (high - low) * rng.choice(made["shares"], (4, 5))
    best[rng.random(best.shape) < made["blank"]] = np.nan
    positions = None if made["frames"] is None else tuple(np.linspace(low, high, made["frames"]))
    first = low + made["start"] * (high - low)
    if positions is not None:
        first = min(positions, key=lambda one: abs(one - first))
    scene = MadeScene(best, VGA, first, error_levels=made["error"], sigma_levels=0.2, seed=made["seed"])
    rows, columns = best.shape
    task = CaptureTask(
        columns * CELL_PX,
        rows * CELL_PX,
        low,
        high,
        first,
        model=VGA if made["calibrated"] else None,
        positions_steps=positions,
        max_frames=60,
    )
    capture = drive(cover_strategy(task, scene), scene, task)
    visited = capture.positions_steps
    assert capture.end.end != End.LIMIT_REACHED
    assert len(set(visited)) == len(visited)
    assert all(low <= one <= high for one in visited)
    assert positions is None or set(visited) <= set(positions)


def test_a_moving_scene_is_kept_in_focus():
    best = planes((0.2, 0.5, 0.8), VGA.min_position_steps, VGA.max_position_steps)
    scene = MadeScene(best, VGA, 500.0, error_levels=0.2, sigma_levels=0.25)
    capture = captured(scene, VGA, keep=2, max_frames=40)
    assert capture.journal.captures == 40
    half = VGA.half_depth_of_focus_steps(best[0])
    seen = [np.abs(position - best[0]) <= half for position in capture.positions_steps[10:]]
    for column in range(best.shape[1]):
        unseen = longest = 0
        for frame in seen:
            unseen = 0 if frame[column] else unseen + 1
            longest = max(longest, unseen)
        assert longest <= 8


def test_a_moving_scene_is_followed():
    low, high = VGA.min_position_steps, VGA.max_position_steps
    scene = MadeScene(planes((0.2,), low, high), VGA, 500.0, error_levels=0.2, sigma_levels=0.25)
    rows, columns = scene.best.shape
    task = CaptureTask(columns * CELL_PX, rows * CELL_PX, low, high, 500.0, model=VGA, keep=0)
    strategy = cover_strategy(task, scene)
    look = next(strategy)
    misses = []
    for _ in range(60):
        scene.best += 0.008 * (high - low)
        scene.move(look.position_steps)
        misses.append(abs(look.position_steps - scene.best[0, 0]))
        look = strategy.send(Sight(scene.capture(), look.position_steps))
    assert np.median(misses[20:]) < float(VGA.half_depth_of_focus_steps(500.0))


def test_a_moving_scene_without_texture_is_looked_for_everywhere():
    capture = captured(MadeScene(np.full((4, 6), np.nan), VGA, LOW), keep=1, max_frames=12)
    assert len(set(capture.positions_steps)) >= 6
    assert min(capture.positions_steps) >= LOW
    assert max(capture.positions_steps) <= HIGH


def test_a_frame_of_another_size_is_an_error():
    task = CaptureTask(256, 256, LOW, HIGH, LOW, model=VGA)
    strategy = cover_strategy(task, MadeScene(planes((0.5,)), VGA, LOW))
    look = next(strategy)
    with pytest.raises(InputError, match="256 x 128"):
        strategy.send(Sight(np.zeros((128, 256), np.uint8), look.position_steps))
