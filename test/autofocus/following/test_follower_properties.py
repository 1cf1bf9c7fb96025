"""What holds whatever comes in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.following import Follower
from auxfocus_ros.autofocus.terms import DepthReading

pictures = st.one_of(st.none(), st.floats(0.0, 250.0))
depths = st.one_of(st.none(), st.tuples(st.floats(0.02, 1e4), st.floats(1e-4, 0.5)))
velocities = st.one_of(st.none(), st.floats(-1e3, 1e3), st.sampled_from([math.nan, math.inf]))
steps = st.one_of(st.sampled_from([1 / 30, 1 / 30, 0.0, 0.7, 5.0, -0.05, -0.4, -20.0, math.nan]), st.floats(-0.2, 0.5))
frames = st.tuples(steps, pictures, st.one_of(st.floats(1000.0, 2200.0), st.just(math.nan)), depths, velocities, st.booleans())


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["depth", "picture", "both"]), st.booleans(), st.lists(frames, max_size=12))
def test_whatever_comes(make_follower: Callable[..., Follower], use: str, knows_lens: bool, shown: list[Any]) -> None:
    follower = make_follower(use, knows_lens=knows_lens or use == "depth")
    time_s = 50.0
    for step_s, radius_px, position, depth, velocity, moving in shown:
        stamp_s = time_s + step_s
        time_s = stamp_s if math.isfinite(stamp_s) else time_s
        picture = None
        if radius_px is not None:
            picture = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
            picture[0, :8] = np.frombuffer(np.float64(radius_px).tobytes(), np.uint8)
        reading = None if depth is None else DepthReading(depth[0], depth[0] * depth[1])
        wish = follower.see(stamp_s, picture, position, reading, velocity, moving=moving)
        assert wish.position_steps is None or 1050.0 <= wish.position_steps <= 2100.0
        known = wish.known
        assert known.state is wish.state and known.message == wish.message
        assert math.isnan(known.probability_in_focus) or 0.0 <= known.probability_in_focus <= 1.0
        assert not math.isinf(known.best_position_steps) and not math.isinf(known.best_sigma_steps)
        assert wish.message or wish.reason.value == 0
