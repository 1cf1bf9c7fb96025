"""Weights in files: safetensors, without pickle, checked against the architecture before they are used."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.whole_file import whole_file

Network = TypeVar("Network", bound=nn.Module)
ARCHITECTURE = "architecture"
LARGE = 4096


def save_weights(network: nn.Module, path: Path, about: dict[str, str] | None = None) -> None:
    """Write a network's weights; the file is complete or not there.

    Args:
        network: with an attribute `architecture`, its name and version.
        path: of the file; an older one is replaced.
        about: more lines for the file's header.
    """
    from safetensors.torch import save

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: _stored(tensor) for name, tensor in network.state_dict().items()}
    with whole_file(path) as file:
        file.write(save(tensors, {ARCHITECTURE: str(network.architecture), **(about or {})}))


def load_weights(network: Network, path: Path) -> Network:
    """Fill a network from a file, ready for use.

    Raises:
        ConfigurationError: no such file, not safetensors or cut short, of another architecture, with tensors missing, too many,
            of another shape, or not finite: one line that names what was expected and what was found.
    """
    from safetensors import SafetensorError, safe_open

    where = f"weights {path}"
    if not path.is_file():
        raise ConfigurationError(f"{where}: no such file; `auxfocus train` makes such")
    wanted = network.state_dict()
    try:
        with safe_open(str(path), framework="pt") as file:
            found = (file.metadata() or {}).get(ARCHITECTURE, "none that is named")
            if found != network.architecture:
                raise ConfigurationError(f"{where}: wanted the architecture '{network.architecture}', found '{found}'")
            names = set(file.keys())
            if names != set(wanted):
                raise ConfigurationError(f"{where}: {_difference(set(wanted), names)}")
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"{where}: cut short or not safetensors: {' '.join(str(error).split())}") from error
    for name, tensor in sorted(tensors.items()):
        if tensor.shape != wanted[name].shape:
            raise ConfigurationError(f"{where}: {name} must be {_shape(wanted[name])}, found {_shape(tensor)}")
        if not torch.isfinite(tensor).all():
            raise ConfigurationError(f"{where}: {name} must be finite, found NaN or infinity")
    network.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in tensors.items()})
    return network.eval()


def _stored(tensor: torch.Tensor) -> torch.Tensor:
    """Large tensors in half precision: their last bits are noise, and half of the file."""
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.numel() >= LARGE else tensor


def _difference(wanted: set[str], found: set[str]) -> str:
    missing, strange = sorted(wanted - found), sorted(found - wanted)
    parts = [
        f"{word} {', '.join(names[:3])}{' ...' * (len(names) > 3)}"
        for word, names in (("misses", missing), ("has beside what was expected", strange))
        if names
    ]
    return f"expected {len(wanted)} tensors, found {len(found)}: it " + " and ".join(parts)


def _shape(tensor: torch.Tensor) -> str:
    return " x ".join(str(edge) for edge in tensor.shape) or "one number"
