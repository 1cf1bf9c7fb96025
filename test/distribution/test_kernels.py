"""The compiled loops: what they may bring along, and how exact their logarithm is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import SCALES, AcrossAxis, DepthAxis, count_depth_image, kernels, warm_up

BinOf = Callable[..., Any]


def test_the_room_does_not_bring_numba() -> None:
    code = "import sys, auxfocus_ros.distribution as d; before = 'numba' in sys.modules; d.warm_up(); "
    code += "assert (before, 'numba' in sys.modules) == (False, True)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_warming_up_compiles_for_every_type() -> None:
    warm_up()
    before = list(kernels.scan.signatures)
    assert len(before) == 2
    axis, across = DepthAxis(1.0, 9.0, 8), AcrossAxis.of_picture(20, 5)
    for depth in (np.ones((4, 20), np.float32), np.ones((4, 20), np.uint16), np.ones((8, 40), np.float32)[::2, ::2]):
        count_depth_image(depth, axis, across)
    assert list(kernels.scan.signatures) == before


@settings(deadline=None, max_examples=100)
@given(st.floats(1e-30, 1e30), st.integers(0, 2**32))
def test_the_logarithm_is_exact_to_two_units_in_the_last_place(middle: float, seed: int) -> None:
    x = (middle * np.random.default_rng(seed).uniform(0.3, 3.0, 200)).astype(np.float32)
    truth = np.log(x.astype(np.float64))
    ours = np.array([kernels._ln(value) for value in x])
    # Where the logarithm is near 0, its terms are of the size of the mantissa's distance from 1.
    unit = np.spacing(np.maximum(np.abs(truth), 1e-3).astype(np.float32))
    assert (np.abs(ours - truth) <= 2 * unit).all()


def test_a_bin_is_what_the_axis_says(bin_of: BinOf) -> None:
    """Every bin's depths, from just inside its edges, land in it."""
    for scale in SCALES:
        axis = DepthAxis(0.7, 90.0, 256, scale)
        edges = axis.edges_m()
        inside = np.diff(edges) * 0.02
        depth = np.stack([edges[:-1] + inside, edges[1:] - inside]).astype(np.float32)
        counts = count_depth_image(depth, axis, AcrossAxis.of_picture(256, 256)).counts
        np.testing.assert_array_equal(counts, 2 * np.eye(256, dtype=np.uint32))
        np.testing.assert_array_equal(np.floor(bin_of(axis, depth)), np.broadcast_to(np.arange(256), (2, 256)))
