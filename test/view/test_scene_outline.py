"""Boxes round the objects as they stand in the scene."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetState
from auxfocus_ros.view.scene_outline import MOST_OUTLINED, object_outlines

CAR = Target(1, (0, 0, 9, 9), label="car", depth_m=12.34, low_m=(-1.0, -0.5, 12.0), high_m=(1.0, 1.0, 16.0))


def test_a_box_has_twelve_edges_along_the_axes() -> None:
    (outline,) = object_outlines(TargetSet((replace(CAR, selected=True, in_focus=True),), 1))
    edges = outline.edges_m
    assert edges.shape == (12, 2, 3)
    along = np.abs(edges[:, 1] - edges[:, 0])
    assert (np.count_nonzero(along, axis=1) == 1).all()
    assert sorted(along.sum(axis=1)) == pytest.approx([1.5] * 4 + [2.0] * 4 + [4.0] * 4)
    assert (edges.reshape(-1, 3).min(axis=0) == CAR.low_m).all() and (edges.reshape(-1, 3).max(axis=0) == CAR.high_m).all()
    assert len({tuple(corner) for corner in edges.reshape(-1, 3).tolist()}) == 8
    assert (outline.selected, outline.in_focus) == (True, True)


def test_words_stand_above_it() -> None:
    (outline,) = object_outlines(TargetSet((CAR,)))
    assert outline.words == "car 12.3 m"
    x, y, z = outline.words_at_m
    assert (x, z) == (0.0, 14.0)
    assert y < CAR.low_m[1]  # y points down
    (nameless,) = object_outlines(TargetSet((replace(CAR, label="", depth_m=math.nan),)))
    assert nameless.words == ""


def test_only_what_has_a_place_and_is_not_lost() -> None:
    targets = (
        replace(CAR, state=TargetState.LOST),
        replace(CAR, low_m=(math.nan, 0.0, 1.0)),
        replace(CAR, high_m=(math.inf, 0.0, 1.0)),
        replace(CAR, state=TargetState.NONE),
        replace(CAR, state=TargetState.HELD, label="held"),
    )
    assert [outline.words for outline in object_outlines(TargetSet(targets))] == ["held 12.3 m"]
    assert len(object_outlines(TargetSet((CAR,) * 10000))) == MOST_OUTLINED


triples = st.tuples(*[st.floats(allow_nan=True, allow_infinity=True, width=32)] * 3)


@given(triples, triples, st.floats(allow_nan=True, allow_infinity=True))
def test_any_corners_give_finite_edges_or_none(low: tuple[float, ...], high: tuple[float, ...], depth_m: float) -> None:
    target = replace(CAR, low_m=low, high_m=high, depth_m=depth_m)  # type: ignore[arg-type]
    assert all(np.isfinite(outline.edges_m).all() for outline in object_outlines(TargetSet((target,))))
