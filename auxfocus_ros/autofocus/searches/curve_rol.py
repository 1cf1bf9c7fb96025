"""Curve fitting with a rational of the squared defocus."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.autofocus.searches.curve_fitting import LEAST_LOOKS, MOST_LOOKS, fitted, require_looks
from auxfocus_ros.autofocus.searches.ending import concluded
from auxfocus_ros.autofocus.searches.lorentzian import lorentzian_peak_steps
from auxfocus_ros.autofocus.searches.samples import Samples
from auxfocus_ros.autofocus.terms import Search, Task


def curve_rol(task: Task, *, measure: str = "tenengrad", first_looks: int = LEAST_LOOKS, most_looks: int = MOST_LOOKS) -> Search:
    """Fit a Lorentzian with an offset to 4 to 7 samples, and go to its peak.

    Args:
        task: what is to be focused.
        measure: one of `sharpness.MEASURES`; it should be above 0.
        first_looks: positions evenly over the range that are looked at first, >= 3.
        most_looks: positions looked at, at most; the further ones are where the curve has its peak so far.

    Source: Yazdanfar et al. 2008, Simple and robust image-based autofocusing; which samples to add is ours.
    """
    require_looks("curve_rol", first_looks, most_looks)
    samples = Samples(task, measure)
    return concluded(samples, fitted(samples, _peak_steps, first_looks, most_looks))


def _peak_steps(samples: Samples) -> float:
    values = np.array(samples.values)
    low, high = samples.task.min_position_steps, samples.task.max_position_steps
    return lorentzian_peak_steps(np.array(samples.positions_steps), np.maximum(values, 1e-9 * values.max() + 1e-12), low, high)
