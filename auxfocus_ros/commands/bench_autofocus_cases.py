"""Which simulated autofocus runs are made: planes at distances, in lights, from starts, and what a method is given.

Every method sees the same planes at the same distances with the same noise; what it may use besides the picture is said by its
setup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from auxfocus_ros.commands.bench_autofocus_source import STARTS_STEPS
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import share_dir

LENS = "bench_25mm"
DEPTH_SHARE = 0.02
"""One standard deviation of the point cloud's depth, of the depth."""
WITHOUT_NETWORK = "bayes_without_network"
CAPS = {"bayes": 20, WITHOUT_NETWORK: 20, "depth": 20, "source": 40}
"""Moves after which a run has failed; the source's version takes up to two moves in each of its 20 time steps."""
CLASSICAL_CAP = 120


@dataclass(frozen=True)
class Setup:
    """A row of the main table: a method, and what it is given.

    depth: the point cloud's depth, with its sigma. placing: what true positions are uniform in. blades: of the aperture, 0:
    round as in the model. every: of the runs only each so many, where a method is slow.
    """

    name: str
    method: str
    depth: bool = False
    placing: Literal["steps", "metres"] = "steps"
    blades: int = 0
    every: int = 1

    @property
    def cap_moves(self) -> int:
        """Moves after which a run has failed."""
        return CAPS.get(self.method, CLASSICAL_CAP)


@dataclass(frozen=True)
class Case:
    """One run to be made. best_steps: the true position. seed: of its noise and of its depth reading."""

    plane: str
    light: str
    start_steps: float
    best_steps: float
    seed: int


def plane_names() -> list[str]:
    """The planes that the repository carries, by name. Raises InputError where they are missing."""
    folder = share_dir() / "samples" / "autofocus_planes"
    names = sorted(path.stem for path in folder.glob("*.jpg"))
    if not names:
        raise InputError(f"there are no planes in {folder}: tools/make_autofocus_planes.py makes them")
    return names


@lru_cache(maxsize=2)
def load_plane(name: str) -> np.ndarray:
    """(H, W, 3) uint8. Raises InputError."""
    from auxfocus_ros.autofocus.stack_camera import read_picture

    return read_picture(share_dir() / "samples" / "autofocus_planes" / f"{name}.jpg")


@lru_cache(maxsize=1)
def model() -> Any:
    """Of the bench lens."""
    from auxfocus_ros.optics import load_lens
    from auxfocus_ros.optics.defocus_model import ThinLensModel

    return ThinLensModel(load_lens(LENS))


def cases_of(
    planes: Sequence[str], lights: Sequence[str], seed: int, placing: str, starts: Sequence[float] = STARTS_STEPS
) -> list[Case]:
    """Each plane in each light from each start, each at a distance of its own.

    Args:
        planes, lights: names.
        seed: of the distances.
        placing: 'steps': positions uniform over the lens's range; 'metres': distances uniform over it.
        starts: motor steps.
    """
    rng = np.random.default_rng([seed, 0 if placing == "steps" else 1])
    lens_model = model()
    cases = []
    for plane in planes:
        for light in lights:
            for start in starts:
                if placing == "steps":
                    best = float(rng.uniform(lens_model.min_position_steps, lens_model.max_position_steps))
                else:
                    nearest_m, farthest_m = lens_model.lens.focus_range_m()
                    best = float(lens_model.best_position_steps(rng.uniform(nearest_m, farthest_m)))
                cases.append(Case(plane, light, start, best, int(rng.integers(2**31))))
    return cases


def depth_reading(case: Case) -> Any:
    """The depth that the point cloud gives: one draw for the target, with the sigma that it was drawn with."""
    from auxfocus_ros.autofocus.terms import DepthReading

    true_m = float(model().lens.focus_distance_m(case.best_steps))
    rng = np.random.default_rng([case.seed, 2])
    depth_m = true_m * (1.0 + DEPTH_SHARE * float(rng.standard_normal()))
    return DepthReading(depth_m, DEPTH_SHARE * depth_m)


def pieces(setups: Iterable[Setup], cases: Callable[[Setup], Sequence[Case]]) -> list[tuple[Setup, list[Case]]]:
    """Work by plane, so that a process loads each plane once: the slow setups first."""
    work: list[tuple[Setup, list[Case]]] = []
    for setup in setups:
        chosen = list(cases(setup))[:: setup.every]
        for plane in dict.fromkeys(case.plane for case in chosen):
            work.append((setup, [case for case in chosen if case.plane == plane]))
    return sorted(work, key=lambda piece: -len(piece[1]) * piece[0].cap_moves)
