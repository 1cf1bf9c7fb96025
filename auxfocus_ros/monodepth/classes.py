"""The class table: what a segmentation network tells apart, and which of it can move by itself.

The table (`config/monodepth/classes.yaml`, or a file of the user's own) goes with the network: its entries stand in the order of
the network's outputs.

Source: US 12,387,354 B2, block 103. The printed softmax is mended: S_i = e^(z_i) / sum_j e^(z_j), the sum going over the k
classes of one pixel, not over the picture's pixels.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.settings import mapping, read_yaml

MOST_CLASSES = 256
"""A class's number is kept in 8 bits."""
ENTRY = "{name: vehicle, movable: true}"


@dataclass(frozen=True)
class ClassTable:
    """Classes in the order of a network's outputs. names: each once; movable: whether such a thing can move by itself."""

    names: tuple[str, ...]
    movable: tuple[bool, ...]

    def __post_init__(self) -> None:
        """Raise ConfigurationError where it names nothing, too much, or a class twice."""
        if not 0 < len(self.names) <= MOST_CLASSES or len(self.names) != len(self.movable):
            raise ConfigurationError(
                f"class table: wanted 1 to {MOST_CLASSES} classes, each movable or not, found {len(self.names)} names and "
                f"{len(self.movable)} flags"
            )
        doubled = [name for name, count in Counter(self.names).items() if count > 1]
        if doubled:
            raise ConfigurationError(f"class table: every class must be named once, but '{', '.join(doubled)}' is named again")

    def __len__(self) -> int:
        """How many classes."""
        return len(self.names)

    def movable_pixels(self, classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """(H, W) bool: where a picture of classes, (H, W) uint8, has one that can move.

        Raises:
            InputError: not such a picture, or a number that the table does not name.
        """
        if classes.ndim != 2 or classes.dtype != np.uint8:
            raise InputError(f"classes: wanted (height, width) of 8 bits, found {classes.shape} of {classes.dtype}")
        if classes.size and int(classes.max()) >= len(self):
            raise InputError(f"classes: found number {int(classes.max())}, the table names 0 to {len(self) - 1}")
        return np.array(self.movable, bool)[classes]


def load_class_table(path: str | Path | None = None) -> ClassTable:
    """The table in a file: `classes:`, a list of entries like {name: vehicle, movable: true}. None: the shipped one.

    Raises:
        ConfigurationError: a file that cannot be right; one line that names it.
    """
    path = config_dir() / "monodepth" / "classes.yaml" if path is None else Path(path).expanduser()
    where = f"class table {path}"
    entries = mapping(read_yaml(path, "class table"), where, ("classes",)).get("classes")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(f"{where}: wanted 'classes', a list of entries like {ENTRY}, found {entries!r}")
    names, movable = [], []
    for number, value in enumerate(entries):
        entry = mapping(value, f"{where}: class {number}", ("name", "movable"))
        name, moves = entry.get("name"), entry.get("movable")
        if not isinstance(name, str) or not name.strip():
            raise ConfigurationError(f"{where}: class {number}: name must be text, found {name!r}")
        if not isinstance(moves, bool):
            raise ConfigurationError(f"{where}: class {number} '{name}': movable must be true or false, found {moves!r}")
        names.append(name.strip())
        movable.append(moves)
    try:
        return ClassTable(tuple(names), tuple(movable))
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("class table", where, 1)) from error


def require_classes(table: ClassTable, count: int, where: str) -> None:
    """Raise ConfigurationError where a network, called `where`, gives another number of classes than the table names."""
    if count != len(table):
        raise ConfigurationError(
            f"{where} gives {count} classes, the class table names {len(table)} ({', '.join(table.names)}): "
            "give it a table with one entry for each of its outputs, in their order"
        )


def class_probabilities(scores: NDArray[Any]) -> NDArray[Any]:
    """Softmax over the classes of each pixel.

    Args:
        scores: (k, H, W) real numbers, as a network gives them (logits); 1 to 256 classes.

    Returns:
        (k, H, W), of each pixel summing to 1.

    Raises:
        InputError: another shape, or NaN.

    Source: US 12,387,354 B2, block 103, mended: see the module's text.
    """
    return np.asarray(softmax(_checked(scores), axis=0))


def class_of_pixels(scores: NDArray[Any]) -> NDArray[np.uint8]:
    """The most probable class of each pixel, (H, W) uint8, the first of several; scores as for `class_probabilities`."""
    return np.argmax(_checked(scores), axis=0).astype(np.uint8)


def _checked(scores: NDArray[Any]) -> NDArray[Any]:
    if scores.ndim != 3 or not 0 < len(scores) <= MOST_CLASSES:
        raise InputError(f"scores of classes: wanted (1 to {MOST_CLASSES} classes, height, width), found {scores.shape}")
    if np.isnan(scores).any():
        raise InputError("scores of classes: there is NaN among them, so the network or its input is broken")
    return scores
