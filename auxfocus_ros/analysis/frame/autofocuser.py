"""What autofocus says of a frame of a recording: its blur, how far the lens is from focus by it, and what each method would do.

Every method is begun afresh on the frame, with the settings that the node `autofocus` has by default, the depth of the region
included where it is known.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from auxfocus_ros.analysis.frame.asking import Answer, ask
from auxfocus_ros.analysis.frame.deviation import deviation_of_blur
from auxfocus_ros.analysis.frame.known import known
from auxfocus_ros.analysis.part import Problem
from auxfocus_ros.autofocus.controller import focus
from auxfocus_ros.autofocus.controller.regions import region_fault
from auxfocus_ros.autofocus.live.choosing import OURS, Networks
from auxfocus_ros.autofocus.live.settings import LiveSettings
from auxfocus_ros.autofocus.methods import METHODS, method
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate
from auxfocus_ros.autofocus.terms import DepthReading, Method, Sight, Task
from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens import Lens

PATCH_PX = max(way.patch_px for way in METHODS.values())
"""Edge of the square that some methods' networks look at, and at nothing else."""
TOO_SMALL = "too_small"
"""Said for a method whose picture is smaller than it can look at."""
NO_NETWORK = "no_network"
"""Said for a method whose networks cannot be loaded."""
BLUR_COLUMNS = ("blur_radius_px", "blur_sigma_px", "deviation_steps", "deviation_m")
COLUMNS = (*BLUR_COLUMNS, *(f"next_{name}_steps" for name in METHODS), *(f"says_{name}" for name in METHODS))
"""Those of `columns.FRAME_COLUMNS` that `Autofocuser.columns` gives."""


class Autofocuser:
    """Asks the estimator and every method of `autofocus.methods.METHODS` about frames, each for itself.

    problems: what could not be loaded, and is done without.
    """

    def __init__(self, lens: Lens | None) -> None:
        """Load the networks.

        Args:
            lens: with the pitch of the picture's own pixels; None: not known, nothing but the blur can be told then.
        """
        self._lens, self._settings = lens, LiveSettings()
        self._problems: list[Problem] = []
        self._estimator = Networks("", self._lacks).estimator()
        self._others = {name: self._loaded(name) for name in METHODS if name != OURS}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """See the class."""
        return tuple(self._problems)

    def columns(
        self,
        region_picture: np.ndarray,
        position_steps: float | None,
        depth: DepthReading | None,
        patch_picture: np.ndarray | None = None,
    ) -> dict[str, Any]:
        """What is said of a frame: the same for the same arguments, whatever was asked before.

        Deviations are of the blur's radius, see `deviation_of_blur`: their side is by the depth; where none is known it is the
        only possible one, or else a guess.

        Args:
            region_picture: what is looked at, (H, W) or (H, W, 3) uint8; blur is told of 64 px each way or more.
            position_steps: where the lens stood; None or NaN: not known.
            depth: of what is looked at; None: not known.
            patch_picture: the square of PATCH_PX about the region's middle; None: it is cut from the region, where that is so
                large.

        Returns:
            A value for each of COLUMNS, None where it is not known: all but the blur's without lens or position, the blur and the
            deviation of a region that is too small, too dark, over-exposed or without texture. What a method says is a word of
            `asking`, TOO_SMALL or NO_NETWORK; it goes nowhere then.

        Raises:
            InputError: a region that is no picture.
        """
        _demand_picture(region_picture)
        found: dict[str, Any] = dict.fromkeys(COLUMNS)
        estimate = self._estimate(region_picture)
        blur = estimate if estimate is not None and region_fault(region_picture) is None else None
        if blur is not None:
            found |= {"blur_radius_px": blur.radius_px, "blur_sigma_px": blur.sigma_px}
        if self._lens is None or position_steps is None or not math.isfinite(position_steps):
            return found
        if blur is not None:
            depth_m = depth.depth_m if depth is not None else math.nan
            away = deviation_of_blur(self._lens, position_steps, blur.radius_px, depth_m)
            found |= {"deviation_steps": known(away.steps), "deviation_m": known(away.metres)}
        task = self._task(self._lens, position_steps, depth)
        methods: dict[str, Method | None] = {OURS: partial(focus, estimator=_Told(estimate) if estimate is not None else None)}
        for name, begin in (methods | self._others).items():
            picture = _looked_at(region_picture, patch_picture, METHODS[name].patch_px)
            answer = _asked(begin, task, picture, position_steps, self._settings.same_position_steps)
            found |= {f"next_{name}_steps": known(answer.next_steps), f"says_{name}": answer.says}
        return found

    def _estimate(self, picture: np.ndarray) -> RadiusEstimate | None:
        try:
            return self._estimator.estimate(picture) if self._estimator is not None else None
        except InputError:
            return None

    def _task(self, lens: Lens, position_steps: float, depth: DepthReading | None) -> Task:
        """As a run of the node has it."""
        low, high = lens.min_position_steps, lens.max_position_steps
        return Task(
            low,
            high,
            min(max(position_steps, low), high),
            model=ThinLensModel(lens),
            half_depth_of_focus_steps=self._settings.half_depth_of_focus_steps or None,
            depth=depth,
            backlash_steps=self._settings.backlash_steps,
            gamma=self._settings.gamma,
            max_moves=self._settings.max_moves,
            max_captures=self._settings.max_captures,
            seed=self._settings.seed,
        )

    def _loaded(self, name: str) -> Method | None:
        try:
            return method(name)
        except (ImportError, AuxfocusError) as error:
            self._lacks(f"autofocus method '{name}' is not asked: {error}")
            return None

    def _lacks(self, text: str) -> None:
        self._problems.append(Problem(text, "autofocus"))


class _Told:
    """An estimator that has looked already: at the picture of this frame."""

    def __init__(self, estimate: RadiusEstimate) -> None:
        self._estimate = estimate

    def estimate(self, picture: np.ndarray) -> RadiusEstimate:
        """What was found of it."""
        return self._estimate


def _asked(begin: Method | None, task: Task, picture: np.ndarray | None, position_steps: float, same_steps: float) -> Answer:
    if begin is None:
        return Answer(math.nan, NO_NETWORK)
    if picture is None:
        return Answer(math.nan, TOO_SMALL)
    try:
        return ask(begin(task), Sight(picture, position_steps, task.depth), same_steps)
    except InputError:
        return Answer(math.nan, TOO_SMALL)


def _looked_at(region: np.ndarray, patch: np.ndarray | None, patch_px: int) -> np.ndarray | None:
    """The picture that a method looks at; None: there is none of the size that it takes."""
    if not patch_px:
        return region
    source = region if patch is None else patch
    top, left = ((side - patch_px) // 2 for side in source.shape[:2])
    return source[top : top + patch_px, left : left + patch_px] if min(top, left) >= 0 else None


def _demand_picture(picture: np.ndarray) -> None:
    """Raise InputError for what is no picture."""
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise InputError(f"the region is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3) uint8")
