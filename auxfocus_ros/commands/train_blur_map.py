"""`auxfocus train blur_map`: simulates scenes with depth, trains the network that maps their blur, leaves weights and a card."""

from __future__ import annotations

import argparse
import json
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
    from auxfocus_ros.commands.option_flags import add_option_flags

    parser = subparsers.add_parser(
        "blur_map", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="sharp photographs (default: drawn textures alone)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the weights and their card go")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in FOLDER/work")
    parser.add_argument("--json", action="store_true", help="print the model card as JSON")
    add_option_flags(parser, BlurTrainingOptions, "training")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from auxfocus_ros.allinfocus.training.blur_training import MODEL, BlurTrainingOptions, train
    from auxfocus_ros.autofocus.networks.weights import save_weights
    from auxfocus_ros.autofocus.training.card import write_card
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.commands.train_autofocus import shown
    from auxfocus_ros.errors import ConfigurationError

    options = options_from(arguments, BlurTrainingOptions)
    folder: Path = arguments.output
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"-o {folder}: is a file, wanted a folder")
    (folder / "work").mkdir(parents=True, exist_ok=True)
    with shown(MODEL, options.seed) as told:
        result = train(options, arguments.photos, folder / "work", resume=arguments.resume, told=told)
    card = {**result.card, "command": command_line(arguments, options)}
    weights = folder / f"{MODEL}.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        write_card(card, weights)
    if arguments.json:
        print(json.dumps({**card, "weights_file": str(weights) if result.complete else None}, allow_nan=False))
    elif result.complete:
        print(f"{weights}: {card['weights']:,} weights; what they are worth stands in {weights.with_suffix('.md').name}")
    else:
        print(f"stopped after pass {card['epochs']}: go on with --resume")
    return 0


def command_line(arguments: argparse.Namespace, options: Any) -> str:
    """The command that makes the same again."""
    photos = ["--photos", arguments.photos.name] if arguments.photos is not None else []
    words = ["auxfocus", "train", "blur_map", *photos, "--seed", str(options.seed)]
    for name in ("scenes", "epochs"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    return shlex.join([*words, "-o", arguments.output.name])
