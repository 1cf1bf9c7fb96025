"""Which cells are in focus, and which need nothing more.

The threshold of the mask follows the depth of field at the present position. Of a stack, whose positions may lie further apart
than that, a cell is in focus in the frame that is nearest to its best position, too: no other one shows it sharper.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.errors import ConfigurationError

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_SAMPLES = 65
_SLACK = 1e-9
"""Share of the threshold by which rounding may bring something over it."""


class DepthOfField:
    """How far a cell's best position may lie from the lens and the cell is in focus: sigma_Z of the source.

    low_steps, high_steps: the ends of what the lens or the stack reaches.
    """

    def __init__(self, task: CaptureTask) -> None:
        """Of a task that says half its depth of focus, or that has a model that does.

        Raises:
            ConfigurationError: it says neither.
        """
        self.low_steps = task.reachable(task.min_position_steps)
        self.high_steps = task.reachable(task.max_position_steps)
        self._stack = None if task.positions_steps is None else np.array(task.positions_steps)
        self._at_steps = np.linspace(task.min_position_steps, task.max_position_steps, _SAMPLES)
        half = task.half_depth_of_focus_steps
        if half is not None:
            self._half_steps = np.full(_SAMPLES, half)
            return
        if task.model is None:
            raise ConfigurationError(
                "the source's strategy must know the depth of focus: give half_depth_of_focus_steps or a calibrated defocus model"
            )
        found = task.model.half_depth_of_focus_steps(self._at_steps)
        usable = np.isfinite(found) & (found > 0.0)
        if not usable.any():
            raise ConfigurationError("the defocus model knows no depth of focus in the range of the lens")
        self._at_steps, self._half_steps = self._at_steps[usable], found[usable]

    def half_steps(self, position_steps: float) -> float:
        """Half the depth of focus there."""
        return float(np.interp(position_steps, self._at_steps, self._half_steps))

    def in_focus(self, deviation_steps: Floats, position_steps: float) -> Mask:
        """The mask M: `|P| <= sigma_Z`. Of a stack: or nearer to this frame than to the ones beside it. NaN: not in focus."""
        below = above = self.half_steps(position_steps)
        if self._stack is not None:
            gaps = self._stack - position_steps
            below = max(below, 0.5 * float(-gaps[gaps < 0].max(initial=-np.inf)) if (gaps < 0).any() else 0.0)
            above = max(above, 0.5 * float(gaps[gaps > 0].min(initial=np.inf)) if (gaps > 0).any() else 0.0)
        with np.errstate(invalid="ignore"):
            return np.asarray((deviation_steps >= -below * (1 + _SLACK)) & (deviation_steps <= above * (1 + _SLACK)))

    def within_range(self, best_position_steps: Floats) -> Mask:
        """Which best positions can be brought into focus at some position that can be had. NaN: no."""
        low, high = (end + side * self.half_steps(end) for end, side in ((self.low_steps, -1), (self.high_steps, 1)))
        with np.errstate(invalid="ignore"):
            return np.asarray((best_position_steps >= low) & (best_position_steps <= high))


@dataclass
class Activation:
    """The matrix U: which cells need nothing more.

    keep: None: static, a cell that was in focus once is done (eq. 9). k: dynamic, one that was in focus in the last k + 1 frames,
    the present one included; 0 is the greedy one, `U = M`.

    Source: Intelligent Autofocus, section 5.3.
    """

    keep: int | None
    _masks: deque[Mask] = field(init=False)

    def __post_init__(self) -> None:
        """Nothing was in focus."""
        self._masks = deque(maxlen=None if self.keep is None else self.keep + 1)

    def add(self, in_focus: Mask) -> Mask:
        """The matrix after one more frame, given the frame's mask."""
        if self.keep is None and self._masks:
            in_focus = self._masks.pop() | in_focus
        self._masks.append(in_focus)
        return np.logical_or.reduce(self._masks)
