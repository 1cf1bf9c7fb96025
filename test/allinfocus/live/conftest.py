"""The lens and the camera in simulated time of the runs that focus, for those that capture."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auxfocus_ros.autofocus.live import Bounds

_WORLD = Path(__file__).resolve().parents[2] / "autofocus" / "live" / "conftest.py"


@pytest.fixture(scope="session")
def live_world() -> Any:
    """The module of the world."""
    spec = importlib.util.spec_from_file_location("live_world", _WORLD)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["live_world"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def make_world(live_world: Any) -> Callable[..., Any]:
    """`make_world(delays={...}, ...)`; what a video shows is in `.shown`."""

    def make(delays: dict[str, float] | None = None, **settings: Any) -> Any:
        world = live_world.World(delays=live_world.Delays(**(delays or {})), **settings)
        world.shown = []
        world.show = world.shown.append
        return world

    return make


@pytest.fixture
def bounds() -> Bounds:
    return Bounds(start_s=1.0, lens_silent_s=0.5, move_s=3.0, frame_s=0.5, stop_s=0.5)
