"""How good a trained depth network is where true depth is known, beside what it began with."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import asdict
from typing import Any

from auxfocus_ros.monodepth.evaluation.metrics import frame_errors, mean_errors
from auxfocus_ros.monodepth.training.learning_frames import LearningFrames

CAP_M = 80.0


def figures(
    network: Any, start: Mapping[str, Any] | None, frames: Many[LearningFrames], *, held_out: bool
) -> dict[str, Any] | None:
    """Errors over target frames with true depth, median scaling, cap 80 m.

    Args:
        network: the depth network, trained.
        start: weights that it began with; None: new ones, of which nothing is said.
        frames: to look at; those of sequences without true depth are passed over.
        held_out: they were not learned from.

    Returns:
        Plain numbers to be printed and stored; None where no frame has a true depth.
    """
    known = [one for one in frames if one.depth_m is not None]
    if not known:
        return None
    result: dict[str, Any] = {
        "frames": sum(map(len, known)),
        "held_out": held_out,
        "scaling": "median",
        "cap_m": CAP_M,
        "after": _errors(network, known),
    }
    if start is not None:
        began = copy.deepcopy(network)
        began.load_state_dict(start)
        result["before"] = _errors(began, known)
    return result


def _errors(network: Any, frames: Many[LearningFrames]) -> dict[str, float] | None:
    from auxfocus_ros.monodepth.networks.depth_inference import OwnDepth

    sees = OwnDepth(copy.deepcopy(network))
    found = mean_errors(
        frame_errors(1.0 / sees.inverse_depth(one.pictures[target]), one.depth_m[target], cap_m=CAP_M)
        for one in frames
        if one.depth_m is not None
        for target in one.targets
    )
    return None if found.errors is None else asdict(found.errors)
