"""What `auxfocus calibrate --sweep` reads, and the lens that it writes."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError

LENS_FLAGS = ("focal_length_mm", "f_number", "pixel_pitch_um")
SUFFIXES = (".yaml", ".yml")


def check_lens_output(path: Path, base: str | None) -> None:
    """Raise ConfigurationError where the lens file cannot be written, or would take the place of something else."""
    import yaml

    if path.suffix.lower() not in SUFFIXES:
        raise ConfigurationError(f"--output {path}: wanted a name that ends in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise ConfigurationError(f"--output {path}: there is no folder {path.parent}")
    if not path.exists():
        return
    if path.is_dir():
        raise ConfigurationError(f"--output {path}: is a folder")
    if base is not None and Path(base).exists() and path.samefile(base):
        raise ConfigurationError(f"--output {path}: is the lens that --lens reads; name another file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        content = None
    if content is not None and not (isinstance(content, dict) and "focal_length_mm" in content):
        raise ConfigurationError(f"--output {path}: is there and is no lens file; name another, or remove it")


def read_sweeps(arguments: argparse.Namespace) -> list[Any]:
    """The stacks of all --sweep with their --positions.

    Raises:
        InputError: folders, tables or pictures that are not there. ConfigurationError: positions that cannot be.
    """
    from auxfocus_ros.commands.focus_stack import read_stack
    from auxfocus_ros.optics.lens_file import load_lens

    tables = arguments.positions or [None] * len(arguments.sweep)
    if len(tables) != len(arguments.sweep):
        raise ConfigurationError(f"{len(arguments.sweep)} --sweep and {len(tables)} --positions: each sweep needs its own")
    lens = load_lens(arguments.lens) if arguments.lens else None
    stacks = []
    for folder, table in zip(arguments.sweep, tables, strict=True):
        stack = read_stack(folder, table, lens)
        if not stack.unit:
            raise ConfigurationError(f"{folder}: where the lens stood for each picture is not known: name --positions FILE.csv")
        stacks.append(stack)
    if len({stack.unit for stack in stacks}) > 1 and lens is None:
        raise ConfigurationError("the sweeps give their positions in different units: name the lens with --lens, or use one unit")
    return stacks


def swept_lens(arguments: argparse.Namespace, stacks: list[Any]) -> Any:
    """The lens of the sweeps: the one that is named, or a new one whose positions are the sweeps' dioptres or metres.

    Raises:
        ConfigurationError: neither, or both.
    """
    from auxfocus_ros.optics.lens import Lens
    from auxfocus_ros.optics.lens_file import load_lens
    from auxfocus_ros.optics.mapping import TableMapping
    from auxfocus_ros.optics.thin_lens import extension_of_distance_m, extension_of_power_m

    given = [flag for flag in (*LENS_FLAGS, "circle_of_confusion_um") if getattr(arguments, flag) is not None]
    if arguments.lens:
        if given:
            raise ConfigurationError(f"--lens and --{given[0].replace('_', '-')} exclude each other: the lens file says it")
        lens = load_lens(arguments.lens)
        return replace(lens, name=arguments.name) if arguments.name else lens
    missing = ["--" + flag.replace("_", "-") for flag in LENS_FLAGS if getattr(arguments, flag) is None]
    if missing:
        raise ConfigurationError(f"what lens was swept? Name it with --lens, or give {', '.join(missing)}")
    unit = stacks[0].unit
    if unit == "steps":
        raise ConfigurationError("positions in motor steps mean nothing by themselves: name the lens with --lens")
    positions = sorted({value for stack in stacks for value in stack.values})
    focal_m = arguments.focal_length_mm * 1e-3
    for flag in given:
        if not getattr(arguments, flag) > 0.0:
            raise ConfigurationError(f"--{flag.replace('_', '-')} is {getattr(arguments, flag):g}: it must be above 0")
    extension = (extension_of_power_m if unit == "dioptres" else extension_of_distance_m)(focal_m, positions)
    pitch_um = arguments.pixel_pitch_um
    return Lens(
        name=arguments.name or arguments.output.stem,
        focal_length_m=focal_m,
        f_number=arguments.f_number,
        pixel_pitch_m=pitch_um * 1e-6,
        circle_of_confusion_m=(arguments.circle_of_confusion_um or 2.0 * pitch_um) * 1e-6,
        min_position_steps=positions[0],
        max_position_steps=positions[-1],
        mapping=TableMapping(tuple(positions), tuple(float(value) for value in extension)),
    )


def measured_sweeps(stacks: list[Any], lens: Any, options: Any, *, in_steps: bool) -> list[Any]:
    """All tiles of all sweeps, with progress on standard error; `in_steps`: the lens was named, and positions are its steps."""
    from functools import partial

    from rich.console import Console
    from rich.progress import Progress

    from auxfocus_ros.commands.calibrate import read_picture
    from auxfocus_ros.optics.calibration import Sweep, measure_sweep

    tiles = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for number, stack in enumerate(stacks, 1):
            task = progress.add_task(f"sweep {number} of {len(stacks)}", total=None)
            values = stack.positions if in_steps else [stack.values[index] for index in stack.order]
            pictures = [partial(read_picture, stack.images[index]) for index in stack.order]
            sweep = Sweep.of(pictures, list(values), lens, options.gamma)

            def tell(done: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            tiles += measure_sweep(sweep, options, tell)
    return tiles
