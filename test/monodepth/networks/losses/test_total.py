"""The whole loss of a depth network."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.geometry.transforms import pose_matrix
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.losses.total import Neighbour, total_loss

PRINTED = LossOptions(smoothness_weight=1.0)
UNLIKE = 0.85 * 0.16 / 0.8002 + 0.15 * 0.4
"""Photometric error of a flat 0.2 against a flat 0.6: SSIM 0.2401 / 0.4001."""


def flat(level: float, height: int = 4, width: int = 4) -> torch.Tensor:
    return torch.full((1, 3, height, width), level, dtype=torch.float64)


def moved(*vector: float) -> torch.Tensor:
    return pose_matrix(torch.tensor([vector], dtype=torch.float64))


def drawn(seed: int, *shape: int) -> torch.Tensor:
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


STILL = moved(0, 0, 0, 0, 0, 0)
K = torch.tensor([[[8.0, 0.0, 2.0], [0.0, 8.0, 2.0], [0.0, 0.0, 1.0]]], dtype=torch.float64)
STRIPES = torch.tensor([1.0, 3.0, 1.0, 3.0], dtype=torch.float64).expand(1, 1, 4, 4)
"""Inverse depth of mean 2: steps of 1 to the right and none down, so a smoothness of 1 where the picture is flat."""
WALL = drawn(3, 1, 3, 12, 13)
"""2 m away; a camera of fx 8 px that steps 0.25 m to the right sees all of it one pixel further left."""
BEFORE, AFTER = WALL[..., :12], WALL[..., 1:]
STEP = moved(0, 0, 0, -0.25, 0, 0)


def wall(inverse_per_m: float) -> torch.Tensor:
    return torch.full((1, 1, 12, 12), inverse_per_m, dtype=torch.float64)


def test_the_sum_worked_out_by_hand() -> None:
    neighbours = [Neighbour(flat(0.6), STILL)]
    loss = total_loss(flat(0.2), [STRIPES], neighbours, K, PRINTED)
    assert float(loss.photometric) == pytest.approx(UNLIKE)
    assert float(loss.smoothness) == pytest.approx(1.0)
    assert float(loss.total) == pytest.approx(UNLIKE + 1.0)
    weighted = total_loss(flat(0.2), [STRIPES], neighbours, K, LossOptions(photometric_weight=2.0, smoothness_weight=0.25))
    assert float(weighted.total) == pytest.approx(2 * UNLIKE + 0.25)


def test_an_edge_in_the_picture_excuses_one_in_the_depth() -> None:
    # The picture's columns step by 0.3 wherever the depth's do.
    first = torch.tensor([0.2, 0.5, 0.2, 0.5], dtype=torch.float64).expand(1, 3, 4, 4)
    loss = total_loss(first, [STRIPES], [Neighbour(first, STILL)], K, PRINTED)
    assert float(loss.total) == pytest.approx(math.exp(-0.3))  # and nothing is unlike


@pytest.mark.parametrize("full_size", [False, True])
def test_the_mean_over_scales_with_steps_per_pixel_of_the_full_size(full_size: bool) -> None:
    # Half the size: 1 3 / 1 3, one step of 1 over two pixels, so half as rough. (1 + 1 / 2) / 2.
    loss = total_loss(
        flat(0.2), [STRIPES, STRIPES[..., :2, :2]], [Neighbour(flat(0.6), STILL)], K, replace(PRINTED, full_size=full_size)
    )
    assert float(loss.smoothness) == pytest.approx(0.75)
    assert float(loss.photometric) == pytest.approx(UNLIKE)


def test_the_true_depth_loses_nothing_and_others_do() -> None:
    losses = {
        depth: total_loss(BEFORE, [wall(1 / depth)], [Neighbour(AFTER, STEP)], K, PRINTED) for depth in (1.0, 1.8, 2.0, 2.3, 9.0)
    }
    assert float(losses[2.0].total) == pytest.approx(0.0, abs=1e-12)
    assert all(float(loss.total) > 0.003 for depth, loss in losses.items() if depth != 2.0)
    assert losses[1.8].total < losses[1.0].total and losses[2.3].total < losses[9.0].total


@pytest.mark.parametrize("full_size", [False, True])
def test_a_coarse_scale_sees_the_same_wall(full_size: bool) -> None:
    # Two pixels of the full size to the left are one of the half.
    first, second = (drawn(9, 1, 3, 12, 26)[..., cut] for cut in (slice(0, 24), slice(2, 26)))
    pose, options = moved(0, 0, 0, -0.5, 0, 0), LossOptions(full_size=full_size)
    coarse = [torch.full((1, 1, 6, 12), inverse, dtype=torch.float64) for inverse in (0.5, 0.8)]
    right, wrong = (total_loss(first, [one], [Neighbour(second, pose)], K, options) for one in coarse)
    assert float(right.photometric) == pytest.approx(0.0, abs=1e-12)
    assert float(wrong.photometric) > 0.02


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), least=st.booleans(), standing=st.booleans())
def test_cut_pixels_have_no_influence(seed: int, least: bool, standing: bool) -> None:
    options = LossOptions(smoothness_weight=1.0, least_of_sources=least, only_better_than_standing=standing)
    # Cut in blocks of two, so that both scales cut the very same.
    keep = (drawn(seed, 1, 1, 3, 4) > 0.4).double().repeat_interleave(2, 2).repeat_interleave(2, 3)
    first, inverse = drawn(seed + 1, 1, 3, 6, 8), 0.1 + drawn(seed + 2, 1, 1, 6, 8)
    coarse = 0.1 + drawn(seed + 3, 1, 1, 3, 4)
    neighbours = [Neighbour(drawn(seed + n, 1, 3, 6, 8), moved(0.02, 0.01, 0, 0.1 * n, 0, 0.1), keep) for n in (4, 5)]
    losses = []
    for change in (False, True):
        for one in (first, inverse, coarse):
            one.requires_grad_(False)
        if change:
            first, inverse = (torch.where(keep > 0, one, 1.05 - one) for one in (first, inverse))
            coarse = torch.where(keep[..., ::2, ::2] > 0, coarse, 1.05 - coarse)
        for one in (first, inverse, coarse):
            one.requires_grad_()
        loss = total_loss(first, [inverse, coarse], neighbours, K, options)
        losses.append(float(loss.total.detach()))
        for gradient in torch.autograd.grad(loss.total, (first, inverse), allow_unused=True):
            assert gradient is None or bool((gradient[(keep == 0).expand_as(gradient)] == 0).all())
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)


def test_a_coarse_pixel_counts_only_when_all_that_it_covers_does() -> None:
    # Of the upper left coarse pixel one of four is cut, and there the neighbour shows something else.
    keep, second = torch.ones_like(STRIPES), flat(0.2)
    keep[..., 1, 1], second[..., 1, 1] = 0.0, 1.0
    loss = total_loss(flat(0.2), [STRIPES[..., :2, :2]], [Neighbour(second, STILL, keep)], K, PRINTED)
    assert float(loss.photometric) == pytest.approx(0.0, abs=1e-12)


def test_what_is_cut_may_be_smoothed_on_request() -> None:
    keep = torch.ones_like(STRIPES)
    keep[..., 2:] = 0  # half of the stripes: one step of 1 in every row, as in the whole
    rough = STRIPES * torch.tensor([1.0, 1.0, 1.0, 5.0])
    neighbours = [Neighbour(flat(0.2), STILL, keep)]
    assert float(total_loss(flat(0.2), [rough], neighbours, K, PRINTED).smoothness) == pytest.approx(1.0)
    # Everywhere: 1 3 1 15 has the mean 5 and steps of 2, 2 and 14: 18 / 3 / 5.
    everywhere = replace(PRINTED, smooth_what_is_cut=True)
    assert float(total_loss(flat(0.2), [rough], neighbours, K, everywhere).smoothness) == pytest.approx(1.2)
    # A pixel that counts for one pair counts.
    both = [*neighbours, Neighbour(flat(0.2), STILL, 1 - keep)]
    assert float(total_loss(flat(0.2), [rough], both, K, PRINTED).smoothness) == pytest.approx(1.2)


@pytest.mark.parametrize("least", [False, True])
@pytest.mark.parametrize("standing", [False, True])
@pytest.mark.parametrize("why", ["cut", "behind", "beside"])
def test_nothing_counted_is_nothing_and_pulls_at_nothing(why: str, least: bool, standing: bool) -> None:
    inverse = (0.5 + drawn(1, 1, 1, 4, 4)).requires_grad_()
    vector = torch.tensor([[0.0, math.pi if why == "behind" else 0.0, 0.0, 99.0 if why == "beside" else 0.0, 0.0, 0.0]]).double()
    keep = torch.full((1, 1, 4, 4), 0.0 if why == "cut" else 1.0, dtype=torch.float64)
    neighbours = [Neighbour(drawn(n, 1, 3, 4, 4), pose_matrix(vector.requires_grad_()), keep) for n in (2, 3)]
    options = LossOptions(smoothness_weight=0.0, least_of_sources=least, only_better_than_standing=standing)
    loss = total_loss(drawn(4, 1, 3, 4, 4), [inverse], neighbours, K, options)
    assert loss.total.item() == 0.0
    for gradient in torch.autograd.grad(loss.total, (inverse, vector)):
        assert bool((gradient == 0).all())


def test_of_several_neighbours_the_one_that_fits_best() -> None:
    neighbours = [Neighbour(flat(0.6), STILL), Neighbour(flat(0.2), STILL)]
    assert float(total_loss(flat(0.2), [STRIPES], neighbours, K, PRINTED).photometric) == pytest.approx(UNLIKE / 2)
    least = replace(PRINTED, least_of_sources=True)
    assert float(total_loss(flat(0.2), [STRIPES], neighbours, K, least).photometric) == 0.0
    # Where the better one is cut, the other must do.
    neighbours[1] = Neighbour(flat(0.2), STILL, torch.zeros(1, 1, 4, 4, dtype=torch.float64))
    assert float(total_loss(flat(0.2), [STRIPES], neighbours, K, least).photometric) == pytest.approx(UNLIKE)


def test_pixels_that_fit_better_unmoved_are_left_out_on_request() -> None:
    only_better = LossOptions(only_better_than_standing=True)
    # The camera stood still, and the pose says that it stepped aside: nothing is better for it.
    stood = [Neighbour(BEFORE, STEP)]
    assert float(total_loss(BEFORE, [wall(0.5)], stood, K, LossOptions()).photometric) > 0.05
    assert float(total_loss(BEFORE, [wall(0.5)], stood, K, only_better).photometric) == 0.0
    # It did step aside, and the depth is a little wrong: nearly all pixels are better for it, and those count.
    stepped = [Neighbour(AFTER, STEP)]
    assert float(total_loss(BEFORE, [wall(0.4)], stepped, K, only_better).photometric) > 0.01
    # With the least of several sources it is the least that is compared: one neighbour stood still, so nothing can be better.
    least = replace(only_better, least_of_sources=True)
    assert float(total_loss(BEFORE, [wall(0.4)], [*stepped, *stood], K, least).photometric) == 0.0


@pytest.mark.parametrize("options", [
    PRINTED,
    LossOptions(smoothness_weight=0.3, full_size=True, smooth_what_is_cut=True),
    LossOptions(smoothness_weight=0.3, least_of_sources=True, only_better_than_standing=True),
])  # fmt: skip
def test_gradients(options: LossOptions) -> None:
    keep = torch.ones(1, 1, 4, 6, dtype=torch.float64)
    keep[..., :2, :2] = 0
    first, pictures = drawn(21, 1, 3, 4, 6), drawn(22, 2, 1, 3, 4, 6)
    fine, coarse = (0.2 + drawn(23 + n, 1, 1, *size) for n, size in enumerate(((4, 6), (2, 3))))
    vectors = torch.tensor([[0.02, -0.01, 0.03, 0.11, -0.07, 0.05], [-0.01, 0.02, 0.01, -0.13, 0.04, 0.06]], dtype=torch.float64)

    def total(fine: torch.Tensor, coarse: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        neighbours = [
            Neighbour(picture, pose_matrix(vector[None]), keep) for picture, vector in zip(pictures, vectors, strict=True)
        ]
        return total_loss(first, [fine, coarse], neighbours, K, options).total

    assert torch.autograd.gradcheck(total, tuple(one.requires_grad_() for one in (fine, coarse, vectors)))


def test_what_cannot_be_is_refused() -> None:
    neighbours = [Neighbour(flat(0.2), STILL)]
    with pytest.raises(InputError, match="loss of 1 scales of depth and 0 second pictures: it needs one of each"):
        total_loss(flat(0.2), [STRIPES], [], K, PRINTED)
    with pytest.raises(InputError, match=r"second picture: its shape is \(1, 3, 4, 5\), it must be \(1, 3, 4, 4\)"):
        total_loss(flat(0.2), [STRIPES], [Neighbour(flat(0.2, 4, 5), STILL)], K, PRINTED)
    with pytest.raises(InputError, match="mask"):
        total_loss(flat(0.2), [STRIPES], [Neighbour(flat(0.2), STILL, torch.ones(1, 1, 4, 5))], K, PRINTED)
    with pytest.raises(InputError, match="inverse depth"):
        total_loss(flat(0.2), [STRIPES[0]], neighbours, K, PRINTED)
