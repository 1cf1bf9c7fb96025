"""Where an inset goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.view import InsetPlacer, Rect, ViewOptions
from auxfocus_ros.view.layout import inset_places

WIDTH, HEIGHT = 960, 540
OPTIONS = ViewOptions(layout="inset", inset_share=0.3)
PLACES = inset_places(WIDTH, HEIGHT, OPTIONS)


def busy_but(*empty: Rect, seed: int = 1) -> np.ndarray:
    """A picture of blocks with smooth places in it."""
    blocks = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 12, WIDTH // 12, 3), np.uint8)
    picture = blocks.repeat(12, axis=0).repeat(12, axis=1)
    for place in empty:
        picture[place.top : place.bottom, place.left : place.right] = 90
    return picture


@pytest.mark.parametrize("place", PLACES)
def test_the_emptiest_place_is_taken_at_once(place: Rect) -> None:
    assert InsetPlacer().place(busy_but(place), [], OPTIONS) == place


def test_targets_are_kept_clear_of() -> None:
    flat = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    first = InsetPlacer().place(flat, [], OPTIONS)
    assert first == PLACES[0]
    elsewhere = InsetPlacer().place(flat, [(first.left, first.top, first.width, first.height)], OPTIONS)
    assert elsewhere != first


def test_a_small_target_is_not_hidden_for_a_little_emptiness() -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[::40, WIDTH // 2 :] = 110  # a little less empty on the right
    boxes = [(left, top, 16, 16) for left in (40, 400) for top in (60, 250, 450)]  # small, all over the left and the middle
    chosen = InsetPlacer().place(picture, boxes, OPTIONS)
    assert chosen.left > WIDTH // 2


def test_it_moves_when_another_place_stays_clearly_emptier_and_not_before() -> None:
    placer = InsetPlacer()
    assert placer.place(busy_but(PLACES[0]), [], OPTIONS) == PLACES[0]
    seen = [placer.place(busy_but(PLACES[3]), [], OPTIONS) for _ in range(60)]
    moved = seen.index(PLACES[3])
    assert 10 <= moved <= 40
    assert set(seen[:moved]) == {PLACES[0]}
    assert set(seen[moved:]) == {PLACES[3]}


def test_it_does_not_hop_when_the_emptiest_place_flickers() -> None:
    placer = InsetPlacer()
    pictures = [busy_but(PLACES[0], seed=2), busy_but(PLACES[2], seed=3)]
    assert {placer.place(pictures[frame % 2], [], OPTIONS) for frame in range(200)} == {PLACES[0]}


def test_something_that_crosses_for_a_moment_does_not_move_it() -> None:
    placer = InsetPlacer()
    seen = {placer.place(busy_but(PLACES[0], PLACES[1]), [], OPTIONS) for _ in range(20)}
    seen |= {placer.place(busy_but(PLACES[1]), [], OPTIONS) for _ in range(8)}
    seen |= {placer.place(busy_but(PLACES[0], PLACES[1]), [], OPTIONS) for _ in range(60)}
    assert seen == {PLACES[0]}


@settings(deadline=None, max_examples=3)
@given(st.integers(0, 2**32), st.floats(0, 12))
def test_noise_does_not_move_it(seed: int, sigma: float) -> None:
    random, placer = np.random.default_rng(seed), InsetPlacer()
    scene = random.integers(60, 200, (27, 48, 3)).repeat(20, axis=0).repeat(20, axis=1).astype(np.float32)
    noise = np.float32(sigma) * random.standard_normal(scene.shape, np.float32)
    shifts = random.integers(0, scene.shape[0], 35)
    shown = [
        placer.place(np.clip(scene + np.roll(noise, shift, axis=0), 0, 255).astype(np.uint8), [], OPTIONS) for shift in shifts
    ]
    assert len(set(shown)) <= 2  # the first frame alone may have been misleading
    assert len(set(shown[25:])) == 1


def test_another_size_begins_anew() -> None:
    placer = InsetPlacer()
    placer.place(busy_but(PLACES[0]), [], OPTIONS)
    small = np.full((100, 120), 90, np.uint8)
    assert placer.place(small, [], OPTIONS) in inset_places(120, 100, OPTIONS)
    larger = ViewOptions(layout="inset", inset_share=0.5)
    assert placer.place(busy_but(), [], larger) in inset_places(WIDTH, HEIGHT, larger)
