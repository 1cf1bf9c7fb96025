"""A search over a lens and a camera that answer late: only frames of glass at rest, honest counts, and an end of every wait."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.driving import drive
from auxfocus_ros.autofocus.live import Aim, Aimer, Bounds, LensReading, Limits, OnceRun, SeenTarget, Targets
from auxfocus_ros.autofocus.terms import DepthReading, Known, Look, Outcome, Reason, Search, Sight, State, Task
from auxfocus_ros.errors import InputError


class WholePicture(Aimer):
    """Judges all of it, so that the world's marks are seen."""

    def cut(self, picture: np.ndarray, target_box_px: Any) -> np.ndarray:
        return picture


def visit(positions: list[float], outcome: Outcome | None = None) -> Callable[[Task], Search]:
    """A method that looks at these positions and ends at the last; what it was shown is in `.sights`."""
    sights: list[Sight] = []

    def method(task: Task) -> Search:
        for position in positions:
            sights.append((yield Look(position, Known(message=f"to {position:g}"))))
        return outcome or Outcome(Reason.NONE, "sharp", positions[-1], in_focus=True, sigma_steps=2.0, probability=0.9)

    method.sights = sights  # type: ignore[attr-defined]
    return method


def make_task(reading: LensReading, depth: DepthReading | None) -> Task:
    return Task(reading.min_position_steps, reading.max_position_steps, reading.position_steps, depth=depth)


def begin(
    world: Any, method: Any, bounds: Bounds, aim: Aim | None = None, *, limits: Limits | None = None, use: Any = "picture"
) -> OnceRun:
    aimer = WholePicture(aim or Aim(), use, world.now, target_s=bounds.target_s, first_s=bounds.start_s, depth_s=bounds.depth_s)
    world.run = OnceRun(method, make_task, world, aimer, bounds=bounds, limits=limits or Limits(60, 120, 60.0), now_s=world.now)
    return world.run  # type: ignore[no-any-return]


def test_a_search_ends_in_focus_with_everything_told(make_world: Any, bounds: Bounds, shown: Any) -> None:
    world, method = make_world(), visit([500.0, 700.0, 620.0])
    begin(world, method, bounds)
    ending = world.finish()
    assert (ending.reason, ending.in_focus, ending.message) == (Reason.NONE, True, "sharp")
    assert (ending.position_steps, ending.sigma_steps, ending.probability) == (620.0, 2.0, 0.9)
    assert (ending.journal.moves, ending.journal.captures, ending.journal.reversals) == (2, 3, 1)
    assert [position for position, _ in ending.journal.trace] == [500.0, 700.0, 620.0]
    assert [shown(sight.picture) for sight in method.sights] == [(500.0, False), (700.0, False), (620.0, False)]
    states = [report.state for report in world.reports]
    assert states[0] is State.WAITING_FOR_FRAME and states.count(State.MOVING) == 2 and states.count(State.ESTIMATING) == 3
    assert states[-1] is State.IN_FOCUS and [report.running for report in world.reports[-2:]] == [True, False]
    assert 0.2 < ending.duration_s < 2.0


delay = st.floats(0.0, 0.25)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
# a reading of the very moment at which the glass came to rest, which still says that it moves
@example(
    positions=[0.0, 150.0],
    delays=dict.fromkeys(("frame", "state", "answer", "work"), 0.0),
    speed=300.0,
    settle_s=0.0,
)
@given(
    positions=st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=6),
    delays=st.fixed_dictionaries({"frame": delay, "state": delay, "answer": delay, "work": delay}),
    speed=st.floats(300.0, 20_000.0), settle_s=st.floats(0.0, 0.2),
)  # fmt: skip
def test_no_frame_of_moving_glass_is_ever_judged(
    make_world: Any, shown: Any, *, positions: list[float], delays: dict[str, float], speed: float, settle_s: float
) -> None:
    world = make_world(delays, speed=speed, settle_s=settle_s)
    method = visit(positions)
    begin(world, method, Bounds(move_s=10.0))
    ending = world.finish()
    assert ending.reason is Reason.NONE, ending.message
    for wanted, sight in zip(positions, method.sights, strict=True):
        seen, moved = shown(sight.picture)
        assert not moved
        assert seen == pytest.approx(sight.position_steps, abs=1e-6)
        assert abs(seen - wanted) <= Bounds().same_position_steps


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    positions=st.lists(st.integers(0, 1000).map(float), min_size=1, max_size=8),
    final=st.integers(0, 1000).map(float), max_moves=st.integers(1, 6), max_captures=st.integers(1, 6),
)  # fmt: skip
def test_it_counts_as_the_offline_driver_does(
    make_world: Any, bounds: Bounds, *, positions: list[float], final: float, max_moves: int, max_captures: int
) -> None:
    class Stage:
        position_steps = 500.0

        def move(self, position_steps: float) -> None:
            self.position_steps = position_steps

        def capture(self) -> np.ndarray:
            return np.zeros((96, 128), np.uint8)

        def depth(self) -> None:
            return None

    outcome = Outcome(Reason.NONE, "sharp", final, in_focus=True)
    task = Task(0.0, 1000.0, 500.0, max_moves=max_moves, max_captures=max_captures)
    offline = drive(visit(positions, outcome)(task), Stage(), task)
    world = make_world()
    begin(world, visit(positions, outcome), bounds, limits=Limits(max_moves, max_captures, 100.0))
    ending = world.finish()
    assert ending.reason is offline.outcome.reason
    one, other = ending.journal, offline.journal
    assert (one.moves, one.captures, one.reversals) == (other.moves, other.captures, other.reversals)
    assert [position for position, _ in one.trace] == [position for position, _ in other.trace]


def test_a_motors_grid_is_no_reason_for_another_move(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, visit([700.3, 700.4, 700.0]), bounds)
    assert world.finish().journal.moves == 1


def test_cancel_stops_the_glass_where_it_is(make_world: Any, bounds: Bounds) -> None:
    world = make_world(speed=300.0)
    run = begin(world, visit([900.0]), bounds)
    world.spend(0.8)
    assert world.reports[-1].state is State.MOVING
    run.stop(Reason.CANCELED, "canceled by the client", world.now)
    assert run.ended is None  # until the glass stands still
    ending = world.finish()
    assert (ending.reason, ending.in_focus, world.stops) == (Reason.CANCELED, False, 1)
    assert 500.0 < ending.position_steps < 900.0
    assert ending.position_steps == world.where(world.now)
    assert world.reports[-1].state is State.IDLE and not world.reports[-1].running


def test_cancel_while_the_method_works_and_before_anything(make_world: Any, bounds: Bounds) -> None:
    world = make_world({"work": 0.5})
    run = begin(world, visit([500.0, 600.0]), bounds)
    run.stop(Reason.CANCELED, "canceled", world.now)
    assert run.ended is not None
    run = begin(world, visit([500.0, 600.0]), bounds)
    world.spend(0.3)
    run.stop(Reason.CANCELED, "canceled", world.now)
    assert run.ended is not None and run.ended.reason is Reason.CANCELED
    ended = run.ended
    for _ in range(300):
        world._one_step()  # what comes after the end changes nothing
    assert run.ended is ended and not world.sent


def test_at_once_does_not_wait_for_the_glass(make_world: Any, bounds: Bounds) -> None:
    world = make_world(speed=300.0)
    run = begin(world, visit([900.0]), bounds)
    world.spend(0.8)
    run.stop(Reason.SHUTTING_DOWN, "bye", world.now, at_once=True)
    assert run.ended is not None and run.ended.reason is Reason.SHUTTING_DOWN and world.stops == 1


def test_a_lens_that_does_not_stop_is_not_waited_for_for_ever(make_world: Any, bounds: Bounds) -> None:
    world = make_world(speed=300.0)
    run = begin(world, visit([900.0]), bounds)
    world.spend(0.8)
    world.stop = lambda: None
    run.stop(Reason.CANCELED, "canceled", world.now)
    world.speed, begun = 300.0, world.now
    world._queue.clear()
    assert world.finish().reason is Reason.CANCELED
    assert world.now - begun < bounds.stop_s + 0.1


def test_somebody_else_at_the_lens_ends_it_without_a_fight(make_world: Any, bounds: Bounds) -> None:
    world = make_world(speed=300.0)
    begin(world, visit([900.0]), bounds)
    world.spend(0.8)
    world.somebody_moves(100.0)
    ending = world.finish()
    assert ending.reason is Reason.LENS_BUSY and len(world.sent) == 1 and world.stops == 0

    world = make_world({"work": 0.4})
    begin(world, visit([500.0, 900.0]), bounds)
    world.spend(0.7)  # the method works on the first frame
    world.somebody_moves(100.0)
    ending = world.finish()
    assert ending.reason is Reason.LENS_BUSY and "100.0" in ending.message and not world.sent


def test_a_lens_that_still_moves_at_the_beginning_is_waited_for(make_world: Any, bounds: Bounds, shown: Any) -> None:
    world, method = make_world(speed=1000.0), visit([800.0])
    world.somebody_moves(800.0)
    begin(world, method, bounds)
    assert world.finish().reason is Reason.NONE
    assert shown(method.sights[0].picture) == (800.0, False)

    world = make_world(speed=100.0)
    world.somebody_moves(900.0)
    begin(world, method, bounds)
    ending = world.finish()
    assert ending.reason is Reason.LENS_BUSY and "900.0" in ending.message


def test_a_lens_that_aborts_says_why(make_world: Any, bounds: Bounds) -> None:
    world = make_world(fault_at_move=2)
    begin(world, visit([700.0, 600.0, 500.0]), bounds)
    ending = world.finish()
    assert (ending.reason, ending.message) == (Reason.LENS_FAULT, "the glass does not move")
    assert ending.journal.moves == 2 and ending.journal.captures == 1


def test_a_lens_that_says_nothing(make_world: Any, bounds: Bounds) -> None:
    world = make_world(states=False)
    begin(world, visit([700.0]), bounds)
    ending = world.finish()
    assert ending.reason is Reason.NO_LENS and "lens/state" in ending.message
    assert world.now == pytest.approx(bounds.start_s, abs=0.1)

    world = make_world()
    begin(world, visit([500.0] * 100), bounds)
    world.spend(0.5)
    world.states = False
    ending = world.finish()
    assert ending.reason is Reason.NO_LENS and "said nothing for" in ending.message


def test_a_connection_that_is_lost_is_a_fault(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    run = begin(world, visit([500.0] * 100), bounds)
    world.spend(0.3)
    run.lens(LensReading(world.reading().stamp_ns, 500.0, 0.0, 1000.0, silent="no answer on the wire"), world.now)
    assert run.ended is not None
    assert (run.ended.reason, run.ended.message) == (Reason.LENS_FAULT, "no answer on the wire")


def test_frames_that_stop_or_are_stamped_by_another_clock(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, visit([500.0] * 100), bounds)
    world.spend(0.5)
    world.frames = False
    ending = world.finish()
    assert ending.reason is Reason.NO_FRAMES and "no picture comes" in ending.message

    world = make_world(stamp_error_s=-1000.0)
    begin(world, visit([700.0]), bounds)
    ending = world.finish()
    assert ending.reason is Reason.NO_FRAMES and "same clock" in ending.message and "s before the lens" in ending.message


def test_a_process_that_stood_still_blames_nobody(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    run = begin(world, visit([500.0] * 100), bounds)
    world.spend(0.5)
    world.now += 20.0
    run.tick(world.now)
    assert run.ended is None
    world.spend(0.5)
    assert run.ended is None and run.journal.captures > 3
    run.stop(Reason.CANCELED, "canceled", world.now)
    assert run.ended is not None and run.ended.duration_s > 20.0


def test_time_is_limited(make_world: Any, bounds: Bounds) -> None:
    world = make_world(speed=200.0)
    begin(world, visit([900.0]), bounds, limits=Limits(60, 120, 1.0))
    ending = world.finish()
    assert ending.reason is Reason.LIMIT_REACHED and "1 s" in ending.message and world.stops == 1


def test_a_method_that_fails_is_said_in_one_line(make_world: Any, bounds: Bounds) -> None:
    def broken(error: Exception) -> Any:
        def method(task: Task) -> Search:
            yield Look(500.0)
            raise error

        return method

    world = make_world()
    begin(world, broken(ValueError("bad\nthing")), bounds)
    ending = world.finish()
    assert (ending.reason, ending.message) == (Reason.OTHER, "the method failed: ValueError: bad thing")
    world = make_world()
    begin(world, broken(InputError("weights are cut short")), bounds)
    assert world.finish().message == "weights are cut short"
    world = make_world()
    begin(world, lambda task: (_ for _ in ()).throw(ImportError("no torch")), bounds)  # type: ignore[arg-type]
    assert world.finish().reason is Reason.OTHER


def test_a_position_that_is_no_number_is_not_sent(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, visit([500.0], Outcome(Reason.NO_TEXTURE, "plain", math.nan, in_focus=False)), bounds)
    ending = world.finish()
    assert ending.reason is Reason.NO_TEXTURE and not world.sent and world.reports[-1].state is State.FAILED


def seen(world: Any, **fields: Any) -> Targets:
    return Targets(world.reading().stamp_ns, {7: SeenTarget((20, 20, 40, 40), **fields)}, 7)


def test_a_target_is_focused_with_its_depth(make_world: Any, bounds: Bounds) -> None:
    world, method = make_world(), visit([500.0, 600.0])
    run = begin(world, method, bounds, Aim("target"), use="both")
    while run.ended is None:
        world.spend(0.02)
        if run.ended is None:
            run.targets(seen(world, depth=DepthReading(2.0 + world.now, 0.1)), world.now)
    assert run.ended.reason is Reason.NONE
    assert all(sight.depth is not None and sight.depth.depth_m > 2.0 for sight in method.sights)


def test_a_target_that_gets_lost(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    run = begin(world, visit([500.0] * 100), bounds, Aim("target"))
    for _ in range(20):
        world.spend(0.02)
        run.targets(seen(world), world.now)
    captures = run.journal.captures
    assert captures > 2
    ending = world.finish()
    assert ending.reason is Reason.TARGET_LOST
    assert ending.journal.captures <= captures + (bounds.depth_s + 0.05) * 30  # what was known of it grows old

    world = make_world()
    run = begin(world, visit([500.0] * 100), bounds, Aim("target"))
    for _ in range(10):
        world.spend(0.02)
        run.targets(seen(world), world.now)
    for _ in range(10):
        world.spend(0.02)
        run.targets(seen(world, tracked=False, lost=True), world.now)
    assert run.ended is not None and run.ended.reason is Reason.TARGET_LOST and "target 7 is lost" in run.ended.message


@pytest.mark.parametrize(
    ("targets", "aim", "words"),
    [
        (None, Aim("target"), "no targets come"),
        ({}, Aim("target"), "no target of interest"),
        ({3: SeenTarget((0, 0, 9, 9))}, Aim("target", target_id=9), "no target 9 any more; there are: 3"),
    ],
)
def test_no_target_from_the_beginning(make_world: Any, bounds: Bounds, targets: Any, aim: Aim, words: str) -> None:
    world = make_world()
    run = begin(world, visit([500.0]), bounds, aim)
    while run.ended is None:
        world.spend(0.05)
        if targets is not None and run.ended is None:
            run.targets(Targets(world.reading().stamp_ns, targets, 0), world.now)
    assert run.ended.reason is Reason.TARGET_LOST and words in run.ended.message
    assert world.now == pytest.approx(bounds.start_s, abs=0.1)


def test_nothing_moves_for_a_region_outside_the_picture_or_without_one(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, visit([900.0]), bounds, Aim("point", (128.0, 3.0)))
    ending = world.finish()
    assert ending.reason is Reason.INVALID_GOAL and "128 x 96" in ending.message and not world.sent
    world = make_world(frames=False)
    begin(world, visit([900.0]), bounds)
    assert world.finish().reason is Reason.NO_FRAMES and not world.sent


def test_depth_alone_needs_a_depth(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, visit([500.0]), bounds, Aim("point", (64.0, 48.0)), use="depth")
    assert world.finish().reason is Reason.NO_DEPTH
