"""What a summary is made from and how its figures are declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Columns(Protocol):
    """A table of frames: the name of a column, of `columns.FRAME_COLUMNS`, gives its values (F,) in the order of the frames.

    Null is NaN, or None in a column of objects (texts; numbers and bools may be objects as well). A dictionary of arrays is one.
    """

    def __getitem__(self, name: str, /) -> NDArray[Any]:
        """Values (F,) of a column."""
        ...


@dataclass(frozen=True)
class Key:
    """A figure of `summary.json`: its way down, with dots, `[]` for the entries of a list and `*` for any name; unit; meaning."""

    name: str
    unit: str
    text: str


def numbers(columns: Columns, name: str) -> Floats:
    """A column of numbers or bools, (F,) float64, NaN where it is null."""
    return np.asarray(columns[name]).astype(np.float64)


def texts(columns: Columns, name: str) -> NDArray[np.object_]:
    """A column of texts, (F,) of str, None where it is null."""
    return np.asarray(columns[name], dtype=object)


def mean_of(values: Floats, weights: Floats) -> float:
    """Weighted mean of the values that are known; plain where the weights are all zero; NaN where none is known."""
    known = np.isfinite(values)
    if not known.any():
        return float("nan")
    some = weights[known]
    return float(np.average(values[known], weights=some if some.sum() > 0 else None))


def quantile_of(values: Floats, share: float) -> float:
    """Quantile of the finite values, NaN where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, share)) if finite.size else float("nan")


def known_or_none(value: float) -> float | None:
    """A finite number as it is, None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None
