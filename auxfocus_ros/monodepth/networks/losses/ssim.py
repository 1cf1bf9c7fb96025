"""How like the structure of two pictures is, around every pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.geometry.shapes import demand_shape
from auxfocus_ros.monodepth.networks.losses.options import LossOptions

LARGEST_VALUE = 1.0
"""Of a pixel: the source's L. The largest that there can be, not the largest in a picture, or dark pictures would count more."""


def ssim(first: torch.Tensor, second: torch.Tensor, options: LossOptions) -> torch.Tensor:
    """Structural similarity in the window around each pixel, mean over the channels.

        SSIM = (2 mx my + c1) (2 sxy + c2) / ((mx^2 + my^2 + c1) (sx^2 + sy^2 + c2)),  c1 = (K1 L)^2, c2 = (K2 L)^2

    with means m, variances s^2 and the covariance sxy of the window's pixels, all of equal weight. The source explains them as
    those of the whole picture, which would give one number; they are meant in windows, as SSIM is defined. It is computed from
    the sum and the difference of the pictures (their variances' sum and difference are twice sx^2 + sy^2 and four times sxy):
    two planes fewer to average, and exactly 1 where the pictures are equal.

    Args:
        first, second: (N, C, H, W) in [0, 1], finite; each side longer than half a window. Mirrored at the borders.
        options: K1, K2 and the window.

    Returns:
        (N, 1, H, W) in [-1, 1], 1 where the windows are equal.

    Raises:
        InputError: another shape, or pictures smaller than half a window.

    Source: US 12,387,354 B2, block 108.
    """
    demand_shape("second picture", second, *first.shape)
    reach = options.window // 2
    if min(first.shape[2:]) <= reach:
        raise InputError(
            f"pictures of {first.shape[3]} x {first.shape[2]} px: SSIM in windows of {options.window} px needs more than {reach}"
        )
    both = F.pad(torch.cat((first + second, first - second), 1), (reach,) * 4, mode="reflect")
    mean, mean_of_square = _window_mean(torch.cat((both, both.square()), 1), options.window).chunk(2, 1)
    square_of_mean = mean.square()
    sum_mean, difference_mean = square_of_mean.chunk(2, 1)
    sum_variance, difference_variance = (mean_of_square - square_of_mean).chunk(2, 1)
    # Every factor of the formula is here twice what it is there.
    c1, c2 = 2 * (options.k1 * LARGEST_VALUE) ** 2, 2 * (options.k2 * LARGEST_VALUE) ** 2
    over = (sum_mean - difference_mean + c1) * (sum_variance - difference_variance + c2)
    under = (sum_mean + difference_mean + c1) * (sum_variance + difference_variance + c2)
    return (over / under).mean(1, keepdim=True)


def _window_mean(planes: torch.Tensor, window: int) -> torch.Tensor:
    """Mean of every window that lies wholly within (N, C, H, W).

    Sums of shifted planes: on a processor a quarter of the time of avg_pool2d, and exact on a GPU, where a convolution would
    round to TF32 what variances are then the small difference of.
    """
    for axis in (2, 3):
        length = planes.shape[axis] - window + 1
        whole = planes.narrow(axis, 0, length)
        for shift in range(1, window):
            whole = whole + planes.narrow(axis, shift, length)
        planes = whole
    return planes / window**2
