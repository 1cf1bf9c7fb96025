"""`auxfocus train autofocus`: simulates pictures out of focus, trains a network on them, leaves weights with a model card."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  auxfocus train autofocus --photos photos -o out/weights
  auxfocus train autofocus --photos photos --model reference_estimator -o out/weights
  auxfocus train autofocus --patches 2000 --epochs 5 -o out/small            (drawn textures alone)
  auxfocus train autofocus --photos photos -o out/weights --resume           (goes on where it was interrupted)

FOLDER gets NAME.safetensors, NAME.md and NAME.json (the model card); in FOLDER/work stay the samples and the checkpoint, which
--resume takes up. Photographs that the shipped split keeps for tests are left out by their names.
"""
WORTH_MEASURING = 1000
"""Fewer patches than these make nothing whose figures on the test planes, which take a minute, anybody wants."""
LINE = "train a network that tells how far a picture is out of focus"


def add_parser(subparsers: Any) -> None:
    """Declare the command."""
    from auxfocus_ros.autofocus.training.training import TrainingOptions
    from auxfocus_ros.commands.train_sharing import add_training_flags

    parser = subparsers.add_parser(
        "autofocus", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_training_flags(parser, TrainingOptions)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from auxfocus_ros.autofocus.training.card import held_out_figures, write_card
    from auxfocus_ros.autofocus.training.training import TrainingOptions, train
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.train_sharing import leave, shown, work_folder
    from auxfocus_ros.learning.weights import save_weights

    options = options_from(arguments, TrainingOptions)
    folder: Path = arguments.output
    work = work_folder(folder)
    with shown(options.model, options.seed) as told:
        result = train(options, arguments.photos, work, resume=arguments.resume, told=told)
    card = {**result.card, "command": command_line(arguments, options)}
    weights = folder / f"{options.model}.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        if card["patches"] >= WORTH_MEASURING:
            card["held_out"] = held_out_figures(options.model, weights)
        write_card(card, weights)
    return leave(card, weights, complete=result.complete, as_json=arguments.json)


def command_line(arguments: argparse.Namespace, options: Any) -> str:
    """The command that makes the same again."""
    photos = ["--photos", arguments.photos.name] if arguments.photos is not None else []
    words = ["auxfocus", "train", "autofocus", *photos, "--model", options.model, "--seed", str(options.seed)]
    for name in ("patches", "epochs"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    words += ["--lens", options.lens] if options.lens != type(options).lens else []
    return shlex.join([*words, "-o", arguments.output.name])
