"""The matrix of absolute pose differences against the matrix of thresholds.

Source: US 12,387,354 B2, blocks 104 and 107, claims 3 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError, InputError

ELEMENTS = (
    ("R00", "R01", "R02", "tx"),
    ("R10", "R11", "R12", "ty"),
    ("R20", "R21", "R22", "tz"),
    ("h0", "h1", "h2", "h3"),
)
"""Names of a pose's elements: the rotation, the translation, and the last row, which is 0 0 0 1 in every pose."""
_SAID = 3


@dataclass(frozen=True, eq=False)
class Decision:
    """What the gate found.

    differences: (4, 4), absolute. thresholds: (4, 4), inf where an element was not looked at. exceeded: (4, 4) bool. moving: any
    of them.
    """

    differences: NDArray[np.float64]
    thresholds: NDArray[np.float64]
    exceeded: NDArray[np.bool_]
    moving: bool

    @property
    def exceeded_names(self) -> list[str]:
        """Elements over their thresholds, as in `ELEMENTS`, row by row."""
        return [ELEMENTS[row][column] for row, column in np.argwhere(self.exceeded).tolist()]

    def in_words(self) -> str:
        """One line: which elements differ by how much of what is allowed, those furthest over (or nearest to) it first."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratios = np.where(self.differences > 0, self.differences / self.thresholds, 0.0)
        order = np.argsort(-ratios, axis=None, kind="stable")[: _SAID if self.moving else 1]
        most = [(row, column) for row, column in np.stack(np.unravel_index(order, (4, 4)), 1).tolist()]
        if self.moving:
            over = [place for place in most if self.exceeded[place]]
            rest = int(self.exceeded.sum()) - len(over)
            return f"moving: {', '.join(map(self._said, over))}" + (f" and {rest} more" if rest else "")
        if not np.isfinite(self.thresholds).any():
            return "standing: the thresholds look at no element"
        return f"standing: nothing differs by more than its threshold; nearest to it is {self._said(most[0])}"

    def _said(self, place: tuple[int, int]) -> str:
        name = ELEMENTS[place[0]][place[1]]
        return f"{name} differs by {self.differences[place]:.3g} (threshold {self.thresholds[place]:g})"


@dataclass(frozen=True, eq=False)
class Gate:
    """Thresholds, (4, 4) numbers of 0 or more, in the unit of the poses; inf: the element is not looked at.

    Raises:
        ConfigurationError: another shape, NaN, or a number below 0.
    """

    thresholds: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check them."""
        try:
            thresholds = np.array(self.thresholds, np.float64)
        except (TypeError, ValueError):
            raise ConfigurationError(f"gate's thresholds: wanted 4 rows of 4 numbers, found {self.thresholds!r}") from None
        if thresholds.shape != (4, 4):
            raise ConfigurationError(f"gate's thresholds: wanted 4 rows of 4 numbers, found the shape {thresholds.shape}")
        for row, column in np.argwhere(~(thresholds >= 0)).tolist()[:1]:
            raise ConfigurationError(
                f"gate's thresholds: that of {ELEMENTS[row][column]} is {thresholds[row, column]:g}, it must be 0 or more, or inf"
            )
        object.__setattr__(self, "thresholds", thresholds)

    def decide(self, static_pose: NDArray[Any], dynamic_pose: NDArray[Any]) -> Decision:
        """Whether what can move does.

        Args:
            static_pose, dynamic_pose: (4, 4), the camera's motion as the static images tell it, and the dynamic ones; same unit.

        Returns:
            moving where any element differs by more than its threshold.

        Raises:
            InputError: other shapes, or numbers that are not finite.
        """
        for name, pose in (("static", static_pose), ("dynamic", dynamic_pose)):
            if pose.shape != (4, 4) or not np.isfinite(pose).all():
                raise InputError(f"{name} pose: wanted 4 x 4 finite numbers, found {pose.tolist()}")
        differences = np.abs(np.asarray(static_pose, np.float64) - dynamic_pose)
        exceeded = differences > self.thresholds
        return Decision(differences, self.thresholds, exceeded, bool(exceeded.any()))
