"""`auxfocus train blur_map`: simulates scenes with depth, trains the network that maps their blur, leaves weights and a card."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  auxfocus train blur_map --photos photos -o out/weights
  auxfocus train blur_map --scenes 500 --epochs 3 -o out/small               (drawn textures alone)
  auxfocus train blur_map --photos photos -o out/weights --resume            (goes on where it was interrupted)

FOLDER gets blur_map.safetensors, blur_map.md and blur_map.json (the model card); in FOLDER/work stay the samples and the
checkpoint, which --resume takes up. Photographs that the shipped split keeps for tests are left out by their names.
"""
LINE = "train the network that maps how far every part of a frame is out of focus"


def add_parser(subparsers: Any) -> None:
    """Declare the command."""
    from auxfocus_ros.allinfocus.training.blur_training import BlurTrainingOptions
    from auxfocus_ros.commands.train_sharing import add_training_flags

    parser = subparsers.add_parser(
        "blur_map", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_training_flags(parser, BlurTrainingOptions)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from auxfocus_ros.allinfocus.training.blur_training import MODEL, BlurTrainingOptions, train
    from auxfocus_ros.autofocus.training.card import write_card
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.train_sharing import leave, shown, work_folder
    from auxfocus_ros.learning.weights import save_weights

    options = options_from(arguments, BlurTrainingOptions)
    folder: Path = arguments.output
    work = work_folder(folder)
    with shown(MODEL, options.seed) as told:
        result = train(options, arguments.photos, work, resume=arguments.resume, told=told)
    card = {**result.card, "command": command_line(arguments, options)}
    weights = folder / f"{MODEL}.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        write_card(card, weights)
    return leave(card, weights, complete=result.complete, as_json=arguments.json)


def command_line(arguments: argparse.Namespace, options: Any) -> str:
    """The command that makes the same again."""
    photos = ["--photos", arguments.photos.name] if arguments.photos is not None else []
    words = ["auxfocus", "train", "blur_map", *photos, "--seed", str(options.seed)]
    for name in ("scenes", "epochs"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    return shlex.join([*words, "-o", arguments.output.name])
