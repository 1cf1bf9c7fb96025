"""Smooth depth where the picture is smooth."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.losses.smoothness import smoothness


def plane(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)[None, None]


def drawn(seed: int, channels: int) -> torch.Tensor:
    return torch.rand(2, channels, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_worked_out_by_hand() -> None:
    # Inverse depth 1 3 / 1 3 has the mean 2: 0.5 1.5 / 0.5 1.5. Two steps of 1 to the right, two of 0 down. The picture steps by
    # 0.5 in the upper row and by nothing in the lower one: (1 * e^-0.5 + 1 * e^0) / 2 + 0.
    inverse = plane([1.0, 3.0], [1.0, 3.0])
    picture = plane([0.2, 0.7], [0.4, 0.4])
    assert float(smoothness(inverse, picture)) == pytest.approx((math.exp(-0.5) + 1) / 2)
    # Three channels that step by 0.5, 0.1 and 0: the mean 0.2. Down, turned by a quarter, it is the same.
    colours = torch.cat((plane([0.2, 0.7], [0.2, 0.7]), plane([0.3, 0.2], [0.3, 0.2]), plane([0.0, 0.0], [0.0, 0.0])), 1)
    assert float(smoothness(inverse, colours)) == pytest.approx(math.exp(-0.2))
    assert float(smoothness(inverse.mT, colours.mT)) == pytest.approx(math.exp(-0.2))


def test_only_counted_pixels_make_the_mean_and_the_steps() -> None:
    # Counted: 1 and 3 above, 2 below right; mean 2. One step right, 2 / 2 = 1, and one down, |2 - 3| / 2 = 0.5; a flat picture.
    inverse, keep = plane([1.0, 3.0], [50.0, 2.0]), plane([1.0, 1.0], [0.0, 1.0])
    assert float(smoothness(inverse, plane([0.3, 0.3], [0.3, 0.3]), keep)) == pytest.approx(1.5)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3))
def test_the_scale_of_depth_does_not_matter(seed: int, scale: float) -> None:
    inverse, picture = 0.05 + drawn(seed, 1), drawn(seed + 1, 3)
    assert float(smoothness(scale * inverse, picture)) == pytest.approx(float(smoothness(inverse, picture)), rel=1e-9)
    assert float(smoothness(torch.full_like(inverse, scale), picture)) == pytest.approx(0.0, abs=1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_cut_pixels_have_no_influence(seed: int) -> None:
    inverse, picture, keep = 0.05 + drawn(seed, 1), drawn(seed + 1, 3), (drawn(seed + 2, 1) > 0.4).double()
    other_inverse, other_picture = (torch.where(keep > 0, one, 1 - one) for one in (inverse, picture))
    assert float(smoothness(other_inverse, other_picture, keep)) == pytest.approx(float(smoothness(inverse, picture, keep)))


def test_nothing_counted_is_nothing_and_pulls_at_nothing() -> None:
    inverse = (0.05 + drawn(1, 1)).requires_grad_()
    loss = smoothness(inverse, drawn(2, 3), torch.zeros(2, 1, 5, 6, dtype=torch.float64))
    loss.backward()
    assert loss.item() == 0.0
    assert inverse.grad is not None and bool((inverse.grad == 0).all())


def test_gradients() -> None:
    inverse, picture, keep = 0.05 + drawn(3, 1), drawn(4, 2), (drawn(5, 1) > 0.3).double()
    inputs = (inverse.requires_grad_(), picture.requires_grad_())
    assert torch.autograd.gradcheck(smoothness, inputs)
    assert torch.autograd.gradcheck(lambda inverse, picture: smoothness(inverse, picture, keep), inputs)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"picture: its shape is \(2, 3, 5, 6\), it must be \(2, any, 4, 6\)"):
        smoothness(drawn(1, 1)[:, :, :4], drawn(2, 3))
    with pytest.raises(InputError, match="mask"):
        smoothness(drawn(1, 1), drawn(2, 3), torch.ones(1, 1, 5, 6))
    with pytest.raises(InputError, match="inverse depth of 6 x 1 px"):
        smoothness(drawn(1, 1)[:, :, :1], drawn(2, 3)[:, :, :1])
