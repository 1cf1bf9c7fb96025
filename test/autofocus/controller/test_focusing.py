"""The controller as a machine: where it goes, how it ends, and that it always ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.controller import TRANSITIONS, ControllerOptions, Focusing, Phase, focus
from auxfocus_ros.autofocus.controller.frames import take_frame
from auxfocus_ros.autofocus.controller.judgement import judge_of
from auxfocus_ros.autofocus.driving import drive
from auxfocus_ros.autofocus.terms import DepthReading, Known, Look, Outcome, Reason, Sight, State, Task
from auxfocus_ros.errors import ConfigurationError, InputError

LOW, HIGH = 1050.0, 2100.0


def task(start: float, model: Any, **settings: Any) -> Task:
    return Task(LOW, HIGH, start, model, **settings)


@pytest.mark.parametrize(("best", "start"), [(1500.0, 1400.0), (1330.0, 1400.0), (1240.0, 1100.0), (1850.0, 2000.0)])
def test_two_moves_at_most_reach_focus(
    model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any], best: float, start: float
) -> None:
    camera = plane_camera(best, start)
    run = drive(focus(task(start, model), knowing_estimator(camera)), camera, task(start, model))
    assert run.outcome.in_focus and run.outcome.reason is Reason.NONE
    assert run.journal.moves <= 2
    assert abs(camera.position_steps - best) <= 10.0


def test_in_focus_at_the_start_is_no_move(
    model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any]
) -> None:
    camera = plane_camera(1400.0, 1402.0)
    run = drive(focus(task(1402.0, model), knowing_estimator(camera)), camera, task(1402.0, model))
    assert run.outcome.in_focus and run.journal.moves == 0 and run.journal.captures == 1


def test_a_depth_makes_it_one_move(model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any]) -> None:
    depth = DepthReading(2.0, 0.04)
    best = float(model.best_position_steps(2.0))
    camera = plane_camera(best, 1700.0, depth=depth)
    given_depth = task(1700.0, model, depth=depth)
    run = drive(focus(given_depth, knowing_estimator(camera)), camera, given_depth)
    assert run.outcome.in_focus and run.journal.moves == 1
    assert abs(camera.position_steps - best) <= 10.0


def test_a_depth_that_the_picture_contradicts_loses(
    model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any]
) -> None:
    depth = DepthReading(3.0, 0.03)
    camera = plane_camera(1500.0, 1400.0, depth=depth)
    given_depth = task(1400.0, model, depth=depth)
    run = drive(focus(given_depth, knowing_estimator(camera)), camera, given_depth)
    assert run.outcome.in_focus and abs(camera.position_steps - 1500.0) <= 10.0
    assert "contradicts" in run.outcome.message


def test_pictures_alone_know_the_side_from_the_second_frame(model: Any, plane_camera: Callable[..., Any]) -> None:
    camera = plane_camera(1460.0, 1400.0)
    run = drive(focus(task(1400.0, model)), camera, task(1400.0, model))
    assert run.outcome.in_focus and abs(camera.position_steps - 1460.0) <= 10.0


# Depth alone


def test_depth_alone_goes_where_the_depth_says_without_a_frame(model: Any, plane_camera: Callable[..., Any]) -> None:
    camera = plane_camera(1300.0, 1700.0)
    by_depth = task(1700.0, model, use="depth", depth=DepthReading(2.0, 0.02))
    run = drive(focus(by_depth), camera, by_depth)
    assert run.journal.moves == 1 and run.journal.captures == 0 and run.outcome.in_focus
    assert run.outcome.position_steps == pytest.approx(float(model.best_position_steps(2.0)))


def test_depth_alone_admits_that_a_near_depth_is_too_vague(model: Any) -> None:
    by_depth = task(1700.0, model, use="depth", depth=DepthReading(0.45, 0.045))
    with pytest.raises(StopIteration) as end:
        next(focus(by_depth))
    outcome: Outcome = end.value.value
    assert outcome.reason is Reason.NONE and not outcome.in_focus and outcome.probability < 0.3


@pytest.mark.parametrize(
    ("depth", "reason"),
    [(None, Reason.NO_DEPTH), (DepthReading(0.1, 0.001), Reason.OUT_OF_RANGE), (DepthReading(90.0, 1.0), Reason.OUT_OF_RANGE)],
)
def test_depth_alone_refuses(model: Any, plane_camera: Callable[..., Any], depth: DepthReading | None, reason: Reason) -> None:
    by_depth = task(1700.0, model, use="depth", depth=depth)
    run = drive(focus(by_depth), plane_camera(1500.0, 1700.0), by_depth)
    assert run.outcome.reason is reason and not run.outcome.in_focus
    assert run.journal.moves == 0 and run.outcome.position_steps == 1700.0
    assert reason is not Reason.OUT_OF_RANGE or "nearest position" in run.outcome.message


def test_depth_alone_without_calibration_says_so() -> None:
    with pytest.raises(StopIteration) as end:
        next(focus(task(1700.0, None, use="depth", depth=DepthReading(2.0, 0.02))))
    assert end.value.value.reason is Reason.NO_DEPTH and "not calibrated" in end.value.value.message


# Refusals


def shown(picture: np.ndarray, given_task: Task) -> Outcome | Look:
    machine = Focusing(given_task, None, ControllerOptions())
    machine.begin()
    return machine.see(Sight(picture, given_task.start_position_steps))


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((256, 256), np.uint8), Reason.TOO_DARK),
        (np.full((256, 256), 255, np.uint8), Reason.SATURATED),
        (np.full((256, 256), 120, np.uint8), Reason.NO_TEXTURE),
        (np.full((96, 200, 3), 120, np.uint8), Reason.NO_TEXTURE),
    ],
)
def test_hopeless_regions_are_refused_where_the_lens_stands(model: Any, picture: np.ndarray, reason: Reason) -> None:
    outcome = shown(picture, task(1700.0, model))
    assert isinstance(outcome, Outcome)
    assert outcome.reason is reason and not outcome.in_focus and outcome.position_steps == 1700.0


def test_noise_on_a_shaded_wall_is_no_texture(model: Any) -> None:
    fall = 140.0 - 40.0 * (np.linspace(-1.0, 1.0, 256)[:, None] ** 2 + 0.3 * np.linspace(-1.0, 1.0, 256)[None, :])
    wall = np.clip(fall + 5.0 * np.random.default_rng(0).standard_normal((256, 256)), 0, 255).astype(np.uint8)
    outcome = shown(wall, task(1700.0, model))
    assert isinstance(outcome, Outcome) and outcome.reason is Reason.NO_TEXTURE


def test_a_strongly_blurred_texture_is_no_wall(model: Any, plane_camera: Callable[..., Any]) -> None:
    assert isinstance(shown(plane_camera(2000.0, 1100.0).capture(), task(1100.0, model)), Look)


def test_a_wall_with_a_known_depth_is_focused_by_the_depth(model: Any) -> None:
    outcome = shown(np.full((256, 256), 120, np.uint8), task(1700.0, model, depth=DepthReading(3.0, 0.03)))
    assert isinstance(outcome, Outcome) and outcome.in_focus and "depth alone" in outcome.message


def test_two_depths_in_the_region_are_refused_at_a_low_limit(
    model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any]
) -> None:
    near, far = plane_camera(1500.0, 1400.0), plane_camera(1620.0, 1400.0, seed=1)

    class Split:
        position_steps = 1400.0

        def move(self, position_steps: float) -> None:
            self.position_steps = position_steps
            near.move(position_steps)
            far.move(position_steps)

        def capture(self) -> np.ndarray:
            return np.hstack([near.capture()[:, :128], far.capture()[:, 128:]])

        def depth(self) -> None:
            return None

    wary = ControllerOptions(depths_apart=10.0)
    run = drive(focus(task(1400.0, model), knowing_estimator(near), wary), Split(), task(1400.0, model))
    assert run.outcome.reason is Reason.TWO_DEPTHS and not run.outcome.in_focus
    assert run.outcome.position_steps == 1400.0
    # a range sensor says which of the two is meant
    depth_m = model.lens.focus_distance_m(1500.0)
    told = replace(task(1400.0, model), depth=DepthReading(depth_m, 0.01 * depth_m))
    run = drive(focus(told, knowing_estimator(near), wary), Split(), told)
    assert run.outcome.reason is Reason.NONE and abs(run.outcome.position_steps - 1500.0) <= 10.0


# Bad pictures


@pytest.mark.parametrize("shape", [(40, 40), (512, 63), (16,)])
def test_pictures_that_are_too_small_or_none_raise(model: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        shown(np.full(shape, 90, np.uint8), task(1700.0, model))


def test_frames_of_different_sizes_raise(model: Any, texture: np.ndarray) -> None:
    machine = Focusing(task(1700.0, model), None, ControllerOptions())
    machine.begin()
    look = machine.see(Sight(texture[:256, :256], 1700.0))
    assert isinstance(look, Look)
    with pytest.raises(InputError, match="one size"):
        machine.see(Sight(texture[:256, :272], look.position_steps))


def test_an_estimator_that_raises_is_done_without(model: Any, plane_camera: Callable[..., Any]) -> None:
    class Broken:
        def estimate(self, picture: np.ndarray) -> Any:
            raise RuntimeError("no weights\nat all")

    camera = plane_camera(1460.0, 1400.0)
    run = drive(focus(task(1400.0, model), Broken()), camera, task(1400.0, model))
    assert run.outcome.in_focus and abs(camera.position_steps - 1460.0) <= 10.0
    assert "the estimator failed: RuntimeError: no weights" in run.outcome.message and "\n" not in run.outcome.message


# The machine


def test_states_follow_the_transitions(
    model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any]
) -> None:
    camera = plane_camera(1500.0, 1400.0)
    machine = Focusing(task(1400.0, model), knowing_estimator(camera), ControllerOptions())
    assert machine.phase is Phase.START
    step, phases = machine.begin(), [machine.phase]
    while isinstance(step, Look):
        assert LOW <= step.position_steps <= HIGH
        camera.move(step.position_steps)
        step = machine.see(Sight(camera.capture(), camera.position_steps))
        phases.append(machine.phase)
    assert phases[0] is Phase.LOOKING and phases[-1] is Phase.IN_FOCUS
    assert all(phase is Phase.MOVING for phase in phases[1:-1])
    assert step.known.state is State.IN_FOCUS and step.known.best_sigma_steps > 0
    assert step.known.probability_in_focus == step.probability
    assert np.isfinite(step.known.blur_radius_px)
    assert all(not TRANSITIONS[phase] for phase in (Phase.IN_FOCUS, Phase.REFUSED, Phase.SEARCHING))


def test_a_belief_that_stays_broad_makes_way_for_a_search(model: Any, plane_camera: Callable[..., Any]) -> None:
    camera = plane_camera(1500.0, 1400.0)
    stubborn = ControllerOptions(stop_probability=0.999, settle_probability=0.999, outlier_share=0.5)
    states = []
    search = focus(task(1400.0, model), None, stubborn)
    look = next(search)
    with pytest.raises(StopIteration) as end:
        while True:
            states.append(look.known.state)
            camera.move(look.position_steps)
            look = search.send(Sight(camera.capture(), camera.position_steps))
    assert State.SEARCHING in states and "by search" in end.value.value.message
    assert abs(end.value.value.position_steps - 1500.0) <= 20.0


def test_without_calibration_it_learns_the_blur_of_a_step(
    model: Any, plane_camera: Callable[..., Any], knowing_estimator: Callable[..., Any]
) -> None:
    positions = tuple(np.arange(1050.0, 2101.0, 50.0))
    best, start = 1450.0, 1800.0
    camera = plane_camera(best, start)
    stack = Task(LOW, HIGH, start, None, positions_steps=positions)
    run = drive(focus(stack, knowing_estimator(camera)), camera, stack)
    assert run.outcome.in_focus and run.journal.moves <= 5
    assert camera.position_steps in positions and abs(camera.position_steps - best) <= 50.0


@settings(max_examples=5, deadline=None)
@given(data=st.data(), calibrated=st.booleans(), stack=st.booleans())
def test_it_always_ends_inside_the_range_whatever_it_is_shown(
    model: Any, texture: np.ndarray, data: st.DataObject, calibrated: bool, stack: bool
) -> None:
    positions = tuple(np.linspace(LOW, HIGH, 9)) if stack else None
    start = positions[3] if positions else data.draw(st.floats(LOW, HIGH))
    given_task = task(start, model if calibrated else None, positions_steps=positions, max_moves=12)
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    kinds = {
        "noise": lambda: rng.integers(0, 256, (96, 96)).astype(np.uint8),
        "texture": lambda: np.roll(texture, int(rng.integers(512)), axis=1)[:96, :96],
        "plain": lambda: np.full((96, 96), int(rng.integers(256)), np.uint8),
        "burnt": lambda: np.maximum(texture[:96, :96], rng.integers(200, 256, (96, 96)).astype(np.uint8)),
    }

    class Chaos:
        position_steps = given_task.start_position_steps

        def move(self, position_steps: float) -> None:
            assert LOW <= position_steps <= HIGH
            assert positions is None or position_steps in positions
            self.position_steps = position_steps

        def capture(self) -> np.ndarray:
            return kinds[data.draw(st.sampled_from(sorted(kinds)))]()

        def depth(self) -> None:
            return None

    run = drive(focus(given_task), Chaos(), given_task)
    assert LOW <= run.outcome.position_steps <= HIGH
    assert run.journal.moves <= given_task.max_moves + 1
    assert not np.isinf(run.outcome.probability)


def test_backlash_widens_the_belief(model: Any, plane_camera: Callable[..., Any]) -> None:
    camera = plane_camera(1450.0, 1400.0)
    frames = []
    for position in (1400.0, 1500.0, 1450.0):
        camera.move(position)
        frames.append(take_frame(Sight(camera.capture(), position), 2.2, 512, None))
    judge = judge_of(task(1400.0, model), ControllerOptions())
    certain, slack = judge.judge(frames, None), judge.judge(frames, None, slack_steps=25.0)
    assert certain.here > 0.9 > slack.here
    assert slack.belief.sigma_steps > certain.belief.sigma_steps


def test_options_report_every_bad_value_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"stop_probability.*window_px"):
        ControllerOptions(stop_probability=2.0, window_px=3)
    assert Known().state is State.WAITING_FOR_FRAME
