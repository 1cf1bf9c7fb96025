"""Floats in, floats out; arrays in, arrays out: the door through which numbers enter and leave the optics.

Optics is asked for one position at 50 Hz and for the blur at a million pixels by the same functions, so every public method takes
a number or an array of any shape. Arithmetic is float64 throughout: a step of a long lens is 1e-12 of the distance it focuses at.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError

Reals = float | NDArray[Any]
"""A number or an array of numbers."""


def real_array(name: str, value: Any) -> NDArray[np.float64]:
    """Take a number or an array of numbers as float64; no copy where it is that already.

    Raises:
        InputError: `value` is not real numbers (text, None, complex, a ragged list).
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise TypeError
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        raise InputError(f"{name}: wanted a number or an array of numbers, got {value!r:.60}") from None


def together(first: tuple[str, Any], second: tuple[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take two named inputs that must broadcast against each other.

    Raises:
        InputError: either is not numbers, or their shapes do not fit.
    """
    one, two = real_array(*first), real_array(*second)
    try:
        np.broadcast_shapes(one.shape, two.shape)
    except ValueError:
        raise InputError(f"{first[0]} of shape {one.shape} and {second[0]} of shape {two.shape} do not broadcast") from None
    return one, two


def out(result: Any) -> Any:
    """A Python float where every input was a number (the result has no axes), the array otherwise."""
    return float(result) if np.ndim(result) == 0 else result
