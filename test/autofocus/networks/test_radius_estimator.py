"""The shipped weights, on sharp pictures that the repository carries, put out of focus by a camera on a plane."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.autofocus.networks import (
    load_radius_estimator,
    load_reference_discriminator,
    load_reference_estimator,
)
from auxfocus_ros.autofocus.plane_camera import LIGHTS, PlaneCamera
from auxfocus_ros.autofocus.radius_estimate import BINS, RadiusEstimate
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import defocus_plane
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens

MODEL = ThinLensModel(load_lens("bench_25mm"))
PLANES = Path(__file__).resolve().parents[3] / "samples" / "autofocus_planes"


@lru_cache(maxsize=1)
def planes() -> list[np.ndarray]:
    """Cut from photographs that no network has learned from."""
    files = sorted(path for path in PLANES.rglob("*") if path.suffix in (".png", ".jpg", ".webp"))
    found = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files]
    assert found, f"no test planes in {PLANES}"
    return [np.asarray(picture) for picture in found if picture is not None and min(picture.shape) >= 512]


def looks(steps: float, number: int) -> list[tuple[RadiusEstimate, float]]:
    """(estimate, true radius) of some planes at a distance from focus."""
    found = []
    for seed, plane in enumerate(planes()[:number]):
        best = 1300.0 + 30 * seed
        camera = PlaneCamera(plane, MODEL, best, best + steps, light=LIGHTS[seed % 3], seed=seed)
        estimate = load_radius_estimator().estimate(camera.capture())
        found.append((estimate, float(MODEL.radius_px(best + steps, best))))
    return found


@pytest.mark.parametrize("steps", [20.0, 60.0, 150.0, 300.0])
def test_most_errors_on_photographs_never_seen_are_below_five_per_cent_and_four_steps(steps: float) -> None:
    found = looks(steps, 10)
    good = [abs(estimate.radius_px - true) <= 0.05 * true + 4 * 0.197 for estimate, true in found]
    assert np.mean(good) >= 0.8


def test_sigma_says_how_large_errors_are() -> None:
    found = [look for steps in (30.0, 200.0, 450.0) for look in looks(steps, 8)]
    away = np.array([abs(estimate.radius_px - true) / estimate.sigma_px for estimate, true in found])
    assert np.mean(away <= 2) >= 0.85


@pytest.mark.parametrize("size", [(128, 128), (200, 331), (512, 512), (600, 800)])
def test_any_size(size: tuple[int, int]) -> None:
    plane = planes()[0]
    blurred = defocus_plane(plane, 6.0)
    patch = np.ascontiguousarray(blurred[: size[0], : size[1]])
    estimate = load_radius_estimator().estimate(patch)
    assert estimate.probability.shape == (BINS,)
    assert estimate.probability.sum() == pytest.approx(1.0, abs=1e-6) and (estimate.probability >= 0).all()
    assert abs(estimate.radius_px - 6.0) <= max(1.2, 2.5 * estimate.sigma_px)


def test_a_batch_is_its_pictures_one_by_one() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((64, 64), (100, 130, 3), (256, 256))]
    estimator = load_radius_estimator()
    for one, many in zip(map(estimator.estimate, pictures), estimator.estimate_many(pictures), strict=True):
        np.testing.assert_allclose(one.probability, many.probability, atol=1e-5)
    assert estimator.estimate_many([]) == []


def test_colour_and_grey_agree() -> None:
    blurred = defocus_plane(planes()[0], 9.0)[:512, :512]
    grey = load_radius_estimator().estimate(np.ascontiguousarray(blurred))
    colour = load_radius_estimator().estimate(np.dstack([blurred] * 3))
    assert colour.radius_px == pytest.approx(grey.radius_px, rel=0.02)


def test_an_even_patch_is_known_to_tell_little() -> None:
    estimate = load_radius_estimator().estimate(np.full((512, 512), 90, np.uint8))
    assert np.isfinite([estimate.radius_px, estimate.sigma_px]).all()


def test_too_small() -> None:
    with pytest.raises(InputError, match="64 px each way"):
        load_radius_estimator().estimate(np.zeros((64, 63), np.uint8))


def test_the_reference_networks_tell_far_from_near() -> None:
    far, near, focused = [], [], []
    for seed, plane in enumerate(planes()[:8]):
        camera = PlaneCamera(plane, MODEL, 1400, 1400, light=LIGHTS[0], seed=seed)
        focused.append(load_reference_discriminator().in_focus(camera.capture())[1])
        near.append(load_reference_estimator().estimate_steps(camera.capture()))
        camera.move(1900)
        far.append(
            (
                load_reference_estimator().estimate_steps(camera.capture()),
                load_reference_discriminator().in_focus(camera.capture())[1],
            )
        )
    assert np.median([steps for steps, _ in far]) > np.median(near) + 100
    assert np.mean(focused) > np.mean([probability for _, probability in far]) + 0.3
