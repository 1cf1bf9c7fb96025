"""How far each cell is from focus, without a sign: what the source's global step estimator tells, or a blur map with a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMap, BlurMapEstimator, StepMapEstimator
from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.autofocus.radius_estimate import level_of
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import DefocusModel

Floats = NDArray[np.float64]

WIDE_OCTAVES = 1.5
"""A blur map's cell that leaves its radius, half a pixel added, open by more than this either way tells nothing of it."""
_SAMPLES = 129


@dataclass(frozen=True, eq=False)
class Magnitudes:
    """Absolute deviations of one frame, |P|, (rows, columns), steps, >= 0, NaN: unknown.

    above_steps, below_steps: if the best position lies above or below the lens; a blur of one radius lies a little further off on
    one side. blur: where they come from a blur map.
    """

    above_steps: Floats
    below_steps: Floats
    blur: BlurMap | None = None

    @property
    def steps(self) -> Floats:
        """Not knowing the side."""
        return 0.5 * (self.above_steps + self.below_steps)


class MagnitudeEstimator:
    """Either estimator, with what its answers need to become steps."""

    def __init__(self, estimator: StepMapEstimator | BlurMapEstimator, task: CaptureTask) -> None:
        """Raise ConfigurationError for a blur map estimator without a model: its radii cannot become steps."""
        self._estimator, self._task = estimator, task
        if not hasattr(estimator, "estimate_steps") and task.model is None:
            raise ConfigurationError("the source's strategy over blur maps needs a calibrated defocus model: radii are no steps")

    def __call__(self, picture: np.ndarray, position_steps: float) -> Magnitudes:
        """Of a frame exposed at a position. Raises what the estimator raises."""
        task = self._task
        if hasattr(self._estimator, "estimate_steps"):
            steps = np.asarray(self._estimator.estimate_steps(picture, task.cell_px), np.float64)
            return Magnitudes(steps, steps)
        assert task.model is not None
        blur = self._estimator.estimate(picture, task.cell_px)
        radius = blur.radius_px()
        wide = level_of(radius + blur.sigma_px()) - level_of(radius) > WIDE_OCTAVES
        radius = np.where(wide, np.nan, radius)
        ends = (task.min_position_steps, task.max_position_steps)
        below, above = (steps_of_radius(task.model, position_steps, end, radius) for end in ends)
        # at an end of the range the model may know one side only
        above, below = (np.where(np.isfinite(one), one, other) for one, other in ((above, below), (below, above)))
        return Magnitudes(above, below, blur)


def steps_of_radius(model: DefocusModel, position_steps: float, end_steps: float, radius_px: Floats) -> Floats:
    """How far on one side of the lens a thing is in focus that has this blur, steps, the shape of `radius_px`.

    end_steps: the end of the range on that side. A larger blur than there lies further off in proportion. NaN where the radius
    is; everywhere if the lens stands at that end.
    """
    away = np.linspace(0.0, abs(end_steps - position_steps), _SAMPLES)
    radii = model.radius_px(position_steps, position_steps + np.sign(end_steps - position_steps) * away)
    known = np.isfinite(radii) & (away > 0.0)
    if not known.any():
        return np.full(np.shape(radius_px), np.nan)
    # a measured model need not rise steadily
    at = np.concatenate([[0.0], np.maximum.accumulate(radii[known])])
    off = np.concatenate([[0.0], away[known]])
    beyond = radius_px * (off[-1] / max(at[-1], 1e-9))
    return np.asarray(np.where(radius_px > at[-1], beyond, np.interp(radius_px, at, off)))
