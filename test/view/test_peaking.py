"""Peaking: sharp edges are marked, blurred ones are not, however strong they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.view.peaking import mark_sharp_edges, sharp_edges

STACK = Path(__file__).resolve().parents[2] / "samples" / "stack_circuit_board"
AMBER = (40, 176, 255)


def edge(sigma_px: float, low: int = 40, high: int = 200) -> NDArray[np.uint8]:
    """A vertical edge in the middle, blurred."""
    picture = np.full((60, 80), float(low))
    picture[:, 40:] = high
    return np.rint(cv2.GaussianBlur(picture, (0, 0), sigma_px)).astype(np.uint8) if sigma_px else picture.astype(np.uint8)


@pytest.mark.parametrize(
    ("sigma_px", "marked"), [(0.3, True), (0.8, True), (1.2, True), (1.8, False), (3.0, False), (8.0, False)]
)
def test_an_edge_is_marked_by_its_blur(sigma_px: float, marked: bool) -> None:
    # The default threshold asks for a blur below 0.35 / 0.25 = 1.4 pixels.
    assert sharp_edges(edge(sigma_px), 0.25).any() == marked


def test_a_sharp_faint_edge_is_marked_and_a_strong_blurred_one_is_not() -> None:
    assert sharp_edges(edge(0.8, 100, 125), 0.25).any()
    assert not sharp_edges(edge(2.5, 0, 255), 0.25).any()


def test_marks_are_thin_and_stand_on_the_edge() -> None:
    columns = np.flatnonzero(sharp_edges(edge(0.8), 0.25).all(axis=0))
    assert 1 <= len(columns) <= 4
    assert columns.mean() == pytest.approx(39.5, abs=0.6)


def test_a_higher_threshold_marks_less() -> None:
    picture = cv2.imread(str(STACK / "pcb_004.jpg"), cv2.IMREAD_GRAYSCALE)
    shares = [sharp_edges(picture, threshold).mean() for threshold in (0.05, 0.15, 0.25, 0.5, 1.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 4 * shares[-1] > 0


@pytest.mark.parametrize("noise", [1.0, 2.0, 3.0])
def test_noise_is_not_taken_for_edges(noise: float) -> None:
    grey = np.random.default_rng(3).normal(120, noise, (400, 600)).clip(0, 255).astype(np.uint8)
    assert sharp_edges(grey, 0.25).mean() < 0.002


@pytest.mark.parametrize("size", [(1280, 960), (1280, 720)])
def test_it_marks_what_is_in_focus_of_a_real_focal_stack(size: tuple[int, int]) -> None:
    """In the first photograph the nearest parts, at the bottom, are sharp; in the last the barcode at the top is."""
    near, far = (
        sharp_edges(cv2.resize(cv2.imread(str(STACK / name), cv2.IMREAD_GRAYSCALE), size, interpolation=cv2.INTER_AREA), 0.25)
        for name in ("pcb_001.jpg", "pcb_007.jpg")
    )
    half, quarter = size[1] // 2, size[1] // 4
    assert near[half:].sum() > 0.9 * near.sum()
    assert far[:half].sum() > 0.8 * far.sum()
    assert near[-quarter:].mean() > 50 * far[-quarter:].mean()
    assert far[:quarter].mean() > 10 * near[:quarter].mean()


def test_marking_in_bands_is_marking_as_a_whole() -> None:
    picture = cv2.imread(str(STACK / "pcb_004.jpg"))[:700]
    marked = picture.copy()
    mark_sharp_edges(marked, AMBER, 0.25)
    expected = sharp_edges(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), 0.25)
    assert (marked[expected] == AMBER).all()
    assert (marked[~expected] == picture[~expected]).all()


def test_a_view_of_a_larger_image_is_marked_in_place_by_the_opacity() -> None:
    image = np.full((60, 200, 3), 10, np.uint8)
    image[:, 50:130] = edge(0.5)[..., None]
    whole, half = image.copy(), image.copy()
    mark_sharp_edges(whole[:, 50:130], AMBER, 0.25)
    mark_sharp_edges(half[:, 50:130], AMBER, 0.25, opacity=0.5)
    on_it = (whole != image).any(axis=-1)
    assert on_it.any()
    assert (whole[on_it] == AMBER).all()
    assert half[on_it] == pytest.approx((image[on_it] + np.array(AMBER, float)) / 2, abs=1.01)
    assert (half[~on_it] == image[~on_it]).all()
    unmarked = image.copy()
    mark_sharp_edges(unmarked, AMBER, 0.25, opacity=0.0)
    assert (unmarked == image).all()


def test_a_large_picture_is_judged_as_it_is_seen() -> None:
    """At twice the size the same picture has edges twice as blurred, and the same marks, twice as large."""
    small = cv2.resize(cv2.imread(str(STACK / "pcb_004.jpg")), (1440, 1080), interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (2880, 2160), interpolation=cv2.INTER_NEAREST)
    mark_sharp_edges(small, AMBER, 0.25)
    mark_sharp_edges(large, AMBER, 0.25)
    assert ((large == AMBER).all(axis=-1)[::2, ::2] == (small == AMBER).all(axis=-1)).mean() > 0.999


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.floats(0.02, 1.0), st.floats(0.0, 1.0), st.integers(0, 5))
def test_a_picture_of_any_size_can_be_marked(height: int, width: int, threshold: float, opacity: float, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    mark_sharp_edges(picture, AMBER, threshold, opacity)
