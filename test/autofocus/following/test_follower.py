"""Following: what it asks of the lens, in which state, and for which reason."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from auxfocus_ros.autofocus.following import Follower, FollowerOptions, FollowSetup, Wish
from auxfocus_ros.autofocus.following.sweep import LearntModel
from auxfocus_ros.autofocus.terms import DepthReading, Reason, State
from auxfocus_ros.commands.bench_following_world import StandIn
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import ThinLensModel

Make = Callable[..., Follower]
PERIOD_S = 1.0 / 30.0


class Bench:
    """A lens that goes at once where it is sent, and a target; each frame has its picture, its depth, both or none."""

    def __init__(self, follower: Follower, model: ThinLensModel, stand_in: StandIn, position: float) -> None:
        self.follower, self.model, self.stand_in = follower, model, stand_in
        self.position, self.time_s, self.moves = position, 10.0, 0
        self.wishes: list[Wish] = []

    def show(self, depth_m: float | None, frames: int, picture: bool = True, told_m: float | None = None) -> Wish:
        """Some frames of a target at a depth; `told_m`: what the range sensor says, 0: nothing, None: the truth."""
        for _ in range(frames):
            seen = None
            if depth_m is not None and picture:
                seen = self.stand_in.seen(self.position, float(self.model.best_position_steps(depth_m)))
            told = depth_m if told_m is None else told_m
            wish = self.follower.see(self.time_s, seen, self.position, DepthReading(told, 0.01 * told) if told else None)
            self.wishes.append(wish)
            if wish.position_steps is not None:
                self.position, self.moves = wish.position_steps, self.moves + 1
            self.time_s += PERIOD_S
        return self.wishes[-1]


@pytest.fixture
def bench(make_follower: Make, model: ThinLensModel, stand_in: StandIn) -> Callable[..., Bench]:
    def make(use: str, position: float, **options: float) -> Bench:
        return Bench(make_follower(use, **options), model, stand_in, position)

    return make


@pytest.mark.parametrize("use", ["depth", "picture", "both"])
def test_a_still_target_in_focus_needs_no_moves(bench: Callable[..., Bench], use: str) -> None:
    b = bench(use, 1213.6)  # 2 m
    last = b.show(2.0, 45)
    assert b.moves == 0
    assert last.state is State.IN_FOCUS
    assert last.known.probability_in_focus > 0.9
    assert last.known.best_position_steps == pytest.approx(1213.6, abs=5.0)


@pytest.mark.parametrize("use", ["depth", "both"])
def test_a_step_takes_few_moves(bench: Callable[..., Bench], model: ThinLensModel, use: str) -> None:
    b = bench(use, 1213.6)
    b.show(2.0, 20)
    last = b.show(1.5, 45)
    assert b.position == pytest.approx(float(model.best_position_steps(1.5)), abs=9.0)
    assert 1 <= b.moves <= 6
    assert last.state is State.IN_FOCUS


def test_the_picture_alone_finds_the_side(bench: Callable[..., Bench], model: ThinLensModel) -> None:
    b = bench("picture", 1400.0)
    last = b.show(2.0, 45)  # at 1213.6: 186 steps below, or as far above
    assert b.position == pytest.approx(1213.6, abs=9.0)
    assert b.moves <= 6
    assert last.state is State.IN_FOCUS


def test_it_aims_where_the_target_will_be(make_follower: Make, model: ThinLensModel) -> None:
    follower = make_follower("depth", latency_s=0.1)
    position, goal, stamp_s = float(model.best_position_steps(4.0)), math.nan, 0.0
    for frame in range(60):
        stamp_s = frame * PERIOD_S
        depth_m = 4.0 - stamp_s
        wish = follower.see(stamp_s, None, position, DepthReading(depth_m, 0.002 * depth_m))
        if wish.position_steps is not None:
            position = goal = wish.position_steps
    # 0.1 s of latency, and between a half and three periods until the next move
    soonest, latest = (float(model.best_position_steps(4.0 - stamp_s - ahead_s)) for ahead_s in (0.05, 0.2))
    assert soonest < goal < latest + 5.0


def test_lost_and_found(bench: Callable[..., Bench], model: ThinLensModel) -> None:
    b = bench("both", 1213.6)
    b.show(2.0, 20)
    b.show(None, 10)
    assert all(wish.reason is not Reason.TARGET_LOST for wish in b.wishes)
    lost = b.show(None, 20)
    assert (lost.state, lost.reason, lost.position_steps) == (State.HOLDING, Reason.TARGET_LOST, None)
    assert "not seen" in lost.message
    b.show(None, 60)
    assert b.show(1.2, 30).state is State.IN_FOCUS
    assert b.position == pytest.approx(float(model.best_position_steps(1.2)), abs=9.0)


def test_depth_alone_holds_without_depth(bench: Callable[..., Bench]) -> None:
    b = bench("depth", 1213.6)
    b.show(2.0, 10)
    held = b.show(2.0, 30, told_m=0.0)
    assert (held.state, held.reason, held.position_steps) == (State.HOLDING, Reason.NO_DEPTH, None)


def test_both_goes_on_by_the_picture_and_says_so(bench: Callable[..., Bench]) -> None:
    b = bench("both", 1213.6)
    b.show(2.0, 10)
    last = b.show(2.0, 30, told_m=0.0)
    assert (last.state, last.reason) == (State.IN_FOCUS, Reason.NO_DEPTH)


def test_nothing_to_see_leaves_the_depth(make_follower: Make, flat: np.ndarray) -> None:
    follower = make_follower("both")
    for frame in range(30):
        wish = follower.see(frame * PERIOD_S, flat, 1213.6, DepthReading(2.0, 0.02))
    assert wish.reason is Reason.NO_TEXTURE and wish.state is State.IN_FOCUS
    assert "depth alone" in wish.message


def test_nothing_to_see_by_picture_alone(make_follower: Make, flat: np.ndarray) -> None:
    follower = make_follower("picture")
    for frame in range(40):
        wish = follower.see(frame * PERIOD_S, flat, 1213.6)
    assert (wish.state, wish.reason, wish.position_steps) == (State.HOLDING, Reason.NO_TEXTURE, None)


def test_picture_and_depth_that_contradict(bench: Callable[..., Bench], model: ThinLensModel) -> None:
    b = bench("both", 1213.6)
    last = b.show(1.0, 30, told_m=2.0)
    assert last.reason is Reason.TWO_DEPTHS
    assert b.position == pytest.approx(1213.6, abs=9.0)


@pytest.mark.parametrize(("depth_m", "end"), [(30.0, 1050.0), (0.3, 2100.0)])
def test_beyond_the_range_it_goes_to_the_end(bench: Callable[..., Bench], depth_m: float, end: float) -> None:
    b = bench("depth", 1500.0)
    last = b.show(depth_m, 20)
    assert b.position == end and b.moves <= 3
    assert (last.state, last.reason) == (State.HOLDING, Reason.OUT_OF_RANGE)


def test_an_unknown_lens_is_learnt(model: ThinLensModel, stand_in: StandIn, make_follower: Make) -> None:
    follower = make_follower("picture", knows_lens=False)
    b = Bench(follower, model, stand_in, 1300.0)
    first = b.show(1.0, 1)
    assert first.state is State.SEARCHING and first.probe
    last = b.show(1.0, 60)
    assert isinstance(follower.learnt_model, LearntModel)
    assert follower.learnt_model.px_per_step == pytest.approx(0.19, abs=0.02)
    assert last.state is State.IN_FOCUS
    assert b.position == pytest.approx(float(model.best_position_steps(1.0)), abs=10.0)


def test_far_frames_end_in_a_search_that_is_bounded(make_follower: Make) -> None:
    follower = make_follower("picture", patience_frames=5, search_positions=4)
    noise = np.random.default_rng(0)
    moves = 0
    for frame in range(120):
        picture = noise.integers(0, 256, (64, 64), np.uint8)
        picture[0, :8] = np.frombuffer(np.float64(60.0).tobytes(), np.uint8)  # out of focus wherever the lens stands
        wish = follower.see(frame * PERIOD_S, picture, 1200.0)
        moves += wish.position_steps is not None
    assert moves < 60


def test_a_clock_that_starts_again_starts_again(make_follower: Make) -> None:
    follower = make_follower("depth")
    for stamp_s in (100.0, 100.03, 100.07):
        follower.see(stamp_s, None, 1500.0, DepthReading(2.0, 0.02))
    wish = follower.see(1.0, None, 1500.0, None)
    assert wish.state is State.WAITING_FOR_FRAME
    assert math.isnan(wish.known.best_position_steps)


@pytest.mark.parametrize(("stamp_s", "position"), [(math.nan, 1500.0), (math.inf, 1500.0), (0.0, math.nan)])
def test_a_frame_without_a_time_or_a_place_changes_nothing(make_follower: Make, stamp_s: float, position: float) -> None:
    wish = make_follower("depth").see(stamp_s, None, position, DepthReading(2.0, 0.02))
    assert (wish.state, wish.reason, wish.position_steps) == (State.HOLDING, Reason.OTHER, None)


def test_what_cannot_be() -> None:
    with pytest.raises(ConfigurationError, match="range"):
        FollowSetup(5.0, 5.0)
    with pytest.raises(ConfigurationError, match="depth alone needs a defocus model"):
        FollowSetup(0.0, 100.0, use="depth")
    with pytest.raises(ConfigurationError, match="estimator"):
        Follower(FollowSetup(0.0, 100.0, use="picture"))
    with pytest.raises(ConfigurationError, match="knows no depths"):
        Follower(FollowSetup(0.0, 100.0, LearntModel(0.0, 100.0, 0.2), use="depth"))
    with pytest.raises(ConfigurationError, match="latency_s is 5"):
        FollowerOptions(latency_s=5.0)
