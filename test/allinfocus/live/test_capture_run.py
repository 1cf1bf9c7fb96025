"""A strategy over a lens and a camera that answer late: only frames of glass at rest are kept, and every capture ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.keeping import NoRoomError
from auxfocus_ros.allinfocus.live import CaptureProblem, CaptureRun, Failure
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, End, Known, Look, Sight, Strategy
from auxfocus_ros.autofocus.live import Bounds, Frame, LensReading, Limits
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.errors import InputError

DONE = CaptureEnd(End.ALL_IN_FOCUS, True, "everything was in focus", Known(share_in_focus=1.0))


class Script:
    """A strategy that looks at these positions; what it was shown is in `.sights`, what was kept in `.kept`."""

    def __init__(self, positions: list[float], end: CaptureEnd = DONE) -> None:
        self.positions, self.end = positions, end
        self.sights: list[Sight] = []
        self.kept: list[tuple[float, int]] = []

    def plan(self, reading: LensReading, size_px: tuple[int, int]) -> Callable[[], Strategy]:
        CaptureTask(*size_px, reading.min_position_steps, reading.max_position_steps, reading.position_steps)
        return self.strategy

    def strategy(self) -> Strategy:
        for number, position in enumerate(self.positions):
            known = Known(share_in_focus=number / len(self.positions), message=f"to {position:g}")
            self.sights.append((yield Look(position, known)))
        return self.end

    def keep(self, frame: Frame, position_steps: float) -> np.ndarray:
        self.kept.append((position_steps, frame.stamp_ns))
        return frame.read()


def begin(world: Any, script: Script, bounds: Bounds, limits: Limits | None = None, **replaced: Any) -> CaptureRun:
    given = {"plan": script.plan, "keep": script.keep, **replaced}
    limits = limits or Limits(0, 0, 60.0)
    world.run = CaptureRun(given["plan"], given["keep"], world, bounds=bounds, limits=limits, now_s=world.now)
    return world.run  # type: ignore[no-any-return]


def seen(live_world: Any, picture: np.ndarray) -> tuple[float, bool]:
    """(where the glass was, whether it moved) by a picture of the world."""
    return float(np.frombuffer(picture[0, :8].tobytes(), np.float64)[0]), bool(picture[1, 0] == live_world.MOVING)


def test_a_capture_to_its_end_tells_what_it_does(make_world: Any, live_world: Any, bounds: Bounds) -> None:
    world, script = make_world(), Script([500.0, 700.0, 620.0, 620.0])
    begin(world, script, bounds)
    ending = world.finish()
    assert (ending.failure, ending.complete, ending.message) == (Failure.NONE, True, "everything was in focus")
    assert ending.positions_steps == (500.0, 700.0, 620.0, 620.0) and ending.share_in_focus == 1.0
    assert [position for position, _ in script.kept] == list(ending.positions_steps)
    assert len({stamp for _, stamp in script.kept}) == 4  # the same position twice is two frames
    assert [seen(live_world, sight.picture) for sight in script.sights] == [(p, False) for p in ending.positions_steps]
    assert [progress.next_position_steps for progress in world.reports] == [500.0, 700.0, 620.0, 620.0]
    assert [len(progress.positions_steps) for progress in world.reports] == [0, 1, 2, 3]
    assert world.reports[2].share_in_focus == 0.5 and world.sent == [700.0, 620.0]
    assert 0.2 < ending.duration_s < 2.0


delay = st.floats(0.0, 0.25)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    positions=st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=6),
    delays=st.fixed_dictionaries({"frame": delay, "state": delay, "answer": delay, "work": delay}),
    speed=st.floats(300.0, 20_000.0), settle_s=st.floats(0.0, 0.2),
)  # fmt: skip
def test_no_frame_of_moving_glass_is_ever_kept(
    make_world: Any, live_world: Any, *, positions: list[float], delays: dict[str, float], speed: float, settle_s: float
) -> None:
    world, script = make_world(delays, speed=speed, settle_s=settle_s), Script(positions)
    begin(world, script, Bounds(move_s=10.0))
    assert world.finish().complete
    for wanted, sight in zip(positions, script.sights, strict=True):
        position, moved = seen(live_world, sight.picture)
        assert not moved and position == pytest.approx(sight.position_steps, abs=1e-6)
        assert abs(position - wanted) <= Bounds().same_position_steps


happening = st.sampled_from(["frames", "states", "somebody", "cancel", "shutdown", "hang", "fault", "nothing"])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=st.lists(st.tuples(happening, st.floats(0.01, 0.6)), max_size=4), speed=st.floats(200.0, 5000.0))
def test_whatever_happens_it_ends_with_what_was_kept(
    make_world: Any, bounds: Bounds, *, happenings: list[tuple[str, float]], speed: float
) -> None:
    world, script = make_world(speed=speed), Script([200.0, 900.0] * 4)
    run = begin(world, script, bounds, Limits(0, 0, 20.0))
    for what, wait_s in happenings:
        world.spend(wait_s)
        if what == "frames":
            world.frames = not world.frames
        elif what == "states":
            world.states = not world.states
        elif what == "somebody":
            world.somebody_moves(100.0)
        elif what == "cancel":
            run.stop(Reason.CANCELED, "canceled", world.now)
        elif what == "shutdown":
            run.stop(Reason.SHUTTING_DOWN, "bye", world.now, at_once=True)
        elif what == "hang":
            world.now += 5.0
        elif what == "fault":
            world.fault_at_move = 1
    ending = world.finish(60.0)
    assert len(script.kept) == len(ending.positions_steps)
    assert ending.complete == (ending.failure is Failure.NONE) == (len(script.kept) == 8)
    assert ending.message and len(ending.message.splitlines()) == 1


def test_cancel_in_mid_capture_keeps_what_there_is(make_world: Any, bounds: Bounds) -> None:
    world, script = make_world(speed=300.0), Script([500.0, 600.0, 900.0])
    run = begin(world, script, bounds)
    while len(script.kept) < 2:
        world.spend(0.02)
    world.spend(0.3)
    run.stop(Reason.CANCELED, "canceled by the client", world.now)
    ending = world.finish()
    assert (ending.failure, ending.complete, ending.positions_steps) == (Failure.CANCELED, False, (500.0, 600.0))
    assert world.stops == 1 and 600.0 < world.where(world.now) < 900.0


@pytest.mark.parametrize(
    ("world_fields", "failure", "frames"),
    [
        ({"fault_at_move": 2}, Failure.LENS_FAULT, 2),
        ({"frames": False}, Failure.NO_FRAMES, 0),
        ({"states": False}, Failure.NO_LENS, 0),
    ],
)
def test_faults_of_lens_and_camera(make_world: Any, bounds: Bounds, world_fields: Any, failure: Failure, frames: int) -> None:
    world, script = make_world(**world_fields), Script([500.0, 700.0, 620.0])
    begin(world, script, bounds)
    ending = world.finish()
    assert (ending.failure, ending.complete, len(script.kept)) == (failure, False, frames) and ending.message


def test_somebody_else_at_the_lens_takes_over(make_world: Any, bounds: Bounds) -> None:
    world, script = make_world(speed=300.0), Script([500.0, 900.0])
    begin(world, script, bounds)
    world.spend(0.8)
    world.somebody_moves(100.0)
    ending = world.finish()
    assert ending.failure is Failure.TAKEN_OVER and "somebody else" in ending.message and len(script.kept) == 1


@pytest.mark.parametrize(
    ("limits", "frames", "words"), [(Limits(0, 3, 60.0), 3, "3 frames"), (Limits(0, 0, 1.0), None, "within 1 s")]
)
def test_limits(make_world: Any, bounds: Bounds, limits: Limits, frames: int | None, words: str) -> None:
    world, script = make_world(), Script([400.0, 600.0] * 100)
    begin(world, script, bounds, limits)
    ending = world.finish()
    assert (ending.failure, ending.complete) == (Failure.LIMIT_REACHED, False) and words in ending.message
    assert len(script.kept) == frames or frames is None


@pytest.mark.parametrize(
    ("end", "complete", "failure"),
    [
        (End.NO_TEXTURE, False, Failure.NO_TEXTURE),
        (End.LIMIT_REACHED, False, Failure.LIMIT_REACHED),
        (End.OUT_OF_RANGE, False, Failure.OUT_OF_RANGE),
        (End.OUT_OF_RANGE, True, Failure.NONE),
        (End.VISITED, True, Failure.NONE),
    ],
)
def test_the_strategys_end_is_the_captures(make_world: Any, bounds: Bounds, end: End, complete: bool, failure: Failure) -> None:
    world, script = make_world(), Script([500.0], CaptureEnd(end, complete, "so it ends", Known(share_in_focus=0.25)))
    begin(world, script, bounds)
    ending = world.finish()
    assert (ending.failure, ending.complete, ending.message, ending.share_in_focus) == (failure, complete, "so it ends", 0.25)


def test_what_cannot_be_is_said_before_anything_moves(make_world: Any, bounds: Bounds) -> None:
    def refuse(*_: Any) -> Any:
        raise CaptureProblem(Failure.OUT_OF_RANGE, "too far")

    for replaced in ({"plan": refuse}, {"plan": lambda *_: refuse}):
        world, script = make_world(), Script([900.0])
        begin(world, script, bounds, **replaced)
        ending = world.finish()
        assert (ending.failure, ending.message, world.sent) == (Failure.OUT_OF_RANGE, "too far", [])


@pytest.mark.parametrize(
    ("error", "failure", "words"),
    [
        (NoRoomError("the disk is full"), Failure.DISK_FULL, "the disk is full"),
        (InputError("frame 2 is cut off"), Failure.OTHER, "frame 2 is cut off"),
        (ValueError("bad\nthing"), Failure.OTHER, "the method failed: ValueError: bad thing"),
    ],
)
def test_frames_that_cannot_be_kept(make_world: Any, bounds: Bounds, error: Exception, failure: Failure, words: str) -> None:
    def fail(*_: Any) -> Any:
        raise error

    world = make_world()
    begin(world, Script([500.0]), bounds, keep=fail)
    ending = world.finish()
    assert (ending.failure, ending.message) == (failure, words)


def test_frames_that_change_their_size(make_world: Any, bounds: Bounds) -> None:
    world, script = make_world({"work": 0.2}), Script([500.0] * 100)
    run = begin(world, script, bounds)
    world.spend(1.0)
    reading = world.reading()
    while run.ended is None:
        world.now += 0.01
        run.lens(reading, world.now)
        run.thought(Look(500.0), None, world.now)
        run.frame(Frame(reading.stamp_ns + 10**9, (64, 64), lambda: np.zeros((64, 64), np.uint8)), world.now)
    assert run.ended.failure is Failure.OTHER and "from 128 x 96 to 64 x 64 px" in run.ended.message


def test_a_wish_that_is_no_number_moves_nothing(make_world: Any, bounds: Bounds) -> None:
    world, script = make_world(), Script([math.nan, 500.0])
    begin(world, script, bounds)
    assert world.finish().complete and not world.sent
