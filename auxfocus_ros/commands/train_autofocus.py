"""`auxfocus train autofocus`: simulates pictures out of focus, trains a network on them, leaves weights with a model card."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    from auxfocus_ros.commands.option_flags import add_option_flags

    parser = subparsers.add_parser(
        "autofocus", help=LINE, description=LINE, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, metavar="DIR", help="sharp photographs (default: drawn textures alone)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the weights and their card go")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in FOLDER/work")
    parser.add_argument("--json", action="store_true", help="print the model card as JSON")
    add_option_flags(parser, TrainingOptions, "training")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from auxfocus_ros.autofocus.networks.weights import save_weights
    from auxfocus_ros.autofocus.training.card import held_out_figures, write_card
    from auxfocus_ros.autofocus.training.training import TrainingOptions, train
    from auxfocus_ros.commands.option_flags import options_from
    from auxfocus_ros.errors import ConfigurationError

    options = options_from(arguments, TrainingOptions)
    folder: Path = arguments.output
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"-o {folder}: is a file, wanted a folder")
    (folder / "work").mkdir(parents=True, exist_ok=True)
    with shown(options.model, options.seed) as told:
        result = train(options, arguments.photos, folder / "work", resume=arguments.resume, told=told)
    card = {**result.card, "command": command_line(arguments, options)}
    weights = folder / f"{options.model}.safetensors"
    if result.complete:
        save_weights(result.network, weights)
        if card["patches"] >= WORTH_MEASURING:
            card["held_out"] = held_out_figures(options.model, weights)
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
    words = ["auxfocus", "train", "autofocus", *photos, "--model", options.model, "--seed", str(options.seed)]
    for name in ("patches", "epochs"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) else []
    words += ["--lens", options.lens] if options.lens != type(options).lens else []
    return shlex.join([*words, "-o", arguments.output.name])


@contextmanager
def shown(model: str, seed: int) -> Iterator[Callable[[Any], None]]:
    """Progress on standard error: a bar on a terminal, lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    console.print(f"[train] {model}, seed {seed}", markup=False, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}
        quarter = {"": -1}

        def told(one: Any) -> None:
            task = tasks.get(one.what)
            if task is None:
                task = tasks[one.what] = progress.add_task(one.what, total=one.of)
            progress.update(task, completed=one.done, description=f"{one.what} {one.note}".strip())
            if not console.is_terminal and (one.note or quarter.get(one.what) != 20 * one.done // max(one.of, 1)):
                quarter[one.what] = 20 * one.done // max(one.of, 1)
                text = f"[train] {one.what}: {one.done} of {one.of} {one.note}".strip()
                console.print(text, markup=False, highlight=False, soft_wrap=True)

        yield told
