"""What the commands of `auxfocus train` have in common: their flags, the folder they work in, progress, and what they leave."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def add_training_flags(parser: argparse.ArgumentParser, options: type) -> None:
    """Photographs, output, --resume, --json, and a flag for each of the training's options."""
    from auxfocus_ros.commands.option_flags import add_option_flags

    parser.add_argument("--photos", type=Path, metavar="DIR", help="sharp photographs (default: drawn textures alone)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the weights and their card go")
    parser.add_argument("--resume", action="store_true", help="go on from what stands in FOLDER/work")
    parser.add_argument("--json", action="store_true", help="print the model card as JSON")
    add_option_flags(parser, options, "training")


def work_folder(output: Path) -> Path:
    """Where samples and checkpoints lie; made. Raises ConfigurationError where the output is a file."""
    from auxfocus_ros.errors import ConfigurationError

    if output.exists() and not output.is_dir():
        raise ConfigurationError(f"-o {output}: is a file, wanted a folder")
    work = output / "work"
    work.mkdir(parents=True, exist_ok=True)
    return work


def leave(card: dict[str, Any], weights: Path, *, complete: bool, as_json: bool) -> int:
    """Say what a training left, and that it is complete or how to go on; the exit status."""
    if as_json:
        print(json.dumps({**card, "weights_file": str(weights) if complete else None}, allow_nan=False))
    elif complete:
        print(f"{weights}: {card['weights']:,} weights; what they are worth stands in {weights.with_suffix('.md').name}")
    else:
        print("stopped before the last pass: go on with --resume")
    return 0


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
