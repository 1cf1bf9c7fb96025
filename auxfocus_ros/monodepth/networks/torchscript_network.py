"""A user's TorchScript network. The file holds code, which runs as it is loaded: load only what you trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError


class TorchScriptRunner:
    """Runs it, on the processor."""

    fixed_px = (0, 0)
    """A TorchScript file does not say which size it takes."""

    def __init__(self, where: str, path: Path) -> None:
        """Read a file; `where` names it in errors. Raises ConfigurationError."""
        try:
            self._module = torch.jit.load(str(path), map_location="cpu").eval()
        except (RuntimeError, ValueError, OSError) as error:
            raise ConfigurationError(f"{where}: not TorchScript that can be read: {_last_line(error)}") from error

    def run(self, pictures: NDArray[np.float32]) -> list[NDArray[Any]]:
        """All outputs for (1, 3, H, W). Raises ValueError where it fails on them."""
        try:
            with torch.inference_mode():
                outputs = self._module(torch.from_numpy(pictures))
        except RuntimeError as error:
            raise ValueError(_last_line(error)) from error
        outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        if not all(isinstance(output, torch.Tensor) for output in outputs):
            raise ValueError(f"it gives {', '.join(type(output).__name__ for output in outputs)}, wanted a tensor")
        return [output.float().numpy() for output in outputs]


def _last_line(error: Exception) -> str:
    """Of TorchScript's traceback within its own code the cause stands last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
