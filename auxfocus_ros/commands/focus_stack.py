"""What `auxfocus focus` reads: a stack's photographs with the positions that they were taken at, in rising order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.rig.picture_files import PICTURE_SUFFIXES
from auxfocus_ros.rig.stack_file import StackDescription, describe_stack, read_positions

UNITS = {"position_steps": "steps", "focus_dioptre": "dioptres", "focus_distance_m": "m", None: ""}


@dataclass(frozen=True)
class Stack:
    """A focal stack to be focused in.

    images: in the order in which the folder or its table names them. values: what the table says of each, the index where there
    is none. unit: of `values`, '' for an index. order: indices of `images` by rising position. positions: (n,) strictly rising,
    what the search moves along: steps, dioptres (metres are turned into them: blur is even in dioptres) or the index.
    """

    images: tuple[Path, ...]
    values: tuple[float, ...]
    unit: str
    order: tuple[int, ...]
    positions: tuple[float, ...]


def read_stack(folder: Path, table: Path | None, lens: Any | None, least: int = 2) -> Stack:
    """Read a stack.

    Args:
        folder: of the photographs.
        table: CSV of positions, with the columns that `stack_file` knows, its files in `folder`; None: what the folder itself
            says.
        lens: whose motor steps the positions are to be turned into; None: they stay as they are.
        least: so many photographs are wanted.

    Raises:
        InputError: no such folder, table or picture, fewer photographs than wanted. ConfigurationError: positions that are
            missing, out of order or beyond the lens.
    """
    about = describe_stack(folder)
    if table is not None:
        about = with_table(about, folder, table)
    elif about.measure is not None:
        check_all_named(folder, about.images, "the table of positions")
    if len(about.images) < least:
        raise InputError(f"{folder} has {len(about.images)} photograph: at least {least} are wanted to focus in")
    if about.measure is None:
        if lens is not None:
            raise ConfigurationError(f"{folder}: --lens needs to know where the lens stood for each photograph: name --positions")
        indices = tuple(range(len(about.images)))
        return Stack(about.images, tuple(float(i) for i in indices), "", indices, tuple(float(i) for i in indices))
    positions = positions_of(about, lens)
    falling = positions[-1] < positions[0]
    check_order(about, positions, falling)
    order = tuple(range(len(positions)))[:: -1 if falling else 1]
    return Stack(about.images, about.values, UNITS[about.measure], order, tuple(float(positions[i]) for i in order))


def positions_of(about: StackDescription, lens: Any | None) -> list[float]:
    """What the search moves along, one for each photograph: the lens's steps, else dioptres or the table's own numbers.

    Raises:
        ConfigurationError: the lens does not reach a photograph's focus.
    """
    if lens is None:
        metres = about.measure == "focus_distance_m"
        return [1.0 / value if metres else value for value in about.values]
    from auxfocus_ros.rig.focal_stack import stack_positions

    steps = [float(position) for position in stack_positions(about, lens)]
    for image, value, position in zip(about.images, about.values, steps, strict=True):
        if not lens.contains(position):
            raise ConfigurationError(
                f"{image.name}: {value:g} {UNITS[about.measure]} is beyond the lens {lens.name}, which reaches "
                f"{lens.min_position_steps:g} to {lens.max_position_steps:g} steps"
            )
    return steps


def check_order(about: StackDescription, positions: list[float], falling: bool) -> None:
    """Raise ConfigurationError unless the positions rise, or fall, from each photograph to the next."""
    unit = UNITS[about.measure]
    for number in range(1, len(positions)):
        names = about.images[number - 1].name, about.images[number].name
        before, value = about.values[number - 1], about.values[number]
        if positions[number] == positions[number - 1]:
            raise ConfigurationError(f"{about.name}: {names[0]} and {names[1]} have the same position {value:g} {unit}")
        if (positions[number] < positions[number - 1]) != falling:
            raise ConfigurationError(
                f"{about.name}: positions out of order: {names[1]} at {value:g} {unit} after {names[0]} at {before:g} {unit}; "
                "wanted all rising or all falling"
            )


def with_table(about: StackDescription, folder: Path, table: Path) -> StackDescription:
    """A description with the positions of a CSV whose files lie in the folder.

    Raises:
        InputError: the table cannot be read, or names a picture that is not there; a picture of the folder that it leaves out.
        ConfigurationError: a missing column, a number that cannot be.
    """
    home = folder if folder.is_dir() else folder.parent
    try:
        images, measure, values = read_positions(table, home)
        check_all_named(home, tuple(images), str(table))
    except AuxfocusError as error:
        raise type(error)(f"--positions {error}") from error
    return replace(about, images=tuple(images), measure=measure, values=tuple(values))


def check_all_named(folder: Path, named: tuple[Path, ...], where: str) -> None:
    """Raise InputError for a photograph that lies beside others of a stack and has no position."""
    kinds = {image.suffix.lower() for image in named}
    home = folder if folder.is_dir() else folder.parent
    known = {image.name for image in named}
    for picture in sorted(home.iterdir()):
        if picture.suffix.lower() in PICTURE_SUFFIXES and picture.suffix.lower() in kinds and picture.name not in known:
            raise InputError(f"{where}: the position of {picture} is missing")
