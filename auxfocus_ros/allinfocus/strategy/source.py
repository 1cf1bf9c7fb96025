"""The source's strategy, static and dynamic: every frame is judged cell by cell, and the lens goes where most of what remains is.

A frame tells how far each cell is from focus (`magnitudes`), the frame before it on which side (`signs`). Cells within the depth
of field are in focus, and those that were often enough are done (`activation`); of the rest a histogram is drawn, and the centre
of its fullest bin is the next position (`histogram`). What the source prints and cannot mean is put right where it is done, and
said there: the cases of eq. 6, the cells of the histogram in algorithm 2, and the signs of the first frame.

Beyond the text: a cell that a frame tells nothing of keeps what was believed of it before.

Source: Intelligent Autofocus, sections 5.1 and 5.3, algorithm 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMapEstimator, StepMapEstimator
from auxfocus_ros.allinfocus.strategy.activation import Activation, DepthOfField
from auxfocus_ros.allinfocus.strategy.histogram import FullestBin, fullest_bin
from auxfocus_ros.allinfocus.strategy.magnitudes import MagnitudeEstimator, Magnitudes
from auxfocus_ros.allinfocus.strategy.signs import first_signs, signs
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, End, Known, Look, Strategy
from auxfocus_ros.errors import InputError

Floats = NDArray[np.float64]


def source_strategy(task: CaptureTask, estimator: StepMapEstimator | BlurMapEstimator) -> Strategy:
    """The strategy, not yet begun.

    Args:
        task: what is to be captured. With `keep` it is dynamic, never ends, and stays where it is when nothing remains.
        estimator: the global step estimator, whose steps must be those of the task's lens, or blur maps, which the task's model
            turns into steps.

    Raises:
        ConfigurationError: the task says neither its depth of focus nor a model; blur maps without a model.
        InputError: (while it runs) a frame of another size than the task's.
    """
    return _run(_Machine(task, estimator))


def _run(machine: _Machine) -> Strategy:
    step: Look | CaptureEnd = Look(machine.task.reachable(machine.task.start_position_steps))
    while isinstance(step, Look):
        sight = yield step
        step = machine.see(sight.picture, sight.position_steps)
    return step


class _Machine:
    """What is carried from frame to frame."""

    def __init__(self, task: CaptureTask, estimator: StepMapEstimator | BlurMapEstimator) -> None:
        self.task = task
        self._magnitudes = MagnitudeEstimator(estimator, task)
        self._depth = DepthOfField(task)
        self._activation = Activation(task.keep)
        self._weight = task.weight()
        self._visited_steps: list[float] = []
        self._before: tuple[Magnitudes, Floats] | None = None
        """Of the last frame: the absolute deviations and the signed ones."""

    def see(self, picture: np.ndarray, position_steps: float) -> Look | CaptureEnd:
        """After a frame: the next wish, or the end."""
        height, width = picture.shape[:2]
        if (width, height) != (self.task.width_px, self.task.height_px):
            wanted = f"{self.task.width_px} x {self.task.height_px}"
            raise InputError(f"a frame of {width} x {height} px came, {wanted} px were to be captured")
        magnitudes = self._magnitudes(picture, position_steps)
        deviation = self._signed(magnitudes, position_steps)
        self._before = magnitudes, deviation
        self._visited_steps.append(position_steps)
        in_focus = self._depth.in_focus(deviation, position_steps)
        done = self._activation.add(in_focus)
        best = position_steps + deviation
        remaining = self._weight * (np.isfinite(deviation) & ~done)
        reachable = remaining * self._depth.within_range(best)
        fullest = fullest_bin(deviation, reachable, self._depth.half_steps(position_steps))
        total = float(self._weight.sum())
        share = float((self._weight * done).sum()) / total
        gain = fullest.weight / total if fullest else 0.0
        message = f"{share:.0%} was in focus, {float(remaining.sum()) / total:.0%} remains"
        known = Known(share, deviation, in_focus, done, best, magnitudes.blur, gain, message)
        if self.task.keep is not None:
            return Look(self._next(fullest, position_steps) if fullest else self.task.reachable(position_steps), known)
        return self._static(fullest, float(remaining.sum()), known, position_steps)

    def _signed(self, magnitudes: Magnitudes, position_steps: float) -> Floats:
        """The matrix P: best positions less the present one."""
        highest = self._depth.high_steps + self._depth.half_steps(self._depth.high_steps)
        sign = first_signs(magnitudes.above_steps, position_steps, highest)
        kept = np.full_like(sign, np.nan)
        if self._before is not None:
            before, deviation_before = self._before
            moved = position_steps - self._visited_steps[-1]
            kept = deviation_before - moved
            otherwise = np.where(np.isfinite(kept), np.where(kept < 0, -1.0, 1.0), sign)
            sign = signs(magnitudes.steps, before.steps, moved, otherwise)
        deviation = np.where(sign > 0, magnitudes.above_steps, -magnitudes.below_steps)
        return np.asarray(np.where(np.isfinite(deviation), deviation, kept))

    def _next(self, fullest: FullestBin, position_steps: float) -> float:
        return self.task.reachable(position_steps + fullest.centre_steps)

    def _static(self, fullest: FullestBin | None, remaining: float, known: Known, position_steps: float) -> Look | CaptureEnd:
        """The ends of section 5.1, those that go without saying, or the next position."""
        total = float(self._weight.sum())
        assert known.deviation_steps is not None
        if not (np.isfinite(known.deviation_steps) & (self._weight > 0)).any():
            return CaptureEnd(End.NO_TEXTURE, False, "nothing in the picture tells of its blur: no texture", known)
        if remaining == 0.0:
            return CaptureEnd(End.ALL_IN_FOCUS, True, f"{known.share_in_focus:.0%} was in focus", known)
        if fullest is None:
            return CaptureEnd(End.OUT_OF_RANGE, True, f"{remaining / total:.0%} is in focus nowhere in the lens's range", known)
        wanted = self._next(fullest, position_steps)
        if any(abs(wanted - visited) <= self._depth.half_steps(visited) for visited in self._visited_steps):
            told = f"the next position, {wanted:.1f}, is within the depth of field of one that was visited"
            return CaptureEnd(End.VISITED, True, told, known)
        if self.task.max_frames and len(self._visited_steps) >= self.task.max_frames:
            return CaptureEnd(End.LIMIT_REACHED, False, f"the budget of {self.task.max_frames} frames is spent", known)
        return Look(wanted, known)
