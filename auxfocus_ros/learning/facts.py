"""What every model card says of how a network was fitted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auxfocus_ros.learning.fitting import Progress, Schedule


def facts_of(network: Any, schedule: Schedule, past: Sequence[Progress]) -> dict[str, Any]:
    """Plain numbers: the network's size, how it was fitted and how long, its losses at the end and, on other rows, at best."""
    return {
        "architecture": network.architecture,
        "weights": sum(value.numel() for value in network.parameters()),
        "epochs": len(past),
        "batch": schedule.batch,
        "learning_rate": schedule.learning_rate,
        "cores": os.cpu_count(),
        "minutes_training": round(past[-1].seconds / 60, 1) if past else 0.0,
        "training_loss": past[-1].training_loss if past else None,
        "validation_loss": min((one.validation_loss for one in past), default=None),
    }
