"""A follower over a lens and a camera that answer late: what it is shown, what becomes of its wishes, and how it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.autofocus.live import Aim, Aimer, Bounds, FollowingRun, LensReading, Limits, SeenTarget, Targets
from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State, Task

EPOCH_S = 1_700_000_000.0


@dataclass(frozen=True)
class Wished:
    position_steps: float | None = None
    state: State = State.IN_FOCUS
    reason: Reason = Reason.NONE
    message: str = ""
    known: Known = field(default_factory=Known)


class Seen:
    """A follower that wishes what a function says, and keeps what it was shown."""

    def __init__(self, wish: Any) -> None:
        self.wish = wish
        self.shown: list[dict[str, Any]] = []

    def see(
        self, stamp_s: float, picture: Any, position_steps: float, depth: Any = None, velocity: Any = None, *,
        moving: bool = False, now_s: Any = None,
    ) -> Any:  # fmt: skip
        self.shown.append(
            {"stamp_s": stamp_s - EPOCH_S, "picture": picture, "position": position_steps, "depth": depth, "velocity": velocity,
             "moving": moving, "now_s": now_s - EPOCH_S}
        )  # fmt: skip
        return self.wish(stamp_s - EPOCH_S)


def begin(
    world: Any, follower: Any, bounds: Bounds, aim: Aim | None = None, *, use: Any = "both", limits: Limits | None = None
) -> FollowingRun:
    class WholePicture(Aimer):
        def cut(self, picture: np.ndarray, target_box_px: Any) -> np.ndarray:
            return picture

    aimer = WholePicture(aim or Aim("target"), use, world.now, depth_s=bounds.depth_s, keep_target=False)

    def make_task(reading: LensReading, depth: DepthReading | None) -> Task:
        return Task(reading.min_position_steps, reading.max_position_steps, reading.position_steps)

    def make_follower(task: Task) -> Any:
        if isinstance(follower, Exception):
            raise follower
        return follower

    world.run = FollowingRun(
        make_follower, make_task, world, aimer, clock_ns=lambda: round((EPOCH_S + world.now) * 1e9), bounds=bounds,
        limits=limits or Limits(), now_s=world.now,
    )  # fmt: skip
    return world.run  # type: ignore[no-any-return]


def spend_with_target(world: Any, run: FollowingRun, duration_s: float, late_s: float = 0.1, **fields: Any) -> None:
    """Targets at 10 Hz, which come late."""
    ends = world.now + duration_s
    while world.now < ends and run.ended is None:
        world.spend(0.1)
        if run.ended is None:
            depth = DepthReading(2.0, 0.1)
            seen = SeenTarget((10, 10, 64, 64), **{"depth": depth, "depth_velocity_m_per_s": -0.5, **fields})
            stamp = round((EPOCH_S + world.now - late_s) * 1e9)
            run.targets(Targets(stamp, {3: seen}, 3), world.now)


def test_frames_and_depths_come_each_with_their_own_stamp(make_world: Any, bounds: Bounds, shown: Any) -> None:
    world, follower = make_world(), Seen(lambda stamp_s: Wished())
    run = begin(world, follower, bounds)
    spend_with_target(world, run, 1.5)
    depths = [item for item in follower.shown if item["depth"] is not None]
    frames = [item for item in follower.shown if item["depth"] is None]
    assert len(depths) >= 10 and len(frames) >= 30
    assert all(item["picture"] is None and item["velocity"] == -0.5 for item in depths)
    assert all(0.09 <= item["now_s"] - item["stamp_s"] < 0.2 for item in depths)
    assert all(item["stamp_s"] <= item["now_s"] < item["stamp_s"] + 0.2 for item in frames)
    assert sum(item["picture"] is not None for item in frames) > 25
    assert run.ended is None and run.state is State.IN_FOCUS
    assert world.reports[-1].captures == run.journal.captures > 30


def test_wishes_replace_each_other_and_moving_glass_is_not_shown(make_world: Any, bounds: Bounds, shown: Any) -> None:
    world = make_world(speed=1500.0)
    follower = Seen(lambda stamp_s: Wished(500.0 + 200.0 * math.sin(6.0 * stamp_s), State.MOVING))
    run = begin(world, follower, bounds, Aim(), use="picture")
    world.spend(3.0)
    assert run.ended is None and len(world.sent) > 20 and run.journal.moves == len(world.sent)
    assert 3 <= run.journal.reversals <= 8
    for item in follower.shown:
        assert item["moving"] == (item["picture"] is None)
        if item["picture"] is not None:
            seen, moved = shown(item["picture"])
            assert not moved and seen == pytest.approx(item["position"], abs=1e-6)
        else:
            assert item["position"] == pytest.approx(world.position, abs=250.0)


def test_a_lost_target_is_held_for_and_never_ends_the_run(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    follower = Seen(lambda stamp_s: Wished(None, State.HOLDING, Reason.TARGET_LOST, "not seen"))
    run = begin(world, follower, bounds)
    world.spend(3.0)  # no targets at all
    assert run.ended is None and follower.shown
    assert all(item["picture"] is None and item["depth"] is None for item in follower.shown)
    report = world.reports[-1]
    assert (report.state, report.reason, report.message) == (State.HOLDING, Reason.TARGET_LOST, "not seen")
    spend_with_target(world, run, 1.0)
    assert any(item["picture"] is not None for item in follower.shown)
    spend_with_target(world, run, 1.0, tracked=False, depth=None)
    assert follower.shown[-1]["picture"] is None
    run.stop(Reason.CANCELED, "canceled", world.now)
    assert run.ended is not None and run.ended.reason is Reason.CANCELED


def test_slow_work_leaves_frames_out_and_takes_the_newest(make_world: Any, bounds: Bounds) -> None:
    world, follower = make_world({"work": 0.2}), Seen(lambda stamp_s: Wished())
    begin(world, follower, bounds, Aim(), use="picture")
    world.spend(3.0)
    stamps = [item["stamp_s"] for item in follower.shown]
    assert 10 <= len(stamps) <= 16 and stamps == sorted(stamps)
    assert all(item["now_s"] - item["stamp_s"] < 0.12 for item in follower.shown)


def test_how_it_ends(make_world: Any, bounds: Bounds) -> None:
    def world_and_run(limits: Limits | None = None, wish: Any = lambda stamp_s: Wished(), **settings: Any) -> Any:
        world = make_world(**settings)
        return world, begin(world, Seen(wish), bounds, Aim(), use="picture", limits=limits)

    world, _ = world_and_run()
    world.spend(0.5)
    world.somebody_moves(900.0)
    assert world.finish(5.0).reason is Reason.LENS_BUSY and not world.sent

    world, _ = world_and_run()
    world.spend(0.5)
    world.frames = False
    assert world.finish(5.0).reason is Reason.NO_FRAMES

    world, _ = world_and_run(Limits(max_duration_s=1.0))
    assert world.finish(5.0).reason is Reason.LIMIT_REACHED

    world, _ = world_and_run(Limits(max_captures=5))
    assert (ending := world.finish(5.0)).reason is Reason.LIMIT_REACHED and ending.journal.captures == 5

    world, _ = world_and_run(wish=lambda stamp_s: Wished(100.0 if int(10 * stamp_s) % 2 else 800.0), fault_at_move=2)
    assert world.finish(5.0).reason is Reason.LENS_FAULT

    world, _ = world_and_run(wish=lambda stamp_s: 1 / 0)
    ending = world.finish(5.0)
    assert ending.reason is Reason.OTHER and "ZeroDivisionError" in ending.message

    world = make_world()
    begin(world, ValueError("cannot follow"), bounds, Aim(), use="picture")
    assert "cannot follow" in world.finish(5.0).message


def test_the_trace_of_hours_is_cut(make_world: Any, bounds: Bounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auxfocus_ros.autofocus.live.following_run.KEPT_TRACE", 10)
    world = make_world()
    run = begin(world, Seen(lambda stamp_s: Wished()), bounds, Aim(), use="picture")
    world.spend(1.0)
    assert run.journal.captures > 20 and len(run.journal.trace) == 10


def test_a_position_that_is_no_number_is_not_sent(make_world: Any, bounds: Bounds) -> None:
    world = make_world()
    begin(world, Seen(lambda stamp_s: Wished(math.nan)), bounds, Aim(), use="picture")
    world.spend(0.5)
    assert not world.sent
