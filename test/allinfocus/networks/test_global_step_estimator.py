"""The global step estimator against the patch network, patch by patch, and against table 1."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from auxfocus_ros.allinfocus.networks.global_step import load_global_step_estimator
from auxfocus_ros.allinfocus.networks.global_step_estimator import (
    GlobalStepEstimator,
    GlobalStepNetwork,
    Strided,
    deviation,
    strided_layers,
)
from auxfocus_ros.autofocus.networks import load_reference_estimator
from auxfocus_ros.autofocus.networks.reference import ReferenceEstimator, StepEstimator
from auxfocus_ros.errors import ConfigurationError, InputError

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


@pytest.fixture(scope="module")
def plane() -> np.ndarray:
    """(960, 960) uint8, a real one."""
    found = cv2.imread(str(sorted((SAMPLES / "autofocus_planes").glob("*.jpg"))[0]), cv2.IMREAD_GRAYSCALE)
    assert found is not None
    return np.asarray(found, np.uint8)


def blurred(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Sharp on the left, ever softer to the right: no two patches alike."""
    soft = cv2.GaussianBlur(plane, (0, 0), 8.0)
    share = np.linspace(0.0, 1.0, plane.shape[1])
    return np.asarray(plane * (1 - share) + soft * share, np.uint8)[:height, :width]


def test_without_strides_it_is_table_1() -> None:
    assert strided_layers(1) == (Strided(1, 1), Strided(1, 8), Strided(1, 32), Strided(1, 128))


def test_only_the_wanted_grid_is_computed() -> None:
    # Maps are kept every 8, 32, 64, 64 px; filters take values 1, 8, 32, 128 px apart.
    assert strided_layers(64) == (Strided(8, 1), Strided(4, 1), Strided(2, 1), Strided(1, 2))
    assert strided_layers(32) == (Strided(8, 1), Strided(4, 1), Strided(1, 1), Strided(1, 4))
    assert strided_layers(16) == (Strided(8, 1), Strided(2, 1), Strided(1, 2), Strided(1, 8))
    # Beyond its own stride no layer goes.
    assert strided_layers(512) == (Strided(8, 1), Strided(4, 1), Strided(4, 1), Strided(4, 1))
    assert strided_layers(12) == (Strided(4, 1), Strided(1, 2), Strided(1, 8), Strided(3, 32))


@pytest.mark.parametrize(
    ("grid_px", "height", "width"), [(1, 514, 516), (4, 523, 530), (12, 560, 551), (64, 704, 641), (128, 900, 800)]
)
def test_the_network_is_the_patch_network_at_every_place(plane: np.ndarray, grid_px: int, height: int, width: int) -> None:
    torch.manual_seed(grid_px)
    patch_network = StepEstimator().eval()
    with torch.inference_mode():
        patch_network.dense[0].weight *= 20.0  # what a fresh network makes of pictures is next to nothing
        picture = torch.from_numpy(blurred(plane, height, width)).float()[None, None]
        found = GlobalStepNetwork(patch_network)(picture, grid_px)[0, 0]
        patches = picture.unfold(2, 512, grid_px).unfold(3, 512, grid_px)[0, 0]
        wanted = patch_network(patches.reshape(-1, 1, 512, 512) / 255)
    assert found.shape == ((height - 512) // grid_px + 1, (width - 512) // grid_px + 1)
    assert float(wanted.std()) > 1e-3 * float(wanted.abs().mean())
    torch.testing.assert_close(found.reshape(-1, 1), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("cell_px", "height", "width"), [(64, 960, 960), (32, 777, 931), (16, 611, 703)])
def test_every_cell_has_the_answer_of_the_patch_about_its_centre(
    plane: np.ndarray, cell_px: int, height: int, width: int
) -> None:
    patch_estimator, picture = load_reference_estimator(), blurred(plane, height, width)
    found = load_global_step_estimator().estimate_steps(np.dstack([picture] * 3), cell_px)
    assert found.shape == (-(-height // cell_px), -(-width // cell_px)) and found.dtype == np.float32
    inside = 0
    for row, column in np.ndindex(found.shape):
        y, x = (number * cell_px + cell_px // 2 - 256 for number in (row, column))
        if y < 0 or x < 0 or y + 512 > height or x + 512 > width:
            continue
        inside += 1
        wanted = patch_estimator.estimate_steps(picture[y : y + 512, x : x + 512])
        assert found[row, column] == pytest.approx(wanted, rel=1e-4, abs=1e-3)
    assert inside >= 49
    assert found.std() > 2.0


def test_cells_at_the_edge_have_the_nearest_patch(plane: np.ndarray) -> None:
    found = load_global_step_estimator().estimate_steps(plane, 64)
    # Patches fit about the centres of cells 4 to 10 of 15: 4 * 64 + 32 - 256 = 32, 10 * 64 + 32 + 256 = 928.
    nearest = np.clip(np.arange(15), 4, 10)
    np.testing.assert_array_equal(found, found[np.ix_(nearest, nearest)])
    assert len(np.unique(found)) == 49


def test_pictures_that_hold_no_whole_patch_on_the_grid(plane: np.ndarray) -> None:
    estimator, patch_estimator = load_global_step_estimator(), load_reference_estimator()
    one = plane[100:620, 200:720]  # 520 px: the patches of the grid would begin at -32 and at 32
    found = estimator.estimate_steps(one, 64)
    assert found.shape == (9, 9)
    assert found == pytest.approx(np.full((9, 9), patch_estimator.estimate_steps(one[4:516, 4:516])), rel=1e-4)
    small = plane[:480, :640]
    mirrored = np.pad(small, ((16, 16), (0, 0)), "reflect")
    found = estimator.estimate_steps(small, 32)
    assert found.shape == (15, 20)
    # Along the width the first patch that fits is about column 8 (16 px from the left), the last about column 11.
    assert found[:, 8] == pytest.approx(np.full(15, patch_estimator.estimate_steps(mirrored[:, 16:528])), rel=1e-4)
    assert found[:, 19] == pytest.approx(np.full(15, patch_estimator.estimate_steps(mirrored[:, 112:624])), rel=1e-4)
    assert np.isfinite(estimator.estimate_steps(plane[:64, :70], 16)).all()


def test_deviations_are_those_of_the_patches(plane: np.ndarray) -> None:
    levels = torch.from_numpy(plane[:, :701]).float()[None, None]
    found = deviation(levels, 16, 8)[0, 0]
    assert found.shape == (29, 12)
    for row, column in ((0, 0), (28, 11), (13, 5)):
        patch = plane[16 * row : 16 * row + 512, 16 * column : 16 * column + 512]
        assert float(found[row, column]) == pytest.approx(patch.std(), rel=1e-5)


def test_a_flat_bright_picture_is_as_flat_for_both() -> None:
    torch.manual_seed(1)
    module = StepEstimator().eval()
    flat = np.full((512, 512), 251, np.uint8)
    wanted = ReferenceEstimator(module).estimate_steps(flat)
    assert GlobalStepEstimator(module).estimate_steps(flat, 64) == pytest.approx(np.full((8, 8), wanted), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(
    "picture", [np.zeros((63, 600), np.uint8), np.zeros((600, 600), np.float32), np.zeros((600, 600, 4), np.uint8)]
)
def test_other_pictures_are_refused(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"the picture is"):
        load_global_step_estimator().estimate_steps(picture, 64)


def test_other_cells_are_refused(plane: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"cells of 48 px: wanted one of 16, 32, 64"):
        load_global_step_estimator().estimate_steps(plane, 48)


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_global_step_estimator(tmp_path / "none.safetensors")
