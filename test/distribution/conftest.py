"""What tests of counting share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis

WARPS: dict[str, Callable[[Any], Any]] = {"linear": lambda depth: depth, "dioptre": np.reciprocal, "log": np.log}


@pytest.fixture(scope="session")
def bin_of() -> Callable[..., NDArray[np.float32]]:
    """`DepthAxis.line` in numpy: the fractional bins of depths, float32."""

    def work_out(axis: DepthAxis, depth: NDArray[Any], unit_m: float = 1.0, offset: float = 0.0) -> NDArray[np.float32]:
        lowest, highest, factor, shift = axis.line(unit_m, offset)
        clipped = np.clip(np.asarray(depth, np.float32), lowest, highest)
        found: NDArray[np.float32] = WARPS[axis.scale](clipped) * factor + shift
        return found

    return work_out
