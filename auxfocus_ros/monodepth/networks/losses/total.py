"""The loss of a depth network: how unlike a picture is to what its depth makes of its neighbours, and how rough the depth is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.geometry.projection import project, scaled_intrinsics, synthesise
from auxfocus_ros.monodepth.networks.geometry.shapes import demand_shape
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.losses.photometric import photometric_error
from auxfocus_ros.monodepth.networks.losses.smoothness import smoothness


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A second picture of the same scene.

    picture: (N, 3, H, W). pose: (N, 4, 4), from the first camera's frame into this one's, in metres. keep: (N, 1, H, W), 1 at
    the pixels of the FIRST picture that count for this pair and 0 at those that are cut; None: all count.
    """

    picture: torch.Tensor
    pose: torch.Tensor
    keep: torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class DepthLoss:
    """total: L_c, to be descended. photometric, smoothness: L_t and L_s without their weights. All scalars."""

    total: torch.Tensor
    photometric: torch.Tensor
    smoothness: torch.Tensor


def total_loss(
    first: torch.Tensor,
    inverses_per_m: Sequence[torch.Tensor],
    neighbours: Sequence[Neighbour],
    k: torch.Tensor,
    options: LossOptions,
) -> DepthLoss:
    """L_c = weight_t L_t + weight_s L_s, each the mean over the scales of depth; with both weights 1 as printed.

    At every scale the neighbours are sampled where the depth places the first picture's pixels, and compared with it. A pixel
    counts that its pair keeps, and that falls within the neighbour and before its camera; all others are cut from both pictures
    alike (block 107), and their errors are not in the mean. A loss without a single counted pixel is 0, and its gradient too.
    Smoothness, whose steps are longer on coarser scales, is given per pixel of the full size.

    Args:
        first: (N, 3, H, W) in [0, 1].
        inverses_per_m: inverse depth by scale, (N, 1, h, w) each, > 0, the same field of view as `first`; at least one.
        neighbours: at least one, all of the size of `first`.
        k: (N, 3, 3), in pixels of `first`.
        options: weights, constants and choices.

    Raises:
        InputError: another shape, no scale or no neighbour.

    Source: US 12,387,354 B2, blocks 106 to 108. `least_of_sources` and `only_better_than_standing` are those of Godard et al.,
    "Digging into self-supervised monocular depth estimation", 2019.
    """
    if not neighbours or not inverses_per_m:
        raise InputError(
            f"loss of {len(inverses_per_m)} scales of depth and {len(neighbours)} second pictures: it needs one of each"
        )
    demand_shape("first picture", first, None, 3, None, None)
    count, _, height, width = first.shape
    for one in neighbours:
        demand_shape("second picture", one.picture, *first.shape)
        if one.keep is not None:
            demand_shape("mask", one.keep, count, 1, height, width)
    photometric, rough = first.new_zeros(()), first.new_zeros(())
    for inverse in inverses_per_m:
        demand_shape("inverse depth", inverse, count, 1, None, None)
        small = _View(first, neighbours, k).resized(inverse.shape[2:])
        rough = rough + smoothness(inverse, small.first, small.smooth(options)) * (inverse.shape[3] / width)
        if options.full_size:
            whole = F.interpolate(inverse, (height, width), mode="bilinear", align_corners=False)
            photometric = photometric + _View(first, neighbours, k).unlike(whole, options)
        else:
            photometric = photometric + small.unlike(inverse, options)
    photometric, rough = photometric / len(inverses_per_m), rough / len(inverses_per_m)
    return DepthLoss(options.photometric_weight * photometric + options.smoothness_weight * rough, photometric, rough)


@dataclass(frozen=True, eq=False)
class _View:
    """Pictures, masks and intrinsics of one size."""

    first: torch.Tensor
    neighbours: Sequence[Neighbour]
    k: torch.Tensor

    def resized(self, size: torch.Size) -> _View:
        """The same at another height and width. A pixel counts when all that it covers did."""
        height, width = self.first.shape[2:]
        if size == (height, width):
            return self

        def area(plane: torch.Tensor) -> torch.Tensor:
            return F.interpolate(plane, tuple(size), mode="area")

        def whole(keep: torch.Tensor | None) -> torch.Tensor | None:
            return None if keep is None else (area(keep) > 0.999).to(keep.dtype)

        neighbours = [replace(one, picture=area(one.picture), keep=whole(one.keep)) for one in self.neighbours]
        return _View(area(self.first), neighbours, scaled_intrinsics(self.k, size[1] / width, size[0] / height))

    def smooth(self, options: LossOptions) -> torch.Tensor | None:
        """Where depth is to be smooth: where it counts for any pair. None: everywhere."""
        masks = [one.keep for one in self.neighbours if one.keep is not None]
        if options.smooth_what_is_cut or len(masks) < len(self.neighbours):
            return None
        return torch.stack(masks).amax(0)

    def unlike(self, inverse_per_m: torch.Tensor, options: LossOptions) -> torch.Tensor:
        """Mean photometric error of the counted pixels."""
        parts = [self._errors(one, inverse_per_m, options) for one in self.neighbours]
        errors, standing, counts = (torch.cat(planes, 1) for planes in zip(*parts, strict=True))  # (N, neighbours, h, w)
        if options.least_of_sources:
            errors, standing = (torch.where(counts > 0, plane, torch.inf).amin(1, True) for plane in (errors, standing))
            counts = counts.amax(1, True)
        if options.only_better_than_standing:
            counts = counts * (errors < standing)
        return torch.where(counts > 0, errors, 0.0).sum() / counts.sum().clamp_min(1)

    def _errors(
        self, neighbour: Neighbour, inverse_per_m: torch.Tensor, options: LossOptions
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Error of the projection, that of the neighbour left where it is, and 1 where the pixel counts; (N, 1, h, w) each."""
        projection = project(inverse_per_m.reciprocal(), neighbour.pose, self.k)
        counts = projection.valid if neighbour.keep is None else projection.valid * neighbour.keep
        target = self.first * counts
        errors = photometric_error(synthesise(neighbour.picture, projection) * counts, target, options)
        if not options.only_better_than_standing:
            return errors, errors.detach(), counts
        with torch.no_grad():
            return errors, photometric_error(neighbour.picture * counts, target, options), counts
