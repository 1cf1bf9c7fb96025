"""Structural similarity in windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.losses.ssim import ssim


def pictures(seed: int, *shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    one, other = torch.rand(2, *shape, dtype=torch.float64, generator=generator)
    return one, other


def test_a_window_worked_out_by_hand() -> None:
    # x: 0.1 but 1.0 in the middle. Mean (8 * 0.1 + 1) / 9 = 0.2, variance (8 * 0.01 + 1) / 9 - 0.2^2 = 0.08.
    # y = 0.5 - x / 2: mean 0.4, variance 0.08 / 4 = 0.02, covariance -0.08 / 2 = -0.04. c1 = 0.01^2, c2 = 0.03^2.
    # SSIM = (2 * 0.2 * 0.4 + 0.0001) (2 * -0.04 + 0.0009) / ((0.04 + 0.16 + 0.0001) (0.08 + 0.02 + 0.0009))
    #      = 0.1601 * -0.0791 / (0.2001 * 0.1009) = -0.01266391 / 0.02019009
    x = torch.full((1, 1, 3, 3), 0.1, dtype=torch.float64)
    x[0, 0, 1, 1] = 1.0
    found = ssim(x, 0.5 - x / 2, LossOptions())
    assert float(found[0, 0, 1, 1]) == pytest.approx(-0.01266391 / 0.02019009, rel=1e-9)
    # The corner's window is mirrored: rows and columns 1 0 1, so the middle's 1.0 four times.
    # Mean (5 * 0.1 + 4) / 9 = 0.5, variance (5 * 0.01 + 4) / 9 - 0.25 = 0.2; y: 0.25, 0.05, covariance -0.1.
    # SSIM = (2 * 0.5 * 0.25 + 0.0001) (-0.2 + 0.0009) / ((0.25 + 0.0625 + 0.0001) (0.25 + 0.0009))
    assert float(found[0, 0, 0, 0]) == pytest.approx(0.2501 * -0.1991 / (0.3126 * 0.2509), rel=1e-9)


def test_the_constants_are_those_of_the_options() -> None:
    # Flat pictures 0.2 and 0.6 have no variance: SSIM = (2 * 0.2 * 0.6 + c1) / (0.04 + 0.36 + c1); with K1 0.1, c1 = 0.01.
    x, y = torch.full((1, 3, 4, 4), 0.2, dtype=torch.float64), torch.full((1, 3, 4, 4), 0.6, dtype=torch.float64)
    np.testing.assert_allclose(ssim(x, y, LossOptions(k1=0.1)), 0.25 / 0.41, rtol=1e-9)
    # A chequerboard of 0 and 1 against its negative: means 4 / 9 and 5 / 9, both variances 20 / 81, covariance -20 / 81.
    # With K2 1, c2 = 1: SSIM = (2 * 20 / 81 + c1) (1 - 40 / 81) / ((16 / 81 + 25 / 81 + c1) (1 + 40 / 81)).
    v, u = np.mgrid[:5, :5]
    board = torch.from_numpy(((u + v) % 2).astype(np.float64))[None, None]
    wanted = (40 / 81 + 1e-4) * (41 / 81) / ((41 / 81 + 1e-4) * (121 / 81))
    np.testing.assert_allclose(ssim(board, 1 - board, LossOptions(k2=1.0)), wanted, rtol=1e-9)


@pytest.mark.parametrize("window", [3, 5, 7])
def test_it_is_the_printed_formula_in_every_window(window: int) -> None:
    x, y = pictures(window, 2, 3, 8, 9)
    reach = window // 2
    wanted = np.zeros((2, 3, 8, 9))
    wide = [np.pad(one.numpy(), ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="reflect") for one in (x, y)]
    for n, c, v, u in np.ndindex(wanted.shape):
        a, b = (one[n, c, v : v + window, u : u + window].ravel() for one in wide)
        (aa, ab), (_, bb) = np.cov(a, b, bias=True)
        wanted[n, c, v, u] = (2 * a.mean() * b.mean() + 1e-4) * (2 * ab + 9e-4)
        wanted[n, c, v, u] /= (a.mean() ** 2 + b.mean() ** 2 + 1e-4) * (aa + bb + 9e-4)
    np.testing.assert_allclose(ssim(x, y, LossOptions(window=window)), wanted.mean(1, keepdims=True), rtol=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), contrast=st.floats(0.0, 1.0), level=st.floats(0.0, 1.0))
def test_it_is_one_for_equal_pictures_and_never_more(seed: int, contrast: float, level: float) -> None:
    one, other = (((1 - contrast) * level + contrast * picture).float() for picture in pictures(seed, 1, 3, 6, 7))
    assert bool((ssim(one, one, LossOptions()) == 1).all())
    found = ssim(one, other, LossOptions())
    assert float(found.max()) <= 1 + 1e-3 and float(found.min()) >= -1 - 1e-3  # of single precision
    assert torch.equal(found, ssim(other, one, LossOptions()))


def test_gradients() -> None:
    x, y = pictures(11, 1, 2, 4, 5)
    assert torch.autograd.gradcheck(
        lambda x, y: ssim(x, y, LossOptions()), (x.clone().requires_grad_(), y.clone().requires_grad_())
    )


def test_windows_and_pictures_that_cannot_be() -> None:
    with pytest.raises(ConfigurationError, match="loss: window is 4, it must be odd"):
        LossOptions(window=4)
    with pytest.raises(InputError, match="pictures of 5 x 2 px: SSIM in windows of 5 px needs more than 2"):
        ssim(torch.rand(1, 3, 2, 5), torch.rand(1, 3, 2, 5), LossOptions(window=5))
    with pytest.raises(InputError, match="second picture"):
        ssim(torch.rand(1, 3, 4, 5), torch.rand(1, 3, 4, 6), LossOptions())
