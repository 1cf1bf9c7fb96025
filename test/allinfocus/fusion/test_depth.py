"""Depth from the sharpest frame."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.fusion.depth import depth_of_frames
from auxfocus_ros.errors import InputError


def test_between_frames_it_is_even_in_dioptres() -> None:
    # 1 m and 0.5 m are 1 and 2 dioptres: half-way are 1.5, 2/3 m; between 2 and infinity (0) a quarter of the way are 1.5 again.
    index = np.array([[0.0, 0.5, 1.0, 1.25, 2.0, np.nan]], np.float32)
    depth = depth_of_frames(index, [1.0, 0.5, np.inf])
    np.testing.assert_allclose(depth, [[1.0, 2.0 / 3.0, 0.5, 2.0 / 3.0, np.inf, np.nan]], rtol=1e-6)
    assert depth.dtype == np.float32


def test_what_cannot_be() -> None:
    index = np.zeros((2, 2), np.float32)
    for distances in ([], [0.0, 1.0], [-1.0], [np.nan, 1.0]):
        with pytest.raises(InputError, match="greater than 0"):
            depth_of_frames(index, distances)
    with pytest.raises(InputError, match="from 0 to 1"):
        depth_of_frames(np.full((2, 2), 1.5, np.float32), [1.0, 2.0])
