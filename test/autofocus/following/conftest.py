"""The bench lens, and estimators that read a picture's blur from the picture's first bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from auxfocus_ros.autofocus.following import Follower, FollowerOptions, FollowSetup
from auxfocus_ros.commands.bench_following_world import StandIn
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel


@pytest.fixture(scope="session")
def model() -> ThinLensModel:
    return ThinLensModel(load_lens("bench_25mm"))


@pytest.fixture
def stand_in(model: ThinLensModel) -> StandIn:
    return StandIn(model, seed=1, share=0.03, floor_px=0.3)


@pytest.fixture
def make_follower(model: ThinLensModel, stand_in: StandIn) -> Callable[..., Follower]:
    """`make_follower(use, knows_lens=True, **options)` on the bench lens."""

    def make(use: str, knows_lens: bool = True, **options: float) -> Follower:
        setup = FollowSetup(1050.0, 2100.0, model if knows_lens else None, use=use)  # type: ignore[arg-type]
        return Follower(setup, stand_in, FollowerOptions(**options))  # type: ignore[arg-type]

    return make


@pytest.fixture
def flat() -> np.ndarray:
    """A picture of nothing."""
    return np.full((64, 64), 120, np.uint8)
