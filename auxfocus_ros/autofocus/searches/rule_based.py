"""Rule-based search: go through the range from its lower end, in steps that are short where it grows sharper."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.autofocus.driving import SAME_POSITION_STEPS
from auxfocus_ros.autofocus.searches.ending import concluded
from auxfocus_ros.autofocus.searches.samples import Probe, Samples
from auxfocus_ros.autofocus.searches.settings import require_positive
from auxfocus_ros.autofocus.terms import Search, Task

LOOKS_AT_FIRST = 6
FAR_SHARE = 0.25
"""At this share of the greatest sharpness so far, or less, the peak is left behind."""
STEEP_SHARE = 0.25
"""A rise by more than this share of the last sharpness is steep."""
FALLS = 3
"""As many falls in fine steps, and the peak has been passed."""


def rule_based(
    task: Task,
    *,
    measure: str = "tenengrad",
    initial_steps: float | None = None,
    coarse_steps: float | None = None,
    fine_steps: float | None = None,
    mid_steps: float | None = None,
) -> Search:
    """Look from the lower end of the range to the upper, then go back to the sharpest position looked at.

    The rules, after each look but the first six, which are `initial_steps` apart:

    1. at most a quarter as sharp as the sharpest so far: go on by `coarse_steps`;
    2. sharper than the last look by more than a quarter: `fine_steps`;
    3. after a fine step, sharper than the last look, by more than noise makes it: `fine_steps` still;
    4. after a fine step, not sharper: `fine_steps` still, but after three such looks in a row `mid_steps`;
    5. otherwise: `mid_steps`.

    Steps are told by their length: where `initial_steps` equals `fine_steps`, as in Intelligent Autofocus, the first steps count
    as fine ones, which is what its tables 4 and 5 look like: some 37 time steps where the peak is at 1150, 6 more for every
    100 that it is further, 54 in the mean. Two things are ours: that a rise within the noise is none, and the last look at the
    upper end itself, which the published rules may miss by a step.

    Args:
        task: what is to be focused.
        measure: one of `sharpness.MEASURES`.
        initial_steps, coarse_steps, fine_steps, mid_steps: > 0; None: 1, 4, 1 and 3 half depths of focus, rounded to whole
            motor steps where that is more than one: on the bench lens the 10, 40, 10 and 30 of Intelligent Autofocus.

    Source: Kehtarnavaz and Oh 2003, Development and real-time implementation of a rule-based auto-focus algorithm, as others
    give its rules; Mir et al. 2015.
    """
    require_positive(
        "rule_based", initial_steps=initial_steps, coarse_steps=coarse_steps, fine_steps=fine_steps, mid_steps=mid_steps
    )
    samples = Samples(task, measure)
    unit = samples.half_depth_steps
    unit = float(round(unit)) if unit > 1.0 else unit
    rules = _Rules(initial_steps or unit, coarse_steps or 4.0 * unit, fine_steps or unit, mid_steps or 3.0 * unit)
    return concluded(samples, _through(samples, rules))


@dataclass
class _Rules:
    """The lengths of the steps, and what the rules remember from look to look."""

    initial: float
    coarse: float
    fine: float
    mid: float
    step: float = 0.0
    falls: int = 0
    looks: int = 0
    last: float = 0.0
    greatest: float = 0.0

    def step_after(self, value: float, noise_share: float) -> float:
        """How far to go after a look that was so sharp."""
        self.looks += 1
        self.step, self.falls = (self.initial, 0) if self.looks <= LOOKS_AT_FIRST else self._judge(value, noise_share)
        self.last, self.greatest = value, max(self.greatest, value)
        return self.step

    def _judge(self, value: float, noise_share: float) -> tuple[float, int]:
        rise = value - self.last
        if value <= FAR_SHARE * self.greatest:
            return self.coarse, 0
        if rise > STEEP_SHARE * self.last:
            return self.fine, 0
        if self.step == self.fine and rise > noise_share * self.last:
            return self.fine, 0
        if self.step == self.fine and self.falls + 1 < FALLS:
            return self.fine, self.falls + 1
        return self.mid, 0


def _through(samples: Samples, rules: _Rules) -> Probe:
    position = samples.task.reachable(samples.task.min_position_steps)
    while True:
        value = yield from samples.at(position)
        following = samples.beside_steps(position, rules.step_after(value, samples.noise_share))
        if following - position <= SAME_POSITION_STEPS:
            return samples.best_steps()
        position = following
