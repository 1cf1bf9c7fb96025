"""Curve fitting with a line on either side of focus."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.autofocus.searches.bilateral import bilateral_peak_steps
from auxfocus_ros.autofocus.searches.curve_fitting import LEAST_LOOKS, MOST_LOOKS, fitted, require_looks
from auxfocus_ros.autofocus.searches.ending import concluded
from auxfocus_ros.autofocus.searches.samples import Samples
from auxfocus_ros.autofocus.terms import Search, Task


def curve_bpic(task: Task, *, measure: str = "tenengrad", first_looks: int = LEAST_LOOKS, most_looks: int = MOST_LOOKS) -> Search:
    """Draw a line through the samples on each side of the sharpest, and go to where they meet.

    Args:
        task: what is to be focused.
        measure: one of `sharpness.MEASURES`; it should be above 0.
        first_looks: positions evenly over the range that are looked at first, >= 3.
        most_looks: positions looked at, at most; the further ones are where the lines meet so far.

    Source: the idea of Wu, Wang and Zhou 2012, Bilateral prediction and intersection calculation autofocus method: predict from
    both sides, and intersect. The lines' scale (`bilateral_peak_steps`) and which samples to add are ours.
    """
    require_looks("curve_bpic", first_looks, most_looks)
    samples = Samples(task, measure)
    return concluded(samples, fitted(samples, _peak_steps, first_looks, most_looks))


def _peak_steps(samples: Samples) -> float:
    low, high = samples.task.min_position_steps, samples.task.max_position_steps
    return bilateral_peak_steps(np.array(samples.positions_steps), np.array(samples.values), low, high)
