"""A training from beginning to end: which photographs, how many samples, which network, and what is left in the folder."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from auxfocus_ros.autofocus.training.data import PatchPlan, seconds_spent, simulated
from auxfocus_ros.autofocus.training.sources import PROCEDURAL_SHARE, training_photos
from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.learning.facts import facts_of
from auxfocus_ros.learning.progress import Result, Told
from auxfocus_ros.optics.lens_file import load_lens

Model = Literal["radius", "reference_estimator", "reference_discriminator"]
VALIDATION_PHOTO = 5
"""One photograph in so many is not learned from: by it the loss is judged and the figures of the card are made."""


@dataclass(frozen=True)
class TrainingOptions:
    """Settings of a training. 0 patches or epochs: as many as the shipped weights were made with."""

    model: Model = parameter("radius", "network to train")
    seed: int = parameter(1, "of the simulation, the first weights and the order", minimum=0, maximum=2**31 - 1)
    patches: int = parameter(0, "simulated patches; 0: as for the shipped weights", minimum=0, maximum=10_000_000)
    epochs: int = parameter(0, "passes over the patches; 0: as for the shipped weights", minimum=0, maximum=100_000)
    minutes: float = parameter(0.0, "begin no pass after this time of training, to be resumed later; 0: no limit", minimum=0.0)
    workers: int = parameter(0, "processes that simulate; 0: one for each core", minimum=0, maximum=256)
    lens: str = parameter("bench_25mm", "lens whose positions are simulated: a shipped name or a path")

    def __post_init__(self) -> None:
        """Raise ConfigurationError with everything that is out of its range."""
        demand_valid(self, "training")


@dataclass(frozen=True)
class Recipe:
    """How one of the networks is made unless the command line says otherwise."""

    patches: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    pictures: bool


RECIPES: dict[str, Recipe] = {
    "radius": Recipe(48_000, 10, 256, 2e-3, 0.05, pictures=False),
    "reference_estimator": Recipe(6_000, 36, 32, 1e-3, 0.0, pictures=True),
    "reference_discriminator": Recipe(6_000, 24, 32, 3e-3, 0.0, pictures=True),
}


def train(options: TrainingOptions, photos: Path | None, folder: Path, *, resume: bool, told: Callable[[Told], None]) -> Result:
    """Simulate, fit, judge.

    Args:
        options: settings.
        photos: folder of photographs; None: drawn textures alone.
        folder: for the samples and the checkpoint; with `resume` what is there is taken up, without it all is made anew.
        resume: as said.
        told: progress.

    Returns:
        The trained network and what is to be said of it.

    Raises:
        ConfigurationError: a folder, lens or setting that cannot be; a checkpoint of something else.
    """
    from auxfocus_ros.autofocus.networks import goals, reference
    from auxfocus_ros.autofocus.networks.radius_network import RadiusNetwork
    from auxfocus_ros.autofocus.training.card import figures
    from auxfocus_ros.learning import fitting

    recipe = RECIPES[options.model]
    load_lens(options.lens)
    files = [] if photos is None else training_photos(photos)
    kept = files[VALIDATION_PHOTO - 1 :: VALIDATION_PHOTO]
    learned = [file for file in files if file not in kept]
    rows = options.patches or recipe.patches
    share = PROCEDURAL_SHARE if files else 1.0
    paths = tuple(str(file) for file in learned), tuple(str(file) for file in kept)
    plans = {
        "training": PatchPlan(paths[0], rows, options.seed, options.lens, recipe.pictures, share),
        "validation": PatchPlan(paths[1], max(64, min(2000, rows // 8)), options.seed + 500_009, options.lens, recipe.pictures,
                                0.0 if kept else 1.0),
    }  # fmt: skip
    workers = options.workers or os.cpu_count() or 1
    arrays, spent = {}, 0.0
    for name, plan in plans.items():
        where = folder / f"samples_{'pictures' if recipe.pictures else 'features'}_{name}"
        if not resume:
            (where / "plan.json").unlink(missing_ok=True)

        def count(done: int, of: int, name: str = name) -> None:
            told(Told(f"simulating, {name}", done, of))

        arrays[name] = simulated(where, plan, workers, count)
        spent += seconds_spent(where)
    parts: dict[str, tuple[Any, Any]] = {
        "radius": (RadiusNetwork, goals.RadiusGoal),
        "reference_estimator": (reference.StepEstimator, goals.StepsGoal),
        "reference_discriminator": (reference.FocusDiscriminator, goals.InFocusGoal),
    }
    make, goal = parts[options.model]
    network = make()
    schedule = fitting.Schedule(
        options.epochs or recipe.epochs, min(recipe.batch, rows), recipe.learning_rate, recipe.weight_decay
    )
    past = fitting.fit(
        network, goal(arrays["training"]), goal(arrays["validation"]), schedule,
        seed=options.seed, checkpoint=folder / f"{options.model}.checkpoint.safetensors", resume=resume,
        most_seconds=options.minutes * 60 if options.minutes else math.inf,
        told=lambda one: told(Told("training", one.epoch, one.epochs, f"loss {one.training_loss:.4f}, on other photographs "
                                   f"{one.validation_loss:.4f}")),
    )  # fmt: skip
    complete = len(past) == schedule.epochs
    card = {
        "model": options.model,
        **facts_of(network, schedule, past),
        "seed": options.seed,
        "patches": rows,
        "lens": options.lens,
        "photos_learned_from": [file.name for file in learned],
        "photos_judged_by": [file.name for file in kept],
        "drawn_textures_share": share,
        "minutes_simulating": round(spent / 60, 1),
        "figures": figures(options.model, network, arrays["validation"]) if complete else None,
    }
    return Result(network, card, complete)
