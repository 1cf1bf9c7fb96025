"""The shipped weights: what they say of planes that they never saw, and that they are there and loaded late."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.blur_map import BlurMap
from auxfocus_ros.allinfocus.networks import load_blur_map_estimator, weights_path
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus import defocus_plane

PLANES = ("casa-mila.jpg", "motherboard-circuits.jpg")


def seen(plane: np.ndarray, radius_px: float) -> BlurMap:
    rng = np.random.default_rng(1)
    blurred = defocus_plane(plane, radius_px).astype(np.float64)
    return load_blur_map_estimator().estimate(np.clip(blurred + rng.normal(0, 1, blurred.shape), 0, 255).astype(np.uint8), 64)


@pytest.mark.parametrize("name", PLANES)
def test_radii_of_planes_kept_for_tests(samples: Path, name: str) -> None:
    plane = cv2.imread(str(samples / "autofocus_planes" / name), cv2.IMREAD_GRAYSCALE)
    assert plane is not None
    for radius_px in (3.0, 8.0, 20.0, 50.0):
        found = seen(plane, radius_px)
        assert np.median(found.radius_px()[2:-2, 2:-2]) == pytest.approx(radius_px, rel=0.35), radius_px
    sharp, blurred = (seen(plane, radius_px).probability_within(1.95)[2:-2, 2:-2] for radius_px in (0.0, 8.0))
    assert np.median(sharp) > 0.8 and np.median(blurred) < 0.05


def test_two_depths_side_by_side_are_told_apart(samples: Path) -> None:
    plane = cv2.imread(str(samples / "autofocus_planes" / PLANES[0]), cv2.IMREAD_GRAYSCALE)
    assert plane is not None
    both = np.hstack([plane[:, :480], defocus_plane(plane, 12.0)[:, 480:]])
    within = load_blur_map_estimator().estimate(both, 32).probability_within(1.95)
    left, right = within[:, :12], within[:, 18:]  # all but three cells on either side of the edge
    assert np.median(left) > 0.7 and np.median(right) < 0.1


def test_what_has_no_texture_has_a_wide_distribution(samples: Path) -> None:
    rng = np.random.default_rng(2)
    even = np.clip(rng.normal(120, 1.5, (512, 512)), 0, 255).astype(np.uint8)
    plane = cv2.imread(str(samples / "autofocus_planes" / PLANES[0]), cv2.IMREAD_GRAYSCALE)
    assert plane is not None
    found, textured = (
        -(one.probability * np.log(one.probability + 1e-12)).sum(axis=-1)
        for one in (load_blur_map_estimator().estimate(even, 64), seen(plane, 3.0))
    )
    assert np.median(found) > np.median(textured) + 1.0  # nats


def test_the_weights_are_small_and_another_file_is_refused(tmp_path: Path) -> None:
    assert weights_path("blur_map").stat().st_size < 1_500_000
    with pytest.raises(ConfigurationError, match="no such file"):
        load_blur_map_estimator(tmp_path / "none.safetensors")


def test_importing_costs_no_torch() -> None:
    code = (
        "import sys, auxfocus_ros.allinfocus.networks as n; print(sorted({'torch', 'numba', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
