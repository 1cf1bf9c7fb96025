"""`auxfocus train monodepth_truth`: films worlds and fits the depth, pose, segmentation or motion network to their truth."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  auxfocus train monodepth_truth --network depth -o out/weights
  auxfocus train monodepth_truth --network pose --worlds 40 --epochs 2 -o out/small
  auxfocus train monodepth_truth --network depth --no-living -o out/start     (no people, animals or vehicles)
  auxfocus train monodepth_truth --network motion --worlds 200 -o out/motion  (judges what moves beyond the camera's own motion)
  auxfocus train monodepth_truth --network depth -o out/weights --resume      (goes on where it was interrupted)

FOLDER gets NETWORK.safetensors, .md and .json (the model card); in FOLDER/work stay the worlds and the checkpoint, which
--resume takes up. Then `auxfocus train monodepth` adjusts the depth network to what your own camera films, without labels.
"""
LINE = "train the first weights for depth, pose, segmentation or motion on worlds that are drawn by lot and filmed"
JUDGED_WORLDS, JUDGED_SEED = 40, 90_000
FRAMES = 6
FIRST_SEED = 1000


def add_parser(subparsers: Any) -> None:
    """Declare the command."""
    from auxfocus_ros.commands.option_flags import add_option_flags
    from auxfocus_ros.monodepth.training.from_truth import TruthTrainingOptions

    parser = subparsers.add_parser(
        "monodepth_truth", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the weights and their card go")
    add("--resume", action="store_true", help="go on from what stands in FOLDER/work")
    add("--json", action="store_true", help="print the model card as JSON")
    add_option_flags(parser, TruthTrainingOptions, "training")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Film, train, leave weights and card."""
    from auxfocus_ros.commands.monodepth_worlds import WorldPlan, film_into
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.train_sharing import leave, shown, work_folder
    from auxfocus_ros.learning.weights import save_weights
    from auxfocus_ros.monodepth.sequence import read_sequence
    from auxfocus_ros.monodepth.training.from_truth import RECIPES, TruthTrainingOptions, train_from_truth

    options = options_from(arguments, TruthTrainingOptions)
    folder: Path = arguments.output
    work = work_folder(folder)
    recipe = RECIPES[options.network]
    worlds = options.worlds or recipe.worlds
    plans = (
        WorldPlan(worlds, FIRST_SEED + 100_000 * options.seed, FRAMES, living=options.living, times=recipe.times),
        WorldPlan(min(JUDGED_WORLDS, max(3, worlds // 4)), JUDGED_SEED, FRAMES, times=recipe.times),
    )
    with shown(options.network, options.seed) as told:
        learned, judged = (
            [read_sequence(path) for path in film_into(work / "worlds", plan.options(), options.workers, told)] for plan in plans
        )
        result = train_from_truth(options, learned, judged, work, resume=arguments.resume, told=told)
    card = {**result.card, "command": _command_line(arguments, options)}
    weights = folder / f"{options.network}.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        write_truth_card(card, weights)
    return leave(card, weights, complete=result.complete, as_json=arguments.json)


def write_truth_card(card: Mapping[str, Any], weights: Path) -> None:
    """Write NAME.json and NAME.md beside NAME.safetensors."""
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    lines = [
        f"# {card['model']}",
        "",
        f"Architecture `{card['architecture']}`, {card['weights']:,} weights. Made by",
        "",
        f"    {card['command']}",
        "",
        f"on {card['cores']} CPU cores: {card['minutes_training']} minutes of training; {card['frames']} frames of",
        f"{card['worlds']} worlds, {card['epochs']} passes, batches of {card['batch']}, seed {card['seed']}.",
        "",
        "Learned from: worlds drawn by lot and rendered by this project's simulator, whose textures are cut from photographs",
        "dedicated to the public domain (config/scenes/README.md). No recording, nobody's labels.",
        f"Judged while training by {card['worlds_judged_by']} other worlds.",
        "",
        f"Loss: {card['training_loss']:.4f} at the end of the training, {card['validation_loss']:.4f} at best on the other",
        "worlds. What the network is worth stands in docs/performance.md.",
    ]
    weights.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _command_line(arguments: argparse.Namespace, options: Any) -> str:
    """The command that makes the same again."""
    words = ["auxfocus", "train", "monodepth_truth", "--network", options.network, "--seed", str(options.seed)]
    for name in ("worlds", "epochs"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    words += [] if options.living else ["--no-living"]
    return shlex.join([*words, "-o", arguments.output.name])
