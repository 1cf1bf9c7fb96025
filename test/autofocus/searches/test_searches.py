"""What holds of every search: it comes to the peak, counts what it costs, and says so when there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus import searches
from auxfocus_ros.autofocus.driving import drive
from auxfocus_ros.autofocus.plane_camera import LIGHTS, PlaneCamera
from auxfocus_ros.autofocus.terms import Reason, State, Task
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel

LOW, HIGH = 1050.0, 2100.0
POSITIONS = st.floats(LOW, HIGH)
EVERY = [getattr(searches, name) for name in searches.__all__]
CERTAIN = [searches.full_sweep, searches.fibonacci, searches.hill_climbing, searches.rule_based]
"""Those that find any peak that is the only one; curves fitted to a few samples may miss it."""
MODEL = ThinLensModel(load_lens("bench_25mm"))


def bench(start: float, **changes: Any) -> Task:
    """The bench lens's range, +- 10 steps deep, with moves and captures enough for every search."""
    given: dict[str, Any] = {"half_depth_of_focus_steps": 10.0, "max_moves": 150, "max_captures": 200, **changes}
    return Task(LOW, HIGH, start, **given)


@pytest.mark.parametrize("search", CERTAIN)
@given(start=POSITIONS, best=POSITIONS)
@settings(max_examples=25, deadline=None)
def test_it_ends_within_the_depth_of_focus_of_any_peak(
    search: Any, searched: Callable[..., Any], peak_at: Callable[..., Any], start: float, best: float
) -> None:
    run, camera = searched(search, peak_at(best), bench(start))
    assert run.outcome.reason is Reason.NONE
    assert run.outcome.in_focus
    assert camera.position_steps == run.outcome.position_steps == pytest.approx(best, abs=6.0)
    assert run.journal.moves == len(camera.commanded)
    assert run.journal.captures == len(camera.captured)
    assert all(LOW <= position <= HIGH for position in camera.commanded)


@pytest.mark.parametrize("search", [searches.curve_rol, searches.curve_bpic])
def test_curves_come_to_the_peak_with_four_to_seven_samples(
    search: Any, searched: Callable[..., Any], peak_at: Callable[..., Any]
) -> None:
    errors = []
    for best in np.linspace(LOW, HIGH, 24):
        run, camera = searched(search, peak_at(float(best)), bench(1400.0))
        assert 4 <= run.journal.captures <= 7
        assert run.journal.moves <= 8
        errors.append(abs(camera.position_steps - best))
    assert np.median(errors) < 10.0
    assert np.mean(np.array(errors) < 20.0) > 0.75


@pytest.mark.parametrize("search", EVERY)
@pytest.mark.parametrize("end", [LOW, HIGH])
def test_a_peak_at_the_end_of_the_range_is_found(
    search: Any, end: float, searched: Callable[..., Any], peak_at: Callable[..., Any]
) -> None:
    run, _ = searched(search, peak_at(end), bench(1600.0))
    assert run.outcome.position_steps == pytest.approx(end, abs=10.0)


@pytest.mark.parametrize("search", EVERY)
def test_no_texture_ends_at_the_start(search: Any, searched: Callable[..., Any]) -> None:
    noise = np.random.default_rng(0)
    run, camera = searched(search, lambda _: 100.0 + 0.1 * noise.standard_normal(), bench(1400.0))
    assert run.outcome.reason is Reason.NO_TEXTURE
    assert not run.outcome.in_focus
    assert camera.position_steps == 1400.0
    assert "sharper than the others" in run.outcome.message


@pytest.mark.parametrize("search", EVERY)
def test_spent_moves_end_at_the_sharpest_so_far(search: Any, searched: Callable[..., Any], peak_at: Callable[..., Any]) -> None:
    curve = peak_at(1800.0)
    settings_of: dict[str, Any] = {"step_steps": 10.0} if search is searches.full_sweep else {}
    for limit in ({"max_moves": 3}, {"max_captures": 3}):
        run, camera = searched(search, curve, bench(1400.0, **limit), **settings_of)
        assert run.outcome.reason is Reason.LIMIT_REACHED
        assert not run.outcome.in_focus
        assert run.journal.moves <= limit.get("max_moves", 4)
        assert run.journal.captures <= 3
        assert curve(camera.position_steps) == max(map(curve, camera.captured))


@pytest.mark.parametrize("search", EVERY)
@given(count=st.integers(2, 40), places=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)))
@settings(max_examples=15, deadline=None)
def test_a_stack_is_asked_for_its_own_frames_and_for_each_once(
    search: Any, searched: Callable[..., Any], peak_at: Callable[..., Any], count: int, places: tuple[float, float]
) -> None:
    frames = tuple(np.linspace(0.2, 9.8, count).tolist())
    best, first = (frames[round(place * (count - 1))] for place in places)
    task = Task(0.2, 9.8, first, positions_steps=frames, max_moves=150, max_captures=200)
    run, camera = searched(search, peak_at(best, width=0.8), task)
    assert set(camera.captured) <= set(frames)
    assert len(set(camera.captured)) == len(camera.captured)
    if search in CERTAIN and search is not searches.rule_based:
        assert run.outcome.position_steps == best


@pytest.mark.parametrize("search", EVERY)
def test_one_frame_is_nothing_to_compare(search: Any, searched: Callable[..., Any], peak_at: Callable[..., Any]) -> None:
    run, _ = searched(search, peak_at(1.0), Task(0.0, 2.0, 1.0, positions_steps=(1.0,)))
    assert run.outcome.reason is Reason.OTHER
    assert run.journal.moves == 0


@pytest.mark.parametrize("search", EVERY)
def test_with_backlash_the_peak_is_come_to_from_the_side_of_the_sharpest_look(
    search: Any, searched: Callable[..., Any], peak_at: Callable[..., Any]
) -> None:
    _, camera = searched(search, peak_at(1503.0), bench(1400.0, backlash_steps=8.0))
    stands = [1400.0, *camera.commanded]
    sharpest = min(camera.captured, key=lambda position: abs(position - 1503.0))
    came = stands.index(sharpest)
    last_way = np.sign(stands[-1] - stands[-2])
    assert last_way == np.sign(stands[came] - stands[came - 1])


@pytest.mark.parametrize("search", EVERY)
def test_looks_say_that_it_is_searching(search: Any) -> None:
    look = next(search(bench(1400.0)))
    assert look.known.state is State.SEARCHING


@pytest.mark.parametrize("search", EVERY)
def test_unknown_measures_are_refused_at_once(search: Any) -> None:
    with pytest.raises(ConfigurationError, match="no sharpness measure is called 'sobel'"):
        search(bench(1400.0), measure="sobel")


def test_bad_settings_are_refused_with_their_names() -> None:
    with pytest.raises(ConfigurationError, match="coarse_steps must be finite and above 0, got -1; fine_steps"):
        searches.rule_based(bench(1400.0), coarse_steps=-1.0, fine_steps=float("nan"))
    with pytest.raises(ConfigurationError, match="3 <= first_looks <= most_looks, got 2 and 7"):
        searches.curve_rol(bench(1400.0), first_looks=2)


@given(start=st.floats(LOW, 1449.0), best=POSITIONS)
@settings(max_examples=25, deadline=None)
def test_fibonacci_takes_thirteen_moves_on_the_bench_lens(
    searched: Callable[..., Any], peak_at: Callable[..., Any], start: float, best: float
) -> None:
    run, _ = searched(searches.fibonacci, peak_at(best), bench(start))
    assert (run.journal.moves, run.journal.captures) == (13, 12)
    assert run.outcome.position_steps == pytest.approx(best, abs=1050.0 / 233.0)


def test_fibonacci_takes_thirteen_moves_in_noise_too(searched: Callable[..., Any]) -> None:
    noise = np.random.default_rng(1)
    for start in (1100.0, 1400.0, 1700.0, 2000.0):
        run, _ = searched(searches.fibonacci, lambda _: 100.0 + 10.0 * noise.standard_normal(), bench(start))
        assert run.journal.moves == 13


def test_the_rules_take_the_steps_of_the_source(searched: Callable[..., Any], peak_at: Callable[..., Any]) -> None:
    _, camera = searched(searches.rule_based, peak_at(1200.0), bench(1400.0))
    steps = np.diff(camera.captured)
    # fine up to the peak and three falls beyond, mid until a quarter is left, coarse to the end
    assert camera.captured[0] == LOW
    assert steps[:18].tolist() == [10.0] * 18
    assert steps[18] == 30.0
    assert set(steps[19:-1]) == {40.0}
    assert camera.captured[-1] == HIGH


def test_a_sweep_takes_the_highest_of_two_peaks_and_as_many_moves_as_it_may(
    searched: Callable[..., Any], peak_at: Callable[..., Any]
) -> None:
    low, high = peak_at(1300.0, height=500.0), peak_at(1903.0)
    task = bench(1400.0, max_moves=60)
    run, _ = searched(searches.full_sweep, lambda position: low(position) + high(position), task)
    assert run.outcome.position_steps == pytest.approx(1903.0, abs=5.0)
    assert run.journal.moves <= 60


@pytest.mark.parametrize("search", [searches.fibonacci, searches.hill_climbing, searches.curve_rol])
def test_a_photograph_is_focused_in_every_light(search: Any) -> None:
    file = Path(__file__).resolve().parents[3] / "config" / "scenes" / "textures" / "bark.jpg"
    sharp = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    assert sharp is not None
    sharp = np.ascontiguousarray(sharp[:384, :384])
    for light in LIGHTS:
        camera = PlaneCamera(sharp, MODEL, 1530.0, 1400.0, size_px=256, light=light, seed=3)
        run = drive(search(bench(1400.0, model=MODEL)), camera, bench(1400.0))
        assert run.outcome.in_focus
        assert camera.position_steps == pytest.approx(1530.0, abs=10.0)
