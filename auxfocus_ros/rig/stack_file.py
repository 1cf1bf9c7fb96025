"""What the photographs of a focal stack are, and where the lens stood for each.

A folder describes itself in a `stack.yaml`, in a CSV with a column `file`, or not at all: then its pictures are taken in natural
order, the nearest focus first.

    images: pcb_*.jpg               # glob relative to this file, natural order (a CSV brings its own list)
    csv: focus_positions.csv        # columns: file, and one of position_steps, focus_dioptre, focus_distance_m
    position_steps: [1050, 1200]    # or, one for each image: motor steps,
    focus_distance_m: [10, 0.4]     # metres (.inf allowed),
    focus_dioptre: [0.1, 2.5]       # or dioptres
    order: near_to_far              # or far_to_near: where only the order is known; spread evenly over the lens's range
    lens: phone_4mm52               # a shipped lens or a lens file's path relative to this file
    rig: rig.yaml                   # for the camera's intrinsics
    rate_hz: 10
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.bag import natural_key
from auxfocus_ros.rig.picture_files import PICTURE_SUFFIXES, find_files
from auxfocus_ros.settings import read_yaml

STACK_FILE = "stack.yaml"
MEASURES = ("position_steps", "focus_distance_m", "focus_dioptre")
ORDERS = ("near_to_far", "far_to_near")
KEYS = ("images", "csv", *MEASURES, "order", "lens", "rig", "rate_hz", "name")


@dataclass(frozen=True)
class StackDescription:
    """A focal stack before its lens is known.

    images: in the folder's order. measure: which of MEASURES `values` are, one for each image; None where only the order is
    known. order: 'near_to_far' or 'far_to_near'. lens, rig: what the folder names, as `load_lens` and `load_rig` take it.
    """

    name: str
    images: tuple[Path, ...]
    measure: str | None
    values: tuple[float, ...]
    order: str
    lens: str | None
    rig: str | None
    rate_hz: float | None


def describe_stack(path: Path) -> StackDescription:
    """Read a folder's description.

    Args:
        path: the folder, or its stack.yaml under any name.

    Raises:
        InputError: no pictures, or files that are missing. ConfigurationError: a description that cannot be right.
    """
    if path.is_dir() and (path / STACK_FILE).is_file():
        path = path / STACK_FILE
    if path.is_file() and path.suffix in (".yaml", ".yml"):
        return _from_yaml(path)
    if not path.is_dir():
        raise InputError(f"there is no focal stack {path}: wanted a folder of pictures, or its {STACK_FILE}")
    tables = [table for table in sorted(path.glob("*.csv")) if _is_positions(table)]
    if len(tables) > 1:
        names = ", ".join(table.name for table in tables)
        raise ConfigurationError(f"{path}: several CSV files with lens positions ({names}): name one in a {STACK_FILE}")
    if tables:
        images, measure, values = read_positions(tables[0])
        return StackDescription(path.name, tuple(images), measure, tuple(values), ORDERS[0], None, None, None)
    images = sorted((child for child in path.iterdir() if child.suffix.lower() in PICTURE_SUFFIXES), key=natural_key)
    if not images:
        raise InputError(f"{path} has no pictures ({', '.join(PICTURE_SUFFIXES)})")
    return StackDescription(path.name, tuple(images), None, (), ORDERS[0], None, None, None)


def _from_yaml(file: Path) -> StackDescription:
    about = read_yaml(file, "stack description")
    if not isinstance(about, dict):
        raise ConfigurationError(f"{file}: wanted keys and values; the keys are {', '.join(KEYS)}")
    for key in about:
        if key not in KEYS:
            raise ConfigurationError(f"{file}: unknown key '{key}'; the keys are {', '.join(KEYS)}")
    given = [key for key in (*MEASURES, "csv", "order") if key in about]
    if len(given) > 1:
        raise ConfigurationError(f"{file}: {' and '.join(given)} exclude each other")
    images: list[Path] = []
    measure: str | None = None
    values: list[float] = []
    if "csv" in about:
        images, measure, values = read_positions(file.parent / str(about["csv"]))
    else:
        pattern = str(about.get("images", "*"))
        images = [image for image in find_files(file.parent, pattern) if image.suffix.lower() in PICTURE_SUFFIXES]
        if not images:
            raise InputError(f"{file}: images: no picture matches {pattern}")
        if given and given[0] in MEASURES:
            measure = given[0]
            values = _values(about[measure], f"{file}: {measure}", measure, len(images))
    order = about.get("order", ORDERS[0])
    if order not in ORDERS:
        raise ConfigurationError(f"{file}: order: {order!r} is not one of {', '.join(ORDERS)}")
    rate = about.get("rate_hz")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0.0 < rate < 10_000.0):
        raise ConfigurationError(f"{file}: rate_hz: {rate!r} is not a rate above zero")

    def named(key: str) -> str | None:
        value = about.get(key)
        return None if value is None else str(file.parent / value) if str(value).endswith((".yaml", ".yml")) else str(value)

    name = str(about.get("name") or file.parent.name)
    return StackDescription(name, tuple(images), measure, tuple(values), order, named("lens"), named("rig"), rate)


def _values(value: object, where: str, measure: str, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count:
        raise ConfigurationError(f"{where}: wanted a list of {count} numbers, one for each picture")
    return [_checked(number, measure, where) for number in value]


def _checked(value: Any, measure: str, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{where}: {value!r} is not a number") from error
    fits: dict[str, Callable[[float], bool]] = {
        "position_steps": math.isfinite,
        "focus_distance_m": lambda metres: metres > 0.0,
        "focus_dioptre": lambda dioptres: math.isfinite(dioptres) and dioptres >= 0.0,
    }
    if not fits[measure](number):
        raise ConfigurationError(f"{where}: {number:g} is not a possible {measure}")
    return number


def _columns(table: Path) -> Sequence[str]:
    try:
        with table.open(newline="", encoding="utf-8") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _is_positions(table: Path) -> bool:
    columns = _columns(table)
    return "file" in columns and any(measure in columns for measure in MEASURES)


def read_positions(table: Path, folder: Path | None = None) -> tuple[list[Path], str, list[float]]:
    """Pictures and lens positions from a CSV: the files, which of MEASURES was found first, and the values.

    Args:
        table: the CSV.
        folder: of its pictures; None: its own.

    Raises:
        InputError: no such file, a picture that is not there. ConfigurationError: a missing column or an impossible value.
    """
    columns = _columns(table)
    measure = next((name for name in MEASURES if name in columns), None)
    if measure is None or "file" not in columns:
        found = ", ".join(columns) or "nothing"
        raise ConfigurationError(f"{table} has the columns {found}: wanted file, and one of {', '.join(MEASURES)}")
    # Distances of phones are rounded more than their dioptres.
    if "focus_dioptre" in columns and measure == "focus_distance_m":
        measure = "focus_dioptre"
    home = table.parent if folder is None else folder
    images, values = [], []
    for number, row in enumerate(_rows(table, columns), 2):
        image = home / str(row["file"] or "").strip()
        if not image.is_file():
            raise InputError(f"{table} line {number}: there is no picture {image}")
        images.append(image)
        values.append(_checked(row[measure], measure, f"{table} line {number}"))
    if not images:
        raise InputError(f"{table} names no picture")
    return images, measure, values


def _rows(table: Path, columns: Sequence[str]) -> list[dict[str, str | None]]:
    """All lines below the first one."""
    try:
        with table.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, fieldnames=list(columns)))[1:]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table} cannot be read: {getattr(error, 'strerror', None) or error}") from error
