"""How unlike two pictures are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.losses.photometric import photometric_error


def flat(*levels: float) -> torch.Tensor:
    """A picture of one level in each channel."""
    return torch.tensor(levels, dtype=torch.float64)[None, :, None, None].expand(1, -1, 4, 5)


def test_flat_pictures_worked_out_by_hand() -> None:
    # 0.2 against 0.6: SSIM = (2 * 0.2 * 0.6 + 0.0001) / (0.04 + 0.36 + 0.0001) = 0.2401 / 0.4001, |x - y| = 0.4.
    # L_t = 0.85 (1 - 0.2401 / 0.4001) / 2 + 0.15 * 0.4 = 0.85 * 0.16 / 0.8002 + 0.06 = 0.229958
    error = photometric_error(flat(0.2), flat(0.6), LossOptions())
    np.testing.assert_allclose(error, 0.85 * 0.16 / 0.8002 + 0.06, rtol=1e-9)
    np.testing.assert_allclose(error, 0.229958, atol=1e-6)
    # In one of three channels alone: a third of it.
    error = photometric_error(flat(0.5, 0.2, 0.0), flat(0.5, 0.6, 0.0), LossOptions())
    np.testing.assert_allclose(error, (0.85 * 0.16 / 0.8002 + 0.06) / 3, rtol=1e-9)


@pytest.mark.parametrize(("alpha", "wanted"), [(0.0, 0.4), (1.0, 0.16 / 0.8002)])
def test_alpha_balances_structure_and_brightness(alpha: float, wanted: float) -> None:
    np.testing.assert_allclose(photometric_error(flat(0.6), flat(0.2), LossOptions(alpha=alpha)), wanted, rtol=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), row=st.integers(0, 4), column=st.integers(0, 5), change=st.floats(0.01, 1.0))
def test_it_is_nothing_where_pictures_are_equal_and_only_there(seed: int, row: int, column: int, change: float) -> None:
    picture = torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(seed))
    other = picture.clone()
    other[0, 1, row, column] = (other[0, 1, row, column] + change / 2) % 1.0
    assert bool((photometric_error(picture, picture, LossOptions()) == 0).all())
    error = photometric_error(picture, other, LossOptions())[0, 0]
    v, u = np.mgrid[:5, :6]
    near = (abs(v - row) <= 1) & (abs(u - column) <= 1)
    assert float(error[row, column]) > 0
    assert bool((error.numpy()[~near] == 0).all())
    assert float(error.min()) >= -1e-5 and float(error.max()) <= 1  # of single precision


def test_gradients() -> None:
    x, y = torch.rand(2, 1, 2, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.autograd.gradcheck(
        lambda x, y: photometric_error(x, y, LossOptions()), (x.clone().requires_grad_(), y.clone().requires_grad_())
    )


def test_constants_out_of_their_ranges_are_said_together() -> None:
    with pytest.raises(ConfigurationError, match=r"loss: alpha is 1.2, it must be 0 to 1; k1 is 0, .*; smoothness_weight is -1"):
        LossOptions(alpha=1.2, k1=0.0, smoothness_weight=-1.0)
