"""A dynamic strategy and a fuser over a lens and a camera that answer late: every frame is shown, those at rest are judged."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.live import CaptureProblem, Failure, VideoRun
from auxfocus_ros.allinfocus.terms import CaptureEnd, End, Known, Look, Sight, Strategy
from auxfocus_ros.autofocus.live import Bounds, LensReading, Limits
from auxfocus_ros.autofocus.terms import Reason


class Script:
    """A strategy that goes round these positions, and a fuser that marks what it is given."""

    def __init__(self, positions: list[float], looks: int = 10**6) -> None:
        self.positions, self.looks = positions, looks
        self.sights: list[Sight] = []
        self.fused: list[Known | None] = []

    def plan(self, reading: LensReading, size_px: tuple[int, int]) -> Callable[[], Strategy]:
        return self.strategy

    def strategy(self) -> Strategy:
        for number, position in enumerate(cycle(self.positions)):
            if number == self.looks:
                break
            self.sights.append((yield Look(position, Known(share_in_focus=0.5, message=f"look {number}"))))
        return CaptureEnd(End.NO_TEXTURE, False, "nothing to see")

    def fuse(self, picture: np.ndarray, known: Known | None) -> np.ndarray:
        self.fused.append(known)
        return picture.copy()


def begin(world: Any, script: Script, bounds: Bounds, limits: Limits | None = None, **replaced: Any) -> VideoRun:
    given = {"plan": script.plan, "make_fuser": lambda: script.fuse, **replaced}
    limits = limits or Limits()
    world.run = VideoRun(given["plan"], given["make_fuser"], world, bounds=bounds, limits=limits, now_s=world.now)
    return world.run  # type: ignore[no-any-return]


def test_every_frame_is_shown_while_the_lens_goes_round(make_world: Any, live_world: Any, bounds: Bounds) -> None:
    world, script = make_world({"work": 0.005}, settle_s=0.0313), Script([300.0, 700.0])
    run = begin(world, script, bounds)
    world.spend(10.0)
    assert run.ended is None and len(world.sent) > 15 and set(world.sent) == {300.0, 700.0}
    assert len(world.shown) > 10.0 * 28  # of 30 a second
    stamps = [shown.stamp_ns for shown in world.shown]
    assert stamps == sorted(set(stamps))
    moving = [bool(shown.picture[1, 0] == live_world.MOVING) for shown in world.shown]
    assert any(moving)
    for sight in script.sights:
        assert sight.picture[1, 0] != live_world.MOVING and sight.position_steps in (300.0, 700.0)
    assert sum(known is not None for known in script.fused) in (len(script.sights), len(script.sights) - 1)
    assert any(known is None for known in script.fused)
    last = world.reports[-1]
    assert last.frames_per_second == pytest.approx(30.0, abs=2.0) and last.share_in_focus == 0.5
    assert last.positions_steps[-4:] in ((300.0, 700.0) * 2, (700.0, 300.0) * 2) and len(last.positions_steps) <= 100

    run.stop(Reason.CANCELED, "canceled by the client", world.now)
    ending = world.finish()
    assert (ending.failure, ending.complete) == (Failure.CANCELED, False)
    shown = len(world.shown)
    for _ in range(100):
        world._one_step()
    assert len(world.shown) == shown


def test_a_slow_machine_skips_frames_and_never_falls_behind(make_world: Any, bounds: Bounds) -> None:
    world, script = make_world({"work": 0.12}), Script([500.0])
    begin(world, script, bounds)
    world.spend(5.0)
    assert 15 <= len(world.shown) <= 25  # two works a frame
    assert all(live.stamp_ns > 0 for live in world.shown) and not world.sent
    newest_s = (world.shown[-1].stamp_ns - world.shown[0].stamp_ns) * 1e-9
    assert newest_s > 4.0


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happenings=st.lists(
        st.tuples(st.sampled_from(["frames", "states", "somebody", "hang", "fault", "nothing"]), st.floats(0.01, 0.6)), max_size=4
    ),
    work_s=st.floats(0.0, 0.3),
)  # fmt: skip
def test_whatever_happens_cancel_ends_it(
    make_world: Any, bounds: Bounds, *, happenings: list[tuple[str, float]], work_s: float
) -> None:
    world, script = make_world({"work": work_s}), Script([200.0, 900.0])
    run = begin(world, script, bounds)
    for what, wait_s in happenings:
        world.spend(wait_s)
        if what in ("frames", "states"):
            setattr(world, what, not getattr(world, what))
        elif what == "somebody":
            world.somebody_moves(100.0)
        elif what == "hang":
            world.now += 5.0
        elif what == "fault":
            world.fault_at_move = 1
    run.stop(Reason.CANCELED, "canceled", world.now)
    ending = world.finish(bounds.stop_s + 0.2)
    assert not ending.complete and ending.failure is not Failure.NONE and ending.message


@pytest.mark.parametrize(
    ("fields", "failure"),
    [({"frames": False}, Failure.NO_FRAMES), ({"states": False}, Failure.NO_LENS), ({"fault_at_move": 1}, Failure.LENS_FAULT)],
)
def test_faults_end_it(make_world: Any, bounds: Bounds, fields: Any, failure: Failure) -> None:
    world = make_world()
    begin(world, Script([300.0, 700.0]), bounds)
    world.spend(2.0)
    for name, value in fields.items():
        setattr(world, name, value)
    assert world.finish().failure is failure


def test_limits_the_strategys_end_and_work_that_never_ends(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, Script([300.0, 700.0]), bounds, Limits(0, 0, 2.0))
    ending = world.finish()
    assert ending.failure is Failure.LIMIT_REACHED and ending.duration_s == pytest.approx(2.0, abs=0.7)
    world = make_world()
    begin(world, Script([300.0, 700.0]), bounds, Limits(0, 5, 0.0))
    assert world.finish().failure is Failure.LIMIT_REACHED
    world = make_world()
    begin(world, Script([300.0], looks=4), bounds)
    ending = world.finish()
    assert (ending.failure, ending.message) == (Failure.OTHER, "nothing to see")
    world = make_world()
    begin(world, Script([500.0]), bounds)
    world.spend(1.0)
    world.think = lambda _: None
    ending = world.finish(200.0)
    assert ending.failure is Failure.OTHER and "did not end within" in ending.message


def test_what_cannot_be_and_what_fails(make_world: Any, bounds: Bounds) -> None:
    def refuse(*_: Any) -> Any:
        raise CaptureProblem(Failure.INVALID_GOAL, "no such region")

    for replaced in ({"plan": refuse}, {"plan": lambda *_: refuse}):
        world = make_world()
        begin(world, Script([900.0]), bounds, **replaced)
        ending = world.finish()
        assert (ending.failure, ending.message, world.sent, world.shown) == (Failure.INVALID_GOAL, "no such region", [], [])

    def broken() -> Any:
        raise ValueError("no flow")

    world = make_world()
    begin(world, Script([900.0]), bounds, make_fuser=broken)
    assert "no flow" in world.finish().message
