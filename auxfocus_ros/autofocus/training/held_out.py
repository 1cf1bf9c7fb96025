"""The figures of a network on the test planes that the package carries, seen through the bench lens in three lights.

They are cut from photographs that are kept for tests. Each is put at a random position of focus and looked at from the four
starts of the source's experiments and from near focus, by `PlaneCamera`: without the variety of the simulation that the networks
are trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.autofocus.plane_camera import LIGHTS, Light, PlaneCamera
from auxfocus_ros.autofocus.training.bands import BANDS_STEPS, bands
from auxfocus_ros.optics.config_path import share_dir
from auxfocus_ros.optics.defocus_model import DefocusModel

STARTS_STEPS = (1100.0, 1400.0, 1700.0, 2000.0)
NEAR_STEPS = 60.0
NEAR_LOOKS = 3
SMALLEST_PX = 512


@dataclass(frozen=True)
class Look:
    """A picture with its truth. light: name. steps: distance to focus, with radius_px the blur that it makes."""

    picture: np.ndarray
    light: str
    steps: float
    radius_px: float


def test_planes(folder: Path | None = None) -> dict[str, np.ndarray]:
    """File name -> (H, W) uint8 grey, 512 px or more each way. folder: None: the planes of the package."""
    where = share_dir() / "samples" / "autofocus_planes" if folder is None else folder
    planes = {}
    for path in sorted(where.glob("*.jpg")) + sorted(where.glob("*.png")):
        plane = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if plane is not None and min(plane.shape) >= SMALLEST_PX:
            planes[path.name] = np.asarray(plane)
    return planes


def looks(plane: np.ndarray, model: DefocusModel, seed: int, lights: tuple[Light, ...] = LIGHTS) -> Iterator[Look]:
    """One plane at one random distance, from the four starts and from near, in each light."""
    rng = np.random.default_rng(seed)
    low, high = model.min_position_steps, model.max_position_steps
    best = float(rng.uniform(low, high))
    near = np.clip(best + rng.uniform(-NEAR_STEPS, NEAR_STEPS, NEAR_LOOKS), low, high)
    for number, light in enumerate(lights):
        camera = PlaneCamera(plane, model, best, best, light=light, seed=seed * 10 + number)
        for position in (*STARTS_STEPS, *near.tolist()):
            camera.move(position)
            yield Look(camera.capture(), light.name, abs(position - best), float(model.radius_px(position, best)))


def steps_table(
    estimate: Callable[[np.ndarray], tuple[float, float]],
    planes: Mapping[str, np.ndarray],
    model: DefocusModel,
    distances: int = 1,
) -> dict[str, Any]:
    """Errors in steps by light and distance.

    Args:
        estimate: a picture to (radius, its sigma), pixels; a sigma of NaN: the first is a distance in steps.
        planes: as `test_planes` gives them.
        model: of the bench lens.
        distances: random positions of focus of each plane.

    Returns:
        Of each light the bands, as `bands` gives them, and the shares within one and two sigma where there is a sigma.
    """
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for number, plane in enumerate(planes.values()):
        for draw in range(distances):
            for look in looks(plane, model, 1000 + number + 100 * draw):
                value, sigma = estimate(look.picture)
                a_pixel = look.steps / max(look.radius_px, 1e-9) if np.isfinite(sigma) else 1.0
                rows.setdefault(look.light, []).append((look.steps, abs(value * a_pixel - look.steps), sigma * a_pixel))
    found: dict[str, Any] = {}
    for light, values in rows.items():
        true, error, sigma = np.array(values).T
        found[light] = {"bands": bands(true, error, BANDS_STEPS, "steps")}
        if np.isfinite(sigma).all():
            found[light]["within_one_sigma"] = float((error <= sigma).mean())
            found[light]["within_two_sigma"] = float((error <= 2 * sigma).mean())
    return found
