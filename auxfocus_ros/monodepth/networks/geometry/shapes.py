"""The guard at the door of differentiable geometry and losses."""

from __future__ import annotations

import torch

from auxfocus_ros.errors import InputError


def demand_shape(what: str, tensor: torch.Tensor, *wanted: int | None) -> None:
    """Raise InputError unless a tensor has these sizes; None: any."""
    if tensor.ndim != len(wanted) or any(size not in (None, found) for size, found in zip(wanted, tensor.shape, strict=True)):
        sizes = ", ".join("any" if size is None else str(size) for size in wanted)
        raise InputError(f"{what}: its shape is {tuple(tensor.shape)}, it must be ({sizes})")
