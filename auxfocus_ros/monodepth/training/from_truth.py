"""The first weights of the networks: fitted to worlds whose every pixel is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.facts import facts_of
from auxfocus_ros.learning.progress import Result, Told
from auxfocus_ros.monodepth.sequence import Sequence

NetworkName = Literal["depth", "pose", "segmentation", "motion"]


@dataclass(frozen=True)
class TruthTrainingOptions:
    """Settings of a training. 0 worlds or epochs: as many as the shipped weights were made with."""

    network: NetworkName = parameter("depth", "network to train")
    seed: int = parameter(1, "of the worlds, the first weights and the order", minimum=0, maximum=2**31 - 1)
    worlds: int = parameter(0, "worlds to film; 0: as for the shipped weights", minimum=0, maximum=1_000_000)
    living: bool = parameter(True, "with people, animals and vehicles")
    epochs: int = parameter(0, "passes over the frames; 0: as for the shipped weights", minimum=0, maximum=100_000)
    minutes: float = parameter(0.0, "begin no pass after this time of training, to be resumed later; 0: no limit", minimum=0.0)
    start: str = parameter("", "weights to begin with: a file; '': new ones")
    workers: int = parameter(0, "processes that film; 0: one for each core", minimum=0, maximum=256)

    def __post_init__(self) -> None:
        """Raise ConfigurationError with everything that is out of its range."""
        demand_valid(self, "training")


@dataclass(frozen=True)
class Recipe:
    """How one of the networks is made unless the command line says otherwise. times: how much larger the worlds are filmed."""

    worlds: int
    epochs: int
    batch: int
    learning_rate: float
    times: int = 1


RECIPES: dict[str, Recipe] = {
    "depth": Recipe(640, 24, 8, 2e-3),
    "pose": Recipe(640, 12, 32, 2e-3),
    "segmentation": Recipe(640, 8, 8, 2e-3, times=2),
    "motion": Recipe(640, 40, 512, 1e-2),
}
WEIGHT_DECAY = 0.01


def train_from_truth(
    options: TruthTrainingOptions,
    learned: Many[Sequence],
    judged: Many[Sequence],
    folder: Path,
    *,
    resume: bool,
    told: Callable[[Told], None],
) -> Result:
    """Fit one network.

    Args:
        options: settings.
        learned, judged: sequences with the truth that the network needs: depth_m; classes; or world_from_camera, things,
        moved_px and
            world_from_thing.
        folder: for the checkpoint; with `resume` it is gone on from.
        resume: as said.
        told: progress.

    Returns:
        The trained network and what is to be said of it.

    Raises:
        ConfigurationError: sequences without that truth; weights or a checkpoint of something else.
    """
    from auxfocus_ros.learning import fitting

    recipe = RECIPES[options.network]
    network, goal, check = _parts(options.network, learned, judged, recipe.batch, told)
    if options.start:
        from auxfocus_ros.learning.weights import load_weights

        goal.begin_with(load_weights(network, Path(options.start).expanduser()))
    schedule = fitting.Schedule(options.epochs or recipe.epochs, min(recipe.batch, goal.rows), recipe.learning_rate, WEIGHT_DECAY)
    past = fitting.fit(
        network, goal, check, schedule, seed=options.seed, resume=resume,
        checkpoint=folder / f"{options.network}.checkpoint.safetensors",
        most_seconds=options.minutes * 60 if options.minutes else math.inf,
        told=lambda one: told(Told("training", one.epoch, one.epochs, f"loss {one.training_loss:.4f}, on other worlds "
                                   f"{one.validation_loss:.4f}")),
    )  # fmt: skip
    card = {
        "model": options.network,
        **facts_of(network, schedule, past),
        "seed": options.seed,
        "worlds": len(learned),
        "frames": sum(len(one) for one in learned),
        "worlds_judged_by": len(judged),
    }
    return Result(network, card, len(past) == schedule.epochs)


def _parts(name: str, learned: Many[Sequence], judged: Many[Sequence], batch: int, told: Callable[[Told], None]) -> Any:
    """(network, goal, check)."""
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork
    from auxfocus_ros.monodepth.networks.pose_goal import PoseGoal, pair_rows
    from auxfocus_ros.monodepth.networks.pose_network import PoseNetwork
    from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork
    from auxfocus_ros.monodepth.networks.truth_goals import TrueClassGoal, TrueDepthGoal

    needed = {"depth": ("depth_m",), "segmentation": ("classes",),
              "motion": ("classes", "things", "moved_px"),
              "pose": ("world_from_camera", "things", "moved_px", "world_from_thing")}[name]  # fmt: skip
    for one in (*learned, *judged):
        for field in needed:
            if getattr(one, field) is None:
                raise ConfigurationError(f"sequence '{one.name}': its {field} is not known, which the {name} network learns from")
    if name == "pose":
        rows: list[list[Any]] = []
        for many in (learned, judged):
            rows.append([])
            for number, one in enumerate(many):
                rows[-1] += pair_rows(one)
                told(Told("flow", number + 1, len(many)))
        return PoseNetwork(), PoseGoal(rows[0]), PoseGoal(rows[1])
    if name == "motion":
        return _motion_parts(learned, judged, told)
    goal = TrueDepthGoal if name == "depth" else TrueClassGoal
    network = DepthNetwork() if name == "depth" else SegmentationNetwork()
    return network, goal(learned, batch), goal(judged, batch)


def _motion_parts(learned: Many[Sequence], judged: Many[Sequence], told: Callable[[Told], None]) -> Any:
    """(network, goal, check), by true classes and by those that our network tells: the judge has to live with its mistakes."""
    import numpy as np

    from auxfocus_ros.monodepth.classes import load_class_table
    from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
    from auxfocus_ros.monodepth.inference.segmentation_estimator import load_segmentation_estimator
    from auxfocus_ros.monodepth.networks.motion_goal import MotionGoal, strip_rows
    from auxfocus_ros.monodepth.networks.motion_network import MotionNetwork
    from auxfocus_ros.monodepth.networks.pose_estimator import load_pose_estimator

    segments, estimator, table = (
        load_segmentation_estimator(SegmentationNetworkOptions()),
        load_pose_estimator(),
        load_class_table(),
    )
    rows: list[list[Any]] = []
    for many in (learned, judged):
        rows.append([])
        for number, one in enumerate(many):
            seen = np.stack([segments.classes(np.asarray(picture)) for picture in one.pictures])
            for classes in (np.asarray(one.classes), seen):
                rows[-1] += strip_rows(one, classes, estimator, table)
            told(Told("strips", number + 1, len(many)))
    return MotionNetwork(), MotionGoal(rows[0]), MotionGoal(rows[1])
