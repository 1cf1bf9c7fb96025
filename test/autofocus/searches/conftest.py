"""A lens and camera that show nothing but how sharp it is, so that hundreds of searches take a second."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from auxfocus_ros.autofocus.driving import Run, drive
from auxfocus_ros.autofocus.sharpness import MEASURES
from auxfocus_ros.autofocus.terms import DepthReading, Search, Task

Curve = Callable[[float], float]


class CurveCamera:
    """Its picture's first pixels are the bytes of the sharpness there. commanded: every position that it was sent to."""

    def __init__(self, curve: Curve, position_steps: float) -> None:
        self.position_steps = position_steps
        self.commanded: list[float] = []
        self.captured: list[float] = []
        self._curve = curve

    def move(self, position_steps: float) -> None:
        self.position_steps = position_steps
        self.commanded.append(position_steps)

    def capture(self) -> np.ndarray:
        self.captured.append(self.position_steps)
        picture = np.zeros((1024, 1024), np.uint8)
        picture[0, :8] = np.frombuffer(np.float64(self._curve(self.position_steps)).tobytes(), np.uint8)
        return picture

    def depth(self) -> DepthReading | None:
        return None


@pytest.fixture(scope="module")
def searched() -> Iterator[Callable[..., tuple[Run, CurveCamera]]]:
    """Run a search over a curve: `searched(search, curve, task, **settings)`."""

    def run(search: Callable[..., Search], curve: Curve, task: Task, **settings: object) -> tuple[Run, CurveCamera]:
        camera = CurveCamera(curve, task.start_position_steps)
        return drive(search(task, measure="coded", **settings), camera, task), camera

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MEASURES, "coded", lambda grey: float(grey[0, :8].copy().view(np.float64)[0]))
        yield run


@pytest.fixture(scope="session")
def peak_at() -> Callable[..., Curve]:
    """A curve such as Tenengrad's on the bench lens: `peak_at(best, width=20, height=1000, floor=20)`."""

    def curve(best: float, width: float = 20.0, height: float = 1000.0, floor: float = 20.0) -> Curve:
        return lambda position: floor + height / (1.0 + ((position - best) / width) ** 2)

    assert math.isclose(curve(5.0)(5.0), 1020.0)
    return curve
