"""The fewest frames, and their order."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.strategy.cover_plan import detail_kept, fewest_frames, in_focus_share, least_travel

GRID = np.arange(0.0, 101.0)
HALF = np.full(101, 5.0)
NOTHING = np.zeros(101)


def plan(share, least_gain=0.05, had=NOTHING):
    """Positions of a plan over every second position of the grid."""
    places = GRID[::2]
    return places[fewest_frames(detail_kept(places, GRID, HALF), had, np.asarray(share), least_gain)].tolist()


def scene(**at):
    """A share of the picture at each of some positions, named p20=0.5."""
    share = np.zeros(101)
    for name, value in at.items():
        share[int(name[1:])] = value
    return share


def test_a_frame_for_each_depth():
    assert plan(scene(p20=0.5, p60=0.3, p90=0.2)) == [20.0, 60.0, 90.0]


def test_depths_within_one_depth_of_field_share_a_frame():
    assert plan(scene(p20=0.5, p22=0.5), least_gain=0.1) == [20.0] or plan(scene(p20=0.5, p22=0.5), least_gain=0.1) == [22.0]
    assert plan(scene(p18=0.5, p22=0.5), least_gain=0.2) == [20.0]


def test_what_is_too_little_gets_no_frame():
    assert plan(scene(p20=0.96, p60=0.04)) == [20.0]
    assert plan(scene(p20=0.04)) == []


def test_what_was_had_gets_no_frame():
    had = detail_kept(np.array([20.0]), GRID, HALF)[0]
    assert plan(scene(p20=0.5, p60=0.5), had=had) == [60.0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_set_of_as_many_frames_keeps_more(seed):
    rng = np.random.default_rng(seed)
    share = rng.random(101) ** 6
    share /= share.sum()
    places = GRID[::10]
    kept = detail_kept(places, GRID, HALF)
    chosen = fewest_frames(kept, NOTHING, share, 0.08)
    best = max((kept[list(some)].max(axis=0) @ share for some in combinations(range(len(places)), len(chosen))), default=0.0)
    assert kept[chosen].max(axis=0) @ share == pytest.approx(best)


def test_the_edge_of_the_depth_of_field():
    share = in_focus_share(np.array([50.0]), GRID, HALF)[0]
    assert share[[44, 45, 46, 50, 55, 56]].tolist() == [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    kept = detail_kept(np.array([50.0]), GRID, HALF)[0]
    assert kept[[50, 55, 45, 60]] == pytest.approx([1.0, 0.5, 0.5, 0.0625])


@pytest.mark.parametrize(
    ("here", "first"),
    [(0.0, 10.0), (100.0, 80.0), (12.0, 10.0), (70.0, 80.0), (45.0, 40.0), (60.0, 80.0), (40.0, 40.0)],
)
def test_the_nearer_end_first(here, first):
    positions = np.array([10.0, 40.0, 80.0])
    assert positions[least_travel(positions, here)] == first
