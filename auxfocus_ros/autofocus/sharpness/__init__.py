"""How sharp a picture is: the ten classical measures (section 2.1 of Intelligent Autofocus), each a function of a grey picture.

`measure(name, picture)` takes one by its name; `MEASURES` has them all. Greater is sharper, of the same scene in the same light;
values of different measures, scenes or light cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from auxfocus_ros.autofocus.sharpness.correlation import autocorrelation
from auxfocus_ros.autofocus.sharpness.gradients import absolute_gradient, brenner, laplacian, squared_gradient, tenengrad
from auxfocus_ros.autofocus.sharpness.grey import as_grey
from auxfocus_ros.autofocus.sharpness.statistic import entropy, histogram, variance
from auxfocus_ros.autofocus.sharpness.transform import dct_energy
from auxfocus_ros.errors import ConfigurationError

MEASURES: dict[str, Callable[[np.ndarray], float]] = {
    "absolute_gradient": absolute_gradient,
    "squared_gradient": squared_gradient,
    "laplacian": laplacian,
    "tenengrad": tenengrad,
    "brenner": brenner,
    "autocorrelation": autocorrelation,
    "variance": variance,
    "entropy": entropy,
    "histogram": histogram,
    "dct_energy": dct_energy,
}
"""By name; each takes a grey picture (H, W), uint8 or float."""

__all__ = ["MEASURES", "as_grey", "measure", "require_measure"]


def require_measure(name: str) -> Callable[[np.ndarray], float]:
    """The measure of that name. Raises ConfigurationError, which lists the names, where there is none."""
    if name not in MEASURES:
        raise ConfigurationError(f"no sharpness measure is called '{name}'; there are {', '.join(MEASURES)}")
    return MEASURES[name]


def measure(name: str, picture: np.ndarray) -> float:
    """Sharpness of a picture.

    Args:
        name: one of `MEASURES`.
        picture: (H, W) or (H, W, 3) uint8, blue first, at least 3 px each way.

    Returns:
        The measure; greater is sharper.

    Raises:
        ConfigurationError: no measure has that name.
        InputError: the picture is of another kind, or smaller.
    """
    return require_measure(name)(as_grey(picture))
